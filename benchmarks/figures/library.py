"""Reservations through the library, with no HTTP in between, beside what `pgbench` reaches."""

import statistics
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from time import perf_counter
from uuid import uuid4

from attrs import frozen

from benchmarks import pgbench
from benchmarks.audit import Ledger, Told
from benchmarks.bench import PRICE, Bench
from benchmarks.orders import buyers
from benchmarks.row import Report, Row
from ticketing_core import Ticket
from ticketing_core.ports import Clock, TicketRepository
from ticketing_core.reservation import Held, TicketDraft
from ticketing_service.composition import build
from ticketing_service.settings import Settings

PGBENCH = "pgbench"

OF_PGBENCH = 5.0
STRETCH = 10.0

_WINDOW = timedelta(minutes=2)
"""How long a reservation lasts, as that of the use case."""


@frozen(kw_only=True)
class Reserved:
    """What the threads of one window reserved.

    Attributes:
        tickets: All of them.
        counted: How many came while it was counted.
        seconds: How long that was.
    """

    tickets: Sequence[Ticket]
    counted: int
    seconds: float


def library(bench: Bench) -> Report:
    """Reserve on one hot event from many threads of one process."""
    pace, ledger = bench.pace, Ledger()
    ours_per_second, theirs_per_second = [], []
    with bench.database() as url:
        ours, theirs = bench.events(url, count=2, price=PRICE)
        for number in range(pace.rounds):
            bench.say(f"library, round {number + 1}")
            reserved = bench.elsewhere(
                reserve_from_threads,
                bench.settings(url),
                event_id=ours,
                threads=pace.library_threads,
                names=buyers(pace.buyers),
                warm_up_seconds=pace.warm_up_seconds,
                seconds=pace.seconds,
            )
            ours_per_second.append(reserved.counted / reserved.seconds)
            ledger.sold += [_told(each) for each in reserved.tickets]
            bench.say(f"{PGBENCH}, round {number + 1}")
            theirs_per_second.append(
                pgbench.reserve(
                    url,
                    event_id=theirs,
                    clients=pace.library_threads,
                    seconds=pace.seconds,
                    folder=bench.folder,
                ).per_second
            )
        found = bench.audit(url, ledger, but_for_events=[theirs], may_be=["reserved"])
    return Report(
        name="library",
        rows=[
            Row(
                figure=f"reservations by the library, {pace.library_threads} threads, one event",
                measured=statistics.median(ours_per_second),
                yardstick=PGBENCH,
                yardstick_value=statistics.median(theirs_per_second),
                goal=OF_PGBENCH,
                detail=f"stretch goal {STRETCH:.0f}",
            )
        ],
        problems=found,
        audited=len(ledger.sold),
    )


def reserve_from_threads(
    settings: Settings,
    *,
    event_id: int,
    threads: int,
    names: Sequence[str],
    warm_up_seconds: float,
    seconds: float,
) -> Reserved:
    """Reserve one place after the other from each thread for a while."""
    with (
        closing(build(settings, pool_size=threads)) as installation,
        ThreadPoolExecutor(threads) as pool,
    ):
        ready = threading.Barrier(threads)
        box_office = installation.box_office
        work = [
            pool.submit(
                _reserve,
                box_office.tickets,
                clock=box_office.clock,
                ready=ready,
                event_id=event_id,
                names=names[number::threads] or names,
                seconds=warm_up_seconds + seconds,
            )
            for number in range(threads)
        ]
        done = [each for one in work for each in one.result()]
    counted = sum(ended >= warm_up_seconds for ended, _ in done)
    return Reserved(tickets=[ticket for _, ticket in done], counted=counted, seconds=seconds)


def _reserve(
    tickets: TicketRepository,
    *,
    clock: Clock,
    ready: threading.Barrier,
    event_id: int,
    names: Sequence[str],
    seconds: float,
) -> list[tuple[float, Ticket]]:
    """What one thread reserves: when each was done, in seconds since all began, and what."""
    done: list[tuple[float, Ticket]] = []
    ready.wait()
    began = perf_counter()
    while True:
        now = clock.now()
        held = tickets.hold(
            TicketDraft(
                ticket_code=uuid4(),
                event_id=event_id,
                buyer=names[len(done) % len(names)],
                quantity=1,
                price=PRICE,
                at=now,
                held_until=now + _WINDOW,
            )
        )
        ended = perf_counter() - began
        if not isinstance(held, Held):
            raise TypeError(f"there are places for all: {held}")
        done.append((ended, held.ticket))
        if ended >= seconds:
            return done


def _told(ticket: Ticket) -> Told:
    return Told(
        ticket_id=ticket.ticket_id,
        ticket_code=str(ticket.ticket_code),
        buyer=ticket.buyer,
        event_id=ticket.event_id,
        quantity=ticket.quantity,
    )
