"""Compares the work on one ticket among millions of stored tickets with that among a few."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from time import perf_counter

from attrs import field, frozen

from benchmarks.bench import Bench
from benchmarks.database import Database, open_database
from benchmarks.figures.library import receipt
from benchmarks.report import Report, Row
from benchmarks.seed import StoredTicket, fill, paid_tickets
from ticketing_core import BoxOffice

WITHIN = 1.1

SMALL_TICKETS = 1_000

PAGE = 50
"""Tickets of a page, the frontends' default."""


@frozen(kw_only=True)
class _Side:
    """One of the two databases, some tickets that it holds, and the times of each operation."""

    database: Database
    box_office: BoxOffice
    known: Sequence[StoredTicket]
    seconds: dict[str, list[float]] = field(factory=dict)

    def median_ms(self, name: str) -> float:
        return statistics.median(self.seconds[name]) * 1000


def stored(bench: Bench) -> Report:
    """Reserve, verify, list and settle on a small and on a large database, in turns."""
    pace = bench.pace
    with ExitStack() as stack:
        # In as many events, each of which has to be read first.
        small = _side(bench, stack, tickets=SMALL_TICKETS)
        large = _side(bench, stack, tickets=pace.stored_tickets)
        for number in range(pace.operations):
            for name, work in OPERATIONS.items():
                bench.progress(f"{name}, {number + 1} of {pace.operations}")
                # In turns, each first as often as the other: the machine's drift hits both.
                for side in (small, large) if number % 2 else (large, small):
                    began = perf_counter()
                    work(side, side.known[number % len(side.known)])
                    side.seconds.setdefault(name, []).append(perf_counter() - began)
        audits = [side.database.audit(may_be=["reserved"]) for side in (small, large)]
    return Report(
        rows=[
            Row(
                figure=f"{name}, p50, {pace.stored_tickets:,} tickets",
                measured=large.median_ms(name),
                unit="ms",
                yardstick=f"{SMALL_TICKETS:,} tickets",
                yardstick_value=small.median_ms(name),
                goal=WITHIN,
                at_least=False,
            )
            for name in OPERATIONS
        ],
        audits=audits,
    )


def _side(bench: Bench, stack: ExitStack, *, tickets: int) -> _Side:
    bench.progress(f"storing {tickets:,} tickets")
    database = stack.enter_context(open_database(bench))
    events = bench.pace.stored_events
    fill(database.engine, paid=tickets, due=bench.pace.operations, events=events)
    database.start_afresh()
    stack.enter_context(database.gateway(latency_seconds=0))
    service = stack.enter_context(database.library())
    return _Side(
        database=database,
        box_office=service.box_office,
        known=paid_tickets(database.engine, of=tickets, count=bench.pace.operations),
    )


def _reserve(side: _Side, known: StoredTicket) -> None:
    reserved = side.box_office.reserve(event_id=known.event_id, quantity=1, buyer=known.buyer)
    side.database.receipts.sold.append(receipt(reserved))


def _verify(side: _Side, known: StoredTicket) -> None:
    side.box_office.verify(
        ticket_id=known.ticket_id, checkout_id=known.checkout_id, buyer=known.buyer
    )


def _list(side: _Side, known: StoredTicket) -> None:
    tickets = side.box_office.tickets_of(known.buyer, before=None, limit=PAGE)
    if known.ticket_id not in {ticket.ticket_id for ticket in tickets}:
        raise LookupError(f"{known} is not among its buyer's tickets")


def _settle(side: _Side, _: StoredTicket) -> None:
    tally = side.box_office.settle_due(limit=1, by="benchmark")
    if not tally.moved:
        raise LookupError(f"a ticket was due: {tally}")


OPERATIONS: Mapping[str, Callable[[_Side, StoredTicket], None]] = {
    "settle one": _settle,
    "reserve": _reserve,
    "verify": _verify,
    "my tickets": _list,
}
