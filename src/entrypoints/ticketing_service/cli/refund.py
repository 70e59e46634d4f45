"""`ticketing refund`."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import Any

import click

from ticketing_core import BackOffice, Money, Sums, Ticket, TicketQuery, TicketStatus
from ticketing_core.errors import EventNotFound, StoreUnavailable, TicketingError
from ticketing_core.ticket import LONGEST_NOTE
from ticketing_core.validators import LARGEST_ID, storable
from ticketing_service.cli.amounts import written
from ticketing_service.cli.output import json_option, print_json, print_line
from ticketing_service.composition import Store, back_office, open_store
from ticketing_service.observing.logs import visible
from ticketing_service.settings import load_settings

PAGE = 500
"""Tickets read at a time."""

_id = click.IntRange(1, LARGEST_ID)


@click.command()
@click.argument("ticket_ids", metavar="[ID]...", type=_id, nargs=-1)
@click.option("--event", "event_id", type=_id, help="With --all-issued: the event.")
@click.option("--all-issued", is_flag=True, help="All tickets of the event that are issued now.")
@click.option("--yes", is_flag=True, help="Do not ask whether to refund all of these.")
@click.option("--again", is_flag=True, help="Try a refund that is stuck once more.")
@click.option(
    "--paid-back",
    metavar="HOW",
    help="The buyer has the money by other means, such as a bank transfer. Ends a stuck refund.",
)
@json_option
def refund(
    *,
    ticket_ids: Sequence[int],
    event_id: int | None,
    all_issued: bool,
    yes: bool,
    again: bool,
    paid_back: str | None,
    as_json: bool,
) -> None:
    """Void tickets, free their places, and refund what was paid for them.

    Each ticket's outcome is printed as soon as it is known. One that fails does not stop the
    others, unless the database does not answer. Safe to repeat. Exits with 1 if a ticket could not
    be refunded, or while money is still owed; the settler goes on with that unless a person has to
    decide. --json prints one object for each ticket.

    --event ID --all-issued says how many tickets and how much money it is about, and asks. The sale
    goes on meanwhile: what is issued later is not refunded.
    """
    _check(paid_back, excluded=again or all_issued)
    if all_issued != (event_id is not None) or bool(ticket_ids) == all_issued:
        raise click.UsageError("Name tickets by their ids, or use --event and --all-issued.")
    settings = load_settings()
    with closing(open_store(settings)) as store:
        office = back_office(settings, store=store)
        if event_id is not None:
            ticket_ids = _chosen(event_id, office=office, store=store, yes=yes)
        ticket_ids = list(dict.fromkeys(ticket_ids))
        one = partial(office.refund, by="operator", again=again, paid_back=paid_back)
        left = sum([_is_left(each, one, as_json=as_json) for each in ticket_ids])
    if left:
        if len(ticket_ids) > 1:
            click.echo(f"Not refunded yet: {left} of {len(ticket_ids)} tickets.", err=True)
        raise click.exceptions.Exit(1)


def _check(paid_back: str | None, *, excluded: bool) -> None:
    if paid_back is None:
        return
    if excluded:
        raise click.UsageError("--paid-back excludes --again and --all-issued.")
    if not 0 < len(paid_back) <= LONGEST_NOTE:
        raise click.BadParameter(
            f"must have 1 to {LONGEST_NOTE} characters.", param_hint="--paid-back"
        )
    if paid_back != storable(paid_back):
        raise click.BadParameter("must be text in UTF-8.", param_hint="--paid-back")


def _chosen(event_id: int, *, office: BackOffice, store: Store, yes: bool) -> Sequence[int]:
    """Return the issued tickets of the event, if a person wants exactly these to be refunded."""
    event = store.events.by_id(event_id)
    if event is None:
        raise EventNotFound(event_id)
    issued = list(_issued(event_id, office))
    to_refund: dict[str, int] = {}
    for ticket in issued:
        currency = ticket.total.currency
        to_refund[currency] = to_refund.get(currency, 0) + max(0, Sums.of(ticket).earned)
    amounts = ", ".join(written(amount, currency) for currency, amount in to_refund.items())
    question = (
        f"Void {len(issued)} tickets of event {event_id}, {event.name}, and refund {amounts}?"
    )
    if not issued:
        click.echo(visible(f"No ticket of event {event_id}, {event.name}, is issued."), err=True)
    elif not yes:
        click.confirm(visible(question), abort=True, err=True)
    return [ticket.ticket_id for ticket in issued]


def _issued(event_id: int, office: BackOffice) -> Iterator[Ticket]:
    query, before = TicketQuery(event_id=event_id, status=TicketStatus.ISSUED), None
    while page := office.find(query, before=before, limit=PAGE):
        yield from page
        before = page[-1].ticket_id


def _is_left(ticket_id: int, one: Callable[..., Ticket], *, as_json: bool) -> bool:
    """Refund one ticket and print the outcome. Return whether something is left to do."""
    try:
        ticket = one(ticket_id=ticket_id)
    except StoreUnavailable:
        raise
    except TicketingError as error:
        if as_json:
            print_json({"ticket_id": ticket_id, "code": error.code, "detail": str(error)})
        else:
            print_line(f"Ticket {ticket_id}: {error}")
        return True
    if as_json:
        print_json(_shape(ticket))
    else:
        print_line(_sentence(ticket))
    return ticket.status is TicketStatus.REFUNDING


def _shape(ticket: Ticket) -> dict[str, Any]:
    return {
        "ticket_id": ticket.ticket_id,
        "status": ticket.status.value,
        "refund_problem": ticket.refund_problem,
        "refunded_minor": ticket.refunded_minor,
        "charged_back_minor": ticket.charged_back_minor,
        "paid_back_otherwise": ticket.paid_back_otherwise,
    }


def _sentence(ticket: Ticket) -> str:
    number, currency = ticket.ticket_id, ticket.total.currency
    if ticket.status is TicketStatus.REFUNDED:
        other = {
            "charged back by the bank": ticket.charged_back_minor,
            "paid back otherwise": ticket.paid_back_minor,
        }
        parts = [f"{Money(amount, currency)} {how}" for how, amount in other.items() if amount]
        if ticket.refunded_minor or not parts:
            parts.insert(0, str(Money(ticket.refunded_minor, currency)))
            return f"Ticket {number} is refunded: {', '.join(parts)}."
        return f"Ticket {number} is void, and nothing is owed: {', '.join(parts)}."
    why = ticket.refund_problem or ("disputed" if ticket.disputed else "")
    problem = f" ({why})" if why else ""
    if ticket.waits_for_person:
        return (
            f"Ticket {number} is void, and its refund waits for you{problem}: "
            "use --again or --paid-back."
        )
    return f"Ticket {number} is void, and its refund is still owed{problem}."
