"""Reservations through the library, without HTTP, beside `pgbench`."""

import statistics
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from time import perf_counter
from uuid import uuid4

from benchmarks import pgbench
from benchmarks.bench import Bench
from benchmarks.database import PRICE, open_database
from benchmarks.orders import buyers
from benchmarks.report import Report, Row
from tests.support.audit import Receipt
from ticketing_core import Ticket
from ticketing_core.reservation import Held, TicketDraft
from ticketing_core.validators import LARGEST_INTEGER
from ticketing_service.composition import build
from ticketing_service.settings import Settings

PGBENCH = "pgbench"

OF_PGBENCH = 6.0
STRETCH = 10.0

_HOLD = timedelta(minutes=2)
"""How long a reservation lasts, as in the use case."""


def library(bench: Bench) -> Report:
    """Reserve places of one hot event from many threads of one process."""
    pace = bench.pace
    reserved_rates: list[float] = []
    pgbench_rates: list[float] = []
    with open_database(bench) as database:
        event_id, pgbench_event_id = database.events(2, price=PRICE)
        for number in range(1, pace.rounds + 1):
            bench.progress(f"library, round {number}")
            reserved = bench.elsewhere(
                reserve_from_threads,
                database.settings(),
                event_id=event_id,
                names=buyers(pace.buyers),
                threads=pace.library_threads,
                seconds=pace.warm_up_seconds + pace.seconds,
            )
            counted = sum(ended >= pace.warm_up_seconds for ended, _ in reserved)
            reserved_rates.append(counted / pace.seconds)
            database.receipts.sold += [receipt(ticket) for _, ticket in reserved]
            bench.progress(f"{PGBENCH}, round {number}")
            rate = pgbench.reserve(
                database.url,
                event_id=pgbench_event_id,
                clients=pace.library_threads,
                seconds=pace.seconds,
                folder=bench.folder,
            )
            pgbench_rates.append(rate)
        # `pgbench` writes no history.
        audit = database.audit(except_events=[pgbench_event_id], may_be=["reserved"])
    row = Row(
        figure=f"reservations by the library, {pace.library_threads} threads, one event",
        measured=statistics.median(reserved_rates),
        yardstick=PGBENCH,
        yardstick_value=statistics.median(pgbench_rates),
        goal=OF_PGBENCH,
        detail=f"stretch goal {STRETCH:.0f}",
    )
    return Report(rows=[row], audits=[audit])


def reserve_from_threads(
    settings: Settings, *, event_id: int, names: Sequence[str], threads: int, seconds: float
) -> Sequence[tuple[float, Ticket]]:
    """Reserve one place after the other from each thread.

    Returns:
        For each reservation the seconds from the common start to its end, and its ticket.
    """
    ready = threading.Barrier(threads)
    with (
        closing(build(settings, pool_size=threads)) as service,
        ThreadPoolExecutor(threads) as pool,
    ):
        tickets, clock = service.box_office.tickets, service.box_office.clock

        def reserve(number: int) -> Sequence[tuple[float, Ticket]]:
            buyers_here = names[number::threads] or names
            done: list[tuple[float, Ticket]] = []
            ready.wait()
            began = perf_counter()
            while True:
                now = clock.now()
                held = tickets.hold(
                    TicketDraft(
                        ticket_code=uuid4(),
                        event_id=event_id,
                        buyer=buyers_here[len(done) % len(buyers_here)],
                        quantity=1,
                        price=PRICE,
                        at=now,
                        held_until=now + _HOLD,
                        max_unpaid_places=LARGEST_INTEGER,
                    )
                )
                ended = perf_counter() - began
                if not isinstance(held, Held):
                    raise TypeError(f"there are places for all: {held}")
                done.append((ended, held.ticket))
                if ended >= seconds:
                    return done

        return [each for done in pool.map(reserve, range(threads)) for each in done]


def receipt(ticket: Ticket) -> Receipt:
    """Return the receipt for a ticket that the library reserved."""
    return Receipt(
        buyer=ticket.buyer,
        event_id=ticket.event_id,
        quantity=ticket.quantity,
        ticket_id=ticket.ticket_id,
        ticket_code=str(ticket.ticket_code),
        session_id=ticket.checkout.checkout_id if ticket.checkout else None,
    )
