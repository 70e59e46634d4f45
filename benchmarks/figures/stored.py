"""Whether millions of stored tickets make the work on one of them slower."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from time import perf_counter

from attrs import field, frozen

from benchmarks.audit import Ledger, Told
from benchmarks.bench import Bench
from benchmarks.books import last_ticket_id
from benchmarks.row import Report, Row
from benchmarks.slow_gateway import slow_gateway
from benchmarks.stock import Stored, fill, some
from ticketing_adapters.sql import engine_for, installation_id
from ticketing_service.composition import Service

WITHIN = 1.2

SMALL_TICKETS, SMALL_EVENTS = 1_000, 2

PAGE = 50
"""Tickets of a page, as a frontend asks for them by default."""


@frozen(kw_only=True)
class _Side:
    """One of both databases, and the times that were seen on it."""

    url: str
    installation: Service
    known: Sequence[Stored]
    last_before: int
    ledger: Ledger = field(factory=Ledger)
    seconds: dict[str, list[float]] = field(factory=dict)


def stored(bench: Bench) -> Report:
    """Reserve, verify, list and settle on a small and on a large database, in turns."""
    pace = bench.pace
    with ExitStack() as stack:
        small = _side(bench, stack, tickets=SMALL_TICKETS, events=SMALL_EVENTS)
        large = _side(bench, stack, tickets=pace.stored_tickets, events=pace.stored_events)
        for number in range(pace.operations):
            for name, work in OPERATIONS.items():
                # In turns, and each begins as often: the machine's drift hits both.
                for side in (small, large) if number % 2 else (large, small):
                    bench.say(f"{name}, {number + 1} of {pace.operations}")
                    began = perf_counter()
                    work(side, side.known[number % len(side.known)])
                    side.seconds.setdefault(name, []).append(perf_counter() - began)
        found = [
            problem
            for side in (small, large)
            for problem in bench.audit(
                side.url, side.ledger, after=side.last_before, may_be=["reserved"]
            )
        ]
    return Report(
        name="stored",
        rows=[
            Row(
                figure=f"{name}, p50, {pace.stored_tickets:,} tickets",
                measured=_p50_ms(large, name),
                unit="ms",
                yardstick=f"{SMALL_TICKETS:,} tickets",
                yardstick_value=_p50_ms(small, name),
                goal=WITHIN,
                at_least=False,
            )
            for name in OPERATIONS
        ],
        problems=found,
        audited=len(small.ledger.sold) + len(large.ledger.sold),
    )


def _side(bench: Bench, stack: ExitStack, *, tickets: int, events: int) -> _Side:
    bench.say(f"storing {tickets:,} tickets")
    url = stack.enter_context(bench.database())
    fill(url, tickets=tickets, events=events, due=bench.pace.operations)
    engine = engine_for(url)
    known_as = installation_id(engine)
    engine.dispose()
    gateway = stack.enter_context(slow_gateway(installation_id=known_as, latency_seconds=0))
    installation = stack.enter_context(bench.library(url, stripe_api_base=gateway.url))
    return _Side(
        url=url,
        installation=installation,
        known=some(url, tickets=tickets, count=bench.pace.operations),
        last_before=last_ticket_id(url),
    )


def _reserve(side: _Side, near: Stored) -> None:
    reserved = side.installation.box_office.reserve(
        event_id=near.event_id, quantity=1, buyer=near.buyer
    )
    side.ledger.sold.append(
        Told(
            ticket_id=reserved.ticket_id,
            ticket_code=str(reserved.ticket_code),
            buyer=near.buyer,
            event_id=near.event_id,
            quantity=1,
        )
    )


def _verify(side: _Side, known: Stored) -> None:
    side.installation.box_office.verify(
        ticket_id=known.ticket_id, checkout_id=known.checkout_id, buyer=known.buyer
    )


def _list(side: _Side, known: Stored) -> None:
    found = side.installation.box_office.tickets_of(known.buyer, before=None, limit=PAGE)
    if known.ticket_id not in {ticket.ticket_id for ticket in found}:
        raise LookupError(f"{known} is not among its buyer's tickets")


def _settle(side: _Side, _: Stored) -> None:
    tally = side.installation.box_office.settle_due(limit=1, by="benchmark")
    if not tally.moved:
        raise LookupError(f"a ticket was due: {tally}")


OPERATIONS: Mapping[str, Callable[[_Side, Stored], None]] = {
    "settle one": _settle,
    "reserve": _reserve,
    "verify": _verify,
    "my tickets": _list,
}


def _p50_ms(side: _Side, name: str) -> float:
    return statistics.median(side.seconds[name]) * 1000
