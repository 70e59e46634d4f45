"""An event whose row another transaction keeps locked holds up its own callers, and no others."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from ticketing_adapters.sql import SqlEvents, SqlTickets, engine_for
from ticketing_adapters.sql.batching import Batcher
from ticketing_adapters.sql.engine import DEFAULT_POOL_SIZE, reading, writing
from ticketing_adapters.sql.holds import conflict_keys
from ticketing_core import Event
from ticketing_core.changes import Replaced
from ticketing_core.errors import StoreUnavailable
from ticketing_core.reservation import Held
from ticketing_core.testing.contracts.examples import NOON, draft, held, stored_event
from ticketing_core.ticket import Ticket

CROWD = 5
LARGE_CROWD = 20

SOON_SECONDS = 30.0

Call = Callable[[], object]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, migrated_postgres_url: str) -> Iterator[Engine]:
    """An engine on PostgreSQL that waits a second for a row: the control ends sooner."""
    monkeypatch.setattr("ticketing_adapters.sql.engine.LOCK_TIMEOUT", timedelta(seconds=1))
    made = engine_for(migrated_postgres_url)
    yield made
    made.dispose()


@contextmanager
def locked(engine: Engine, event: Event) -> Iterator[None]:
    """Keep the row of an event locked, as an operator's forgotten transaction does."""
    with writing(engine) as connection:
        lock = text("SELECT 1 FROM events WHERE event_id = :id FOR UPDATE")
        connection.execute(lock, {"id": event.event_id})
        yield


def await_a_waiting_step(engine: Engine) -> None:
    """Return once a transaction waits for a row."""
    waiting = text("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
    deadline = time.monotonic() + SOON_SECONDS
    while True:
        with reading(engine) as connection:
            if connection.execute(waiting).scalar_one():
                return
        assert time.monotonic() < deadline


def one_batch_for_all(engine: Engine) -> SqlTickets:
    """Return tickets whose steps wait for every event in them: the control."""
    tickets = SqlTickets(engine)
    tickets._holds = Batcher(tickets._hold_all, conflict_keys=conflict_keys)  # type: ignore[assignment]  # noqa: SLF001
    tickets._changes = Batcher(tickets._replace_all)  # type: ignore[assignment]  # noqa: SLF001
    return tickets


def expiry(tickets: SqlTickets, ticket: Ticket) -> Call:
    """Return a call that gives back the places of a ticket."""
    return lambda: tickets.replace(ticket, ticket.expired(), at=NOON, why="test", by="suite")


def hold(tickets: SqlTickets, event: Event) -> Call:
    """Return a call that takes places."""
    return lambda: tickets.hold(draft(event))


def outcomes_beside_a_locked_event(
    engine: Engine, tickets: SqlTickets, *, calls: str
) -> tuple[list[object], list[object]]:
    """Call for a locked event and for another one at the same time.

    Returns:
        The outcomes of both, or the errors: those of the other event while the lock was held.
    """
    events = SqlEvents(engine)
    pair = stored_event(events), stored_event(events)
    # Each call has to be made before the lock.
    prepared = [
        [
            hold(tickets, event)
            if calls == "holds"
            else expiry(tickets, held(tickets, draft(event)))
            for _ in range(CROWD)
        ]
        for event in pair
    ]
    first, *others = prepared[0]
    with ThreadPoolExecutor(2 * CROWD) as pool:
        with locked(engine, pair[0]):
            of_locked: list[Future[object]] = [pool.submit(first)]
            await_a_waiting_step(engine)
            of_locked += map(pool.submit, others)
            of_other = [outcome(pool.submit(call)) for call in prepared[1]]
        return [outcome(future) for future in of_locked], of_other


def outcome(future: "Future[object]") -> object:
    """Return what a call returned or raised."""
    error = future.exception(SOON_SECONDS)
    return future.result() if error is None else error


@pytest.mark.parametrize(("calls", "success"), [("holds", Held), ("changes", Replaced)])
def test_a_locked_event_holds_up_no_other(engine: Engine, calls: str, success: type) -> None:
    """Calls for another event succeed while the lock lasts; its own succeed later, or give up."""
    tickets = SqlTickets(engine)
    of_locked, of_other = outcomes_beside_a_locked_event(engine, tickets, calls=calls)
    assert [type(each) for each in of_other] == [success] * CROWD
    assert {type(each) for each in of_locked} <= {success, StoreUnavailable}


@pytest.mark.parametrize("calls", ["holds", "changes"])
def test_one_batch_for_all_events_is_the_control(engine: Engine, calls: str) -> None:
    """If steps wait for each event in them, calls for the other event fail as well."""
    tickets = one_batch_for_all(engine)
    _, of_other = outcomes_beside_a_locked_event(engine, tickets, calls=calls)
    assert StoreUnavailable in {type(each) for each in of_other}


def test_callers_of_a_locked_event_are_refused_in_turn(engine: Engine) -> None:
    """Once the lock is gone they succeed again, and no place is lost or taken twice."""
    tickets, events = SqlTickets(engine), SqlEvents(engine)
    event = stored_event(events, capacity=CROWD)
    with ThreadPoolExecutor(CROWD) as pool:
        with locked(engine, event):
            waiting = [pool.submit(hold(tickets, event)) for _ in range(CROWD)]
            await_a_waiting_step(engine)
        got = [outcome(each) for each in waiting]
    taken = sum(isinstance(each, Held) for each in got)
    while taken < CROWD:
        taken += isinstance(tickets.hold(draft(event)), Held)
    stored = events.by_id(event.event_id)
    assert stored is not None
    assert stored.kept == CROWD


def waiting_of_a_crowd(url: str) -> int:
    """Return how many of a crowd wait for a locked event, once the others have been refused."""
    engine = engine_for(url)
    tickets, event = SqlTickets(engine), stored_event(SqlEvents(engine))
    lanes = tickets._holds._lanes  # noqa: SLF001
    deadline = time.monotonic() + SOON_SECONDS
    with ThreadPoolExecutor(LARGE_CROWD) as pool, locked(engine, event):
        crowd = [pool.submit(hold(tickets, event)) for _ in range(LARGE_CROWD)]
        waiting = 0
        while waiting + sum(each.done() for each in crowd) < LARGE_CROWD or not waiting:
            lane = lanes.get(event.event_id)
            waiting = lane.callers if lane is not None else 0
            assert time.monotonic() < deadline
        assert {type(outcome(each)) for each in crowd if each.done()} <= {StoreUnavailable}
    engine.dispose()
    return waiting


def test_few_of_a_crowd_wait_for_a_locked_event(migrated_postgres_url: str) -> None:
    """The others are told to come back, and leave their room to the buyers of other events."""
    assert waiting_of_a_crowd(migrated_postgres_url) == DEFAULT_POOL_SIZE // 4


def test_lanes_without_a_bound_are_the_control(
    monkeypatch: pytest.MonkeyPatch, migrated_postgres_url: str
) -> None:
    """All of the crowd wait, as long as the lock is kept."""
    monkeypatch.setattr("ticketing_adapters.sql.tickets.lanes_at_once", lambda _: LARGE_CROWD)
    assert waiting_of_a_crowd(migrated_postgres_url) == LARGE_CROWD


def test_a_step_that_waits_too_long_is_not_joined(engine: Engine) -> None:
    """With as many locked events as there are connections for them, others go on."""
    tickets, events = SqlTickets(engine), SqlEvents(engine)
    locked_events = [stored_event(events) for _ in range(4)]
    other = stored_event(events)
    with ThreadPoolExecutor(len(locked_events)) as pool:
        with writing(engine) as connection:
            connection.execute(
                text("SELECT 1 FROM events WHERE event_id <> :id FOR UPDATE"),
                {"id": other.event_id},
            )
            waiting = [pool.submit(hold(tickets, each)) for each in locked_events]
            await_a_waiting_step(engine)
            assert isinstance(outcome(pool.submit(hold(tickets, other))), Held)
        for each in waiting:
            outcome(each)
