"""`ticketing ticket`: show and find tickets."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import click

from ticketing_adapters.jobs import advice
from ticketing_core import Records, Sums, Ticket, TicketQuery, TicketStatus, TicketStory
from ticketing_core.changes import HistoryEntry
from ticketing_core.scan import ScanKind, StoredScan
from ticketing_core.validators import LARGEST_ID
from ticketing_service.cli.amounts import amounts_shape, written_amounts
from ticketing_service.cli.output import json_option, print_json, print_line, print_table
from ticketing_service.composition import open_store
from ticketing_service.settings import load_settings

DEFAULT_LIMIT = 50
"""As many as fit on two screens."""
LARGEST_LIMIT = 1000
"""All of them are in memory at once."""

FACT_WIDTH = len("paid back otherwise") + 2
"""The width of the longest name of a fact."""

_id = click.IntRange(1, LARGEST_ID)


class TicketName(click.ParamType[int | UUID]):
    """A ticket's id or its code."""

    name = "ticket"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | UUID:
        """See `click.ParamType.convert`."""
        if isinstance(value, str) and value.isdecimal():
            return int(_id(value, param, ctx))
        try:
            return UUID(value)
        except ValueError:
            self.fail(f"{value!r} is neither the id nor the code of a ticket.", param, ctx)


@click.group()
def ticket() -> None:
    """Show and find tickets."""


@ticket.command()
@click.argument("name", metavar="ID|CODE", type=TicketName())
@json_option
def show(*, name: int | UUID, as_json: bool) -> None:
    """Show a ticket: its state, its money, its whole history, and what to do about it."""
    with closing(open_store(load_settings())) as store:
        story = Records(tickets=store.tickets).story(name)
        event = store.events.by_id(story.ticket.event_id)
        hints = advice.of_ticket(story, now=store.clock.now())
        to_do = [f"{each[:1].upper()}{each[1:]}." for each in hints]
        scans = store.admissions.of_ticket(story.ticket.ticket_id)
    event_name = None if event is None else event.name
    if as_json:
        history = [_change_shape(each) for each in story.history]
        shape = _shape(story.ticket) | {"event_name": event_name}
        shown = [_scan_shape(each) for each in scans]
        print_json(shape | {"history": history, "scans": shown, "to_do": to_do})
        return
    for fact, value in _facts(story.ticket, event_name or "-"):
        # Not in a table, which would wrap ids that have to be copied whole.
        print_line(f"{fact:<{FACT_WIDTH}}{value}")
    click.echo()
    print_table(["when", "became", "why", "by"], _changes(story))
    click.echo()
    if scans:
        columns = ["scanned", "gate", "by", "outcome", "people", "inside", "scan"]
        print_table(columns, map(_scan_row, scans), numbers={"people", "inside"})
        click.echo()
    for each in to_do or ["Nothing to do."]:
        print_line(each)


@ticket.command()
@click.option("--buyer", help="Exactly this buyer.")
@click.option("--buyer-prefix", metavar="TEXT", help="Buyers that begin with this.")
@click.option("--code", "ticket_code", type=click.UUID, help="The ticket's code.")
@click.option("--checkout", "checkout_id", metavar="ID", help="Stripe's id, such as cs_...")
@click.option("--payment", "payment_id", metavar="ID", help="Stripe's id, such as pi_...")
@click.option("--event", "event_id", type=_id, help="Tickets of this event.")
@click.option(
    "--status",
    type=click.Choice([status.value for status in TicketStatus]),
    callback=lambda _context, _option, value: value and TicketStatus(value),
    help="Tickets with this status.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, LARGEST_LIMIT),
    default=DEFAULT_LIMIT,
    show_default=True,
    help="The most tickets to print.",
)
@click.option("--before", type=_id, help="Only tickets with smaller ids: the next page.")
@json_option
def find(*, limit: int, before: int | None, as_json: bool, **conditions: Any) -> None:
    """Find tickets that fit all conditions, the newest first.

    Exits with 0 also if there is none.
    """
    query = TicketQuery(**conditions)
    with closing(open_store(load_settings())) as store:
        # One more shows whether there is another page.
        found = Records(tickets=store.tickets).find(query, before=before, limit=limit + 1)
    page, more = found[:limit], found[limit:]
    next_page = page[-1].ticket_id if more else None
    if as_json:
        print_json({"tickets": [_shape(each) for each in page], "next": next_page})
        return
    columns = ["id", "event", "buyer", "people", "inside", "status", "total", "made", "note"]
    numbers = {"id", "event", "people", "inside", "total"}
    print_table(columns, [_row(each) for each in page], numbers=numbers)
    if next_page is not None:
        click.echo(f"There are more: --before {next_page}", err=True)


def _row(found: Ticket) -> Sequence[object]:
    return (
        found.ticket_id,
        found.event_id,
        found.buyer,
        found.quantity,
        found.inside,
        found.status.value,
        "free" if found.total.is_zero else found.total,
        _written(found.created_at),
        _note(found),
    )


def _note(found: Ticket) -> str:
    notes = [
        "disputed" if found.disputed else "",
        found.refund_problem or "",
        "waits for you" if found.waits_for_person else "",
        f"{found.excess} too many inside" if found.excess else "",
    ]
    return ", ".join(filter(None, notes))


def _facts(found: Ticket, event_name: str) -> Iterator[tuple[str, object]]:
    yield "ticket", found.ticket_id
    yield "code", found.ticket_code
    yield "status", found.status.value
    yield "event", f"{found.event_id} {event_name}"
    yield "buyer", found.buyer
    excess = f", {found.excess} more are inside" if found.excess else ""
    yield "people", f"{found.quantity}, {found.admitted} admitted{excess}"
    yield "made", _written(found.created_at)
    if found.held_until is not None and found.status in (
        TicketStatus.RESERVED,
        TicketStatus.PAYING,
    ):
        yield "held until", _written(found.held_until)
    yield "total", "free" if found.total.is_zero else found.total
    if not found.total.is_zero:
        yield "checkout", found.checkout.checkout_id if found.checkout else "-"
        yield "payment", found.payment_id or "-"
        yield from written_amounts(Sums.of(found), found.total.currency)
    if found.owed_since is not None:
        yield "owed since", _written(found.owed_since)
    if found.paid_back_otherwise is not None:
        yield "paid back how", found.paid_back_otherwise
    if _note(found):
        yield "note", _note(found)


def _changes(story: TicketStory) -> Iterator[tuple[str, ...]]:
    before = None
    for each in story.history:
        became = "-" if each.status is before else each.status.value
        yield _written(each.at), became, each.why, each.by
        before = each.status


def _scan_row(scan: StoredScan) -> Sequence[object]:
    outcome = f"{scan.outcome} offline" if scan.offline else scan.outcome
    asked = "all" if scan.asked is None else scan.asked
    people = scan.people or (0 if scan.kind is ScanKind.UNDONE else f"0 of {asked}")
    return (
        _written(scan.at),
        scan.gate,
        scan.by,
        outcome,
        people,
        scan.inside_after,
        scan.scan_id,
    )


def _written(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _shape(found: Ticket) -> dict[str, Any]:
    """Return the ticket as operators see it. The address of its payment page is the buyer's."""
    return {
        "ticket_id": found.ticket_id,
        "ticket_code": str(found.ticket_code),
        "event_id": found.event_id,
        "buyer": found.buyer,
        "quantity": found.quantity,
        "admitted": found.admitted,
        "excess": found.excess,
        "status": found.status.value,
        "version": found.version,
        "created_at": found.created_at.isoformat(),
        "held_until": found.held_until and found.held_until.isoformat(),
        "checkout_id": found.checkout and found.checkout.checkout_id,
        "payment_id": found.payment_id,
        "total": {"amount_minor": found.total.amount_minor, "currency": found.total.currency},
        "amounts": amounts_shape(Sums.of(found), found.total.currency),
        "disputed": found.disputed,
        "owed_since": found.owed_since and found.owed_since.isoformat(),
        "refund_problem": found.refund_problem,
        "waits_for_person": found.waits_for_person,
        "paid_back_otherwise": found.paid_back_otherwise,
    }


def _change_shape(change: HistoryEntry) -> dict[str, Any]:
    return {
        "version": change.version,
        "at": change.at.isoformat(),
        "status": change.status.value,
        "why": change.why,
        "by": change.by,
    }


def _scan_shape(scan: StoredScan) -> dict[str, Any]:
    return {
        "scan_id": str(scan.scan_id),
        "kind": scan.kind.value,
        "people": scan.people,
        "asked": scan.asked,
        "outcome": scan.outcome,
        "inside_after": scan.inside_after,
        "gate": scan.gate,
        "by": scan.by,
        "at": scan.at.isoformat(),
        "stored_at": scan.stored_at.isoformat(),
        "offline": scan.offline,
    }
