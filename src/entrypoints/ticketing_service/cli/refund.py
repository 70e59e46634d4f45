"""`ticketing refund`."""

from contextlib import closing

import click

from ticketing_core import Money, Ticket, TicketStatus
from ticketing_core.ticket import LONGEST_NOTE
from ticketing_core.validators import LARGEST_ID, storable
from ticketing_service.cli.output import json_option, print_json, print_line
from ticketing_service.composition import back_office, open_store
from ticketing_service.settings import load_settings


@click.command()
@click.argument("ticket_id", type=click.IntRange(1, LARGEST_ID))
@click.option("--again", is_flag=True, help="Try a refund that is stuck once more.")
@click.option(
    "--paid-back",
    metavar="HOW",
    help="The buyer has the money by other means, such as a bank transfer. Ends a stuck refund.",
)
@json_option
def refund(*, ticket_id: int, again: bool, paid_back: str | None, as_json: bool) -> None:
    """Void a ticket, free its places, and refund what was paid for it.

    Safe to repeat. Exits with 1 while the money is still owed; the settler goes on with it unless
    a person has to decide.
    """
    if again and paid_back is not None:
        raise click.UsageError("--again and --paid-back exclude each other.")
    if paid_back is not None and not 0 < len(paid_back) <= LONGEST_NOTE:
        raise click.BadParameter(
            f"must have 1 to {LONGEST_NOTE} characters.", param_hint="--paid-back"
        )
    if paid_back is not None and paid_back != storable(paid_back):
        raise click.BadParameter("must be text in UTF-8.", param_hint="--paid-back")
    settings = load_settings()
    with closing(open_store(settings)) as store:
        office = back_office(settings, store=store)
        ticket = office.refund(ticket_id=ticket_id, by="operator", again=again, paid_back=paid_back)
    if as_json:
        print_json(
            {
                "ticket_id": ticket.ticket_id,
                "status": ticket.status.value,
                "refund_problem": ticket.refund_problem,
                "refunded_minor": ticket.refunded_minor,
                "charged_back_minor": ticket.charged_back_minor,
                "paid_back_otherwise": ticket.paid_back_otherwise,
            }
        )
    else:
        print_line(_sentence(ticket))
    if ticket.status is TicketStatus.REFUNDING:
        raise click.exceptions.Exit(1)


def _sentence(ticket: Ticket) -> str:
    if ticket.status is TicketStatus.REFUNDED:
        refunded = Money(ticket.refunded_minor, ticket.total.currency)
        return f"Ticket {ticket.ticket_id} is refunded: {refunded}."
    problem = f" ({ticket.refund_problem})" if ticket.refund_problem else ""
    if ticket.waits_for_person:
        return (
            f"Ticket {ticket.ticket_id} is void, and its refund waits for you{problem}: "
            "use --again or --paid-back."
        )
    return f"Ticket {ticket.ticket_id} is void, and its refund is still owed{problem}."
