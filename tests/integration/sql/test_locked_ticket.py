"""A ticket that a forgotten transaction keeps locked holds up its own scanners, and no others."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Engine, text

from tests.integration.sql.interleaving import await_blocked_sessions
from ticketing_adapters.sql import SqlAdmissions, SqlEvents, SqlTickets, lanes
from ticketing_adapters.sql.batching import Batcher
from ticketing_adapters.sql.engine import DEFAULT_POOL_SIZE
from ticketing_adapters.sql.scans import gate_keys
from ticketing_core.errors import StoreUnavailable
from ticketing_core.reservation import Held
from ticketing_core.scan import Admitted, TakenBack
from ticketing_core.testing.contracts.door import Door, scan_of, undo_of
from ticketing_core.testing.contracts.examples import NOON, draft, held, stored_event

SOON_SECONDS = 30.0
NOT_SOON_SECONDS = 2.0


def open_door(engine: Engine) -> Door:
    """Return a door of a new event."""
    events = SqlEvents(engine)
    event = stored_event(events, capacity=100)
    return Door(events, SqlTickets(engine), SqlAdmissions(engine), event)


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that is made from now on waits a second for a row: the control ends sooner."""
    monkeypatch.setattr("ticketing_adapters.sql.engine.LOCK_TIMEOUT", timedelta(seconds=1))


LOCK_TICKET = text("SELECT 1 FROM tickets WHERE ticket_id = :id FOR UPDATE")


def outcomes_beside_a_locked_ticket(door: Door, other: Engine) -> list[object]:
    """Scan other tickets while one is locked, and scanners wait for that one."""
    busy, *free = (door.issued() for _ in range(4))
    with ThreadPoolExecutor(5) as pool, other.connect() as operator:
        operator.execute(LOCK_TICKET, {"id": busy.ticket_id})
        waiting = [pool.submit(door.outcome, scan_of(busy))]
        await_blocked_sessions(other)
        waiting.append(pool.submit(door.outcome, scan_of(busy)))
        others = [pool.submit(door.outcome, scan_of(each)) for each in free]
        outcomes: list[object] = [each.exception() or each.result() for each in others]
        operator.rollback()
        for each in waiting:
            each.exception()
    return outcomes


@pytest.mark.usefixtures("_impatient")
def test_a_locked_ticket_holds_up_no_other(postgres_engine: Engine, other: Engine) -> None:
    """Its own scanners wait, and the others are answered while the lock lasts."""
    door = open_door(postgres_engine)
    assert outcomes_beside_a_locked_ticket(door, other) == [Admitted(1, 0)] * 3


@pytest.mark.usefixtures("_impatient")
def test_one_batch_for_all_tickets_is_the_control(postgres_engine: Engine, other: Engine) -> None:
    """Control: steps that wait for every ticket in them let nobody in."""
    door = open_door(postgres_engine)
    store = door.admissions
    assert isinstance(store, SqlAdmissions)
    store._scans = Batcher(store._decide_all, conflict_keys=gate_keys)  # type: ignore[assignment]  # noqa: SLF001
    outcomes = outcomes_beside_a_locked_ticket(door, other)
    assert [type(each) for each in outcomes] == [StoreUnavailable] * 3


def outcomes_in_a_step_with_a_locked_ticket(door: Door, other: Engine) -> list[object]:
    """Scan other tickets in the same shared step as one that is locked."""
    first, busy, *free = (door.issued() for _ in range(5))
    store = door.admissions
    assert isinstance(store, SqlAdmissions)
    shared = store._scans._shared  # noqa: SLF001 - nothing else tells who waits for a step
    with ThreadPoolExecutor(5) as pool, other.connect() as operator:
        operator.execute(LOCK_TICKET, {"id": busy.ticket_id})
        with other.connect() as short:
            short.execute(LOCK_TICKET, {"id": first.ticket_id})
            waiting = [pool.submit(door.outcome, scan_of(first))]
            await_blocked_sessions(other)
            waiting.append(pool.submit(door.outcome, scan_of(busy)))
            others = [pool.submit(door.outcome, scan_of(each)) for each in free]
            while len(shared._waiting) < len(waiting[1:] + others) and not waiting[0].done():  # noqa: SLF001
                pass
        outcomes: list[object] = [each.exception() or each.result() for each in others]
        operator.rollback()
        for each in waiting:
            each.exception()
    return outcomes


def test_a_step_with_a_locked_ticket_holds_up_few(postgres_engine: Engine, other: Engine) -> None:
    """It gives up; each of the others is decided then, and waits for no room of the locked one."""
    door = open_door(postgres_engine)
    assert outcomes_in_a_step_with_a_locked_ticket(door, other) == [Admitted(1, 0)] * 3


def test_lanes_that_wait_at_once_are_the_control(
    monkeypatch: pytest.MonkeyPatch, postgres_engine: Engine, other: Engine
) -> None:
    """Control: the lane of the locked ticket takes the only room, and the others are refused."""
    monkeypatch.setattr(lanes, "_Lane", partial(lanes._Lane, is_tried=True))  # noqa: SLF001
    door = open_door(postgres_engine)
    outcomes = outcomes_in_a_step_with_a_locked_ticket(door, other)
    assert StoreUnavailable in {type(each) for each in outcomes}


def outcomes_of_undos(door: Door, other: Engine, *, crowd: int, seconds: float) -> list[object]:
    """Take a scan back often while its ticket is locked, and buy at its event in the end.

    Raises:
        TimeoutError: Somebody still waits for the ticket after so many seconds.
    """
    ticket = door.issued()
    scan = scan_of(ticket)
    door.outcome(scan)
    with ThreadPoolExecutor(crowd) as pool, other.connect() as operator:
        operator.execute(LOCK_TICKET, {"id": ticket.ticket_id})
        try:
            undos = [pool.submit(door.admissions.take_back, undo_of(scan)) for _ in range(crowd)]
            outcomes: list[object] = [each.exception(seconds) for each in undos]
            outcomes.append(pool.submit(door.tickets.hold, draft(door.event)).result(seconds))
        finally:
            operator.rollback()
    outcomes.append(door.admissions.take_back(undo_of(scan)))
    return outcomes


def test_taking_back_keeps_no_event_for_a_locked_ticket(
    postgres_engine: Engine, other: Engine
) -> None:
    """It gives up soon, since buyers wait for the event; and it can be repeated."""
    door = open_door(postgres_engine)
    crowd = 2 * DEFAULT_POOL_SIZE
    *undos, bought, undone = outcomes_of_undos(door, other, crowd=crowd, seconds=SOON_SECONDS)
    assert {type(each) for each in undos} == {StoreUnavailable}
    assert isinstance(bought, Held)
    assert undone == TakenBack(1, 1)


def test_waiting_with_the_event_is_the_control(
    monkeypatch: pytest.MonkeyPatch, postgres_engine: Engine, other: Engine
) -> None:
    """Control: as long as the ticket is locked, so is its event."""
    monkeypatch.setattr("ticketing_adapters.sql.scans.SHORT", None)
    with pytest.raises(TimeoutError):
        outcomes_of_undos(open_door(postgres_engine), other, crowd=1, seconds=NOT_SOON_SECONDS)


def expired_while_locked(door: Door, other: Engine, *, seconds: float) -> object:
    """Give the places of a locked ticket back; return what that has become.

    Raises:
        TimeoutError: It still waits for the ticket after so many seconds.
    """
    ticket = held(door.tickets, draft(door.event))
    late = partial(door.tickets.replace, ticket, ticket.expired(), at=NOON, why="late", by="suite")
    with ThreadPoolExecutor(1) as pool, other.connect() as operator:
        operator.execute(LOCK_TICKET, {"id": ticket.ticket_id})
        try:
            return pool.submit(late).exception(seconds)
        finally:
            operator.rollback()


def test_a_change_keeps_no_event_for_a_locked_ticket(
    postgres_engine: Engine, other: Engine
) -> None:
    """The same, where a ticket gives its places back."""
    door = open_door(postgres_engine)
    outcome = expired_while_locked(door, other, seconds=SOON_SECONDS)
    assert isinstance(outcome, StoreUnavailable)


def test_a_change_that_waits_with_the_event_is_the_control(
    monkeypatch: pytest.MonkeyPatch, postgres_engine: Engine, other: Engine
) -> None:
    """Control: it waits for as long as for any row."""
    monkeypatch.setattr("ticketing_adapters.sql.changes.SHORT", None)
    with pytest.raises(TimeoutError):
        expired_while_locked(open_door(postgres_engine), other, seconds=NOT_SOON_SECONDS)


def waiting_for_connections(door: Door, other: Engine) -> int:
    """Return how many sessions wait while a crowd takes scans of a locked ticket back."""
    ticket = door.issued(8)
    scans = [scan_of(ticket) for _ in range(8)]
    for each in scans:
        door.outcome(each)
    with ThreadPoolExecutor(len(scans)) as pool, other.connect() as operator:
        operator.execute(LOCK_TICKET, {"id": ticket.ticket_id})
        undos = [pool.submit(door.admissions.take_back, undo_of(each)) for each in scans]
        most = 0
        count = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        while not all(each.done() for each in undos):
            most = max(most, operator.execute(count).scalar_one())
        operator.rollback()
    return most


def test_few_that_take_back_wait(postgres_engine: Engine, other: Engine) -> None:
    """One in the shared step and one in the lane: the other connections are for others."""
    assert waiting_for_connections(open_door(postgres_engine), other) <= 2


def test_a_step_for_each_undo_is_the_control(
    monkeypatch: pytest.MonkeyPatch, postgres_engine: Engine, other: Engine
) -> None:
    """Control: all of them wait, each with a connection."""
    door = open_door(postgres_engine)
    store = door.admissions
    assert isinstance(store, SqlAdmissions)
    monkeypatch.setattr(store._undos, "run", lambda undo: store._decide_all([undo])[0])  # noqa: SLF001
    assert waiting_for_connections(door, other) > 2
