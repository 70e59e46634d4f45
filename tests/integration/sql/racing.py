"""Races between real processes: the job of each process, and how the places are counted."""

import multiprocessing
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any, TypeVar
from uuid import uuid4

from attrs import evolve
from sqlalchemy import Engine, insert, select, text, update

from ticketing_adapters.sql import (
    EventCache,
    SqlEvents,
    SqlTickets,
    engine_for,
    installation_id,
    migrate,
)
from ticketing_adapters.sql.rows import ticket_of, ticket_values
from ticketing_adapters.sql.tables import events, tickets
from ticketing_core.event import Event
from ticketing_core.reservation import Held, HoldOutcome, TicketDraft, objection
from ticketing_core.testing.contracts.examples import MANY, NOON, draft
from ticketing_core.ticket import UNPAID, IdempotencyKey, Ticket

_R = TypeVar("_R")

TIMEOUT_SECONDS = 60.0
"""For the other processes, on a busy machine."""

_barrier: Barrier


def race(job: Callable[..., _R], *, url: str, processes: int, **arguments: Any) -> list[_R]:
    """Run the job in this many processes, which start at the same moment, and return the results.

    Each job is called with the URL, its number and the arguments, and has to call `start`.
    """
    # Each process is forked from one that has only imported these modules: it starts at once, and
    # shares no connection with this one.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["alembic.command", "psycopg", "sqlalchemy"])
    barrier = context.Barrier(processes)
    with ProcessPoolExecutor(
        processes, mp_context=context, initializer=_join, initargs=(barrier,)
    ) as pool:
        runs = [
            pool.submit(job, url=url, number=number, **arguments) for number in range(processes)
        ]
        return [run.result(timeout=TIMEOUT_SECONDS) for run in runs]


def _join(barrier: Barrier) -> None:
    global _barrier  # noqa: PLW0603 - a process can get a barrier only while it starts
    _barrier = barrier


def start() -> None:
    """Wait until every process of the race has come this far."""
    _barrier.wait(TIMEOUT_SECONDS)


class CheckThenAct(SqlTickets):
    """The control, wrong on purpose: it decides on what it read before others wrote."""

    def hold(self, draft: TicketDraft) -> HoldOutcome:
        """Read, decide, let the other processes do the same, then write."""
        event = SqlEvents(self._engine).by_id(draft.event_id)
        assert event is not None
        own = [
            ticket
            for ticket in self.of_buyer(draft.buyer, before=None, limit=100)
            if ticket.event_id == event.event_id
        ]
        refused = objection(
            event,
            draft,
            kept_by_buyer=sum(ticket.places for ticket in own),
            unpaid_by_buyer=sum(ticket.quantity for ticket in own if ticket.status in UNPAID),
        )
        start()
        if refused is not None:
            return refused
        ticket = draft.ticket(1)
        with self._engine.begin() as connection:
            values = ticket_values(ticket)
            stored = insert(tickets).values(values).returning(tickets.c.ticket_id)
            ticket_id = connection.execute(stored).scalar_one()
            connection.execute(
                update(events)
                .where(events.c.event_id == event.event_id)
                .values(kept=event.kept + ticket.places)
            )
        return Held(evolve(ticket, ticket_id=ticket_id))


def migrate_at_once(*, url: str, number: int) -> str:
    """Migrate, and return the id of the installation."""
    del number
    engine = engine_for(url)
    start()
    migrate(engine)
    return str(installation_id(engine))


def buy(
    *,
    url: str,
    number: int,
    event: Event,
    buyers: Mapping[int, str],
    orders: int,
    unpaid: int = MANY,
) -> list[HoldOutcome]:
    """Make `orders` holds of one place each, as the buyer of this process.

    Up to ``unpaid`` of them are allowed.
    """
    engine = engine_for(url)
    store = SqlTickets(engine)
    store.by_id(1)
    start()
    changes = {"buyer": buyers[number], "max_unpaid_places": unpaid}
    return [store.hold(draft(event, ticket_code=uuid4(), **changes)) for _ in range(orders)]


def buy_in_one_statement(*, url: str, number: int, shown: list[Event], orders: int) -> int:
    """Hold places of several events in steps, by what is known before others hold.

    Returns:
        The number of places.
    """
    engine = engine_for(url)
    cache = EventCache()
    cache.put(shown, as_of=cache.now())
    store = SqlTickets(engine, cache=cache)
    store.by_id(1)
    start()
    places = 0
    for n in range(orders):
        # Half of the processes the other way round: they must not wait for one another.
        mixed = shown[:: 1 if number % 2 else -1]
        step = [draft(each, ticket_code=uuid4(), quantity=1 + n % 2) for each in mixed]
        outcomes = store._hold_all(step)  # noqa: SLF001 - with threads, sharing is chance
        places += sum(each.ticket.quantity for each in outcomes if isinstance(each, Held))
    return places


def buy_carelessly(
    *, url: str, number: int, event: Event, buyers: Mapping[int, str]
) -> list[HoldOutcome]:
    """Hold one place with `CheckThenAct`, as the buyer of this process."""
    store = CheckThenAct(engine_for(url))
    changes = {"buyer": buyers[number], "max_unpaid_places": 1}
    return [store.hold(draft(event, ticket_code=uuid4(), **changes))]


def click_twice(*, url: str, number: int, both: list[Event], keys: int) -> list[HoldOutcome]:
    """Hold with the same keys as the other processes, at one of two events."""
    engine = engine_for(url)
    store = SqlTickets(engine)
    store.by_id(1)
    outcomes = []
    for n in range(keys):
        key = IdempotencyKey(value=f"key {n}", fingerprint="f")
        order = draft(both[(number + n) % 2], ticket_code=uuid4(), key=key)
        start()
        outcomes.append(store.hold(order))
    return outcomes


def hold_and_expire(*, url: str, number: int, event: Event, rounds: int) -> int:
    """Hold with a key that all processes share, then claim due tickets and expire them.

    Returns:
        The number of tickets that this process has expired.
    """
    engine = engine_for(url)
    store = SqlTickets(engine)
    store.by_id(1)
    start()
    expired = 0
    for n in range(rounds):
        store.hold(
            draft(
                event,
                ticket_code=uuid4(),
                buyer=str(number % 2),
                quantity=1 + n % 3,
                held_until=NOON,
                key=IdempotencyKey(value="shared", fingerprint="f"),
            )
        )
        for ticket in store.claim_due(now=NOON + n * timedelta(hours=1), limit=2):
            store.replace(ticket, ticket.expired(), at=NOON, why="race", by="settler")
            expired += 1
    return expired


def stored_tickets(engine: Engine, event: Event) -> list[Ticket]:
    """Return every stored ticket of the event."""
    with engine.connect() as connection:
        found = select(tickets).where(tickets.c.event_id == event.event_id)
        return [ticket_of(row) for row in connection.execute(found)]


def deadlocks(engine: Engine) -> int:
    """Return how many transactions PostgreSQL has ended because of a deadlock; SQLite has none."""
    if engine.dialect.name == "sqlite":
        return 0
    counted = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    with engine.connect() as connection:
        return int(connection.execute(counted).scalar_one())


def count_places(engine: Engine, event: Event) -> int:
    """Return the number of places that the event's tickets keep.

    Raises:
        AssertionError: The event's own count differs, or exceeds its capacity.
    """
    now = SqlEvents(engine).by_id(event.event_id)
    assert now is not None
    places = sum(ticket.places for ticket in stored_tickets(engine, event))
    assert places == now.kept, f"tickets keep {places} places, the event says {now.kept}"
    assert places <= now.capacity, f"{places} of {now.capacity} places are kept"
    return places
