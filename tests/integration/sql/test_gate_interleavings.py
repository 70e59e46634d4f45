"""Scans that meet other steps at the worst moment, in a fixed order. PostgreSQL only.

SQLite lets one writer in at a time, so nothing can come in between.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text

from tests.integration.sql.interleaving import await_blocked_sessions, before
from tests.integration.sql.racing import count_places
from ticketing_adapters.sql import SqlAdmissions, SqlEvents, SqlTickets
from ticketing_core.errors import ScanIdReused
from ticketing_core.scan import Admitted, AlreadyAdmitted, Recorded, TakenBack, Void
from ticketing_core.testing.contracts.door import Door, entry_of, scan_of, undo_of
from ticketing_core.testing.contracts.examples import stored_event
from ticketing_core.ticket import TicketStatus

LOCK = "FROM tickets"
WRITE = "INSERT INTO admissions"


def open_door(engine: Engine) -> Door:
    """Return a door of a new event."""
    events = SqlEvents(engine)
    return Door(events, SqlTickets(engine), SqlAdmissions(engine), stored_event(events))


@pytest.fixture
def door(postgres_engine: Engine) -> Door:
    """The gate at which the tests scan."""
    return open_door(postgres_engine)


@pytest.fixture
def next_door(door: Door, other: Engine) -> Door:
    """Another gate of the same event, of another process."""
    return Door(door.events, SqlTickets(other), SqlAdmissions(other), door.event)


def test_who_goes_in_meanwhile_counts(door: Door, next_door: Door, postgres_engine: Engine) -> None:
    """People are counted as they are when the scan has the ticket."""
    ticket = door.issued()
    with before(postgres_engine, LOCK, lambda _: next_door.outcome(scan_of(ticket))):
        assert isinstance(door.outcome(scan_of(ticket)), AlreadyAdmitted)
    assert door.now(ticket).inside == 1


def test_a_copy_that_was_faster_is_known(
    door: Door, next_door: Door, postgres_engine: Engine
) -> None:
    """Its people are not counted again, though the ticket has some left."""
    ticket = door.issued(2)
    scan = scan_of(ticket)
    with before(postgres_engine, LOCK, lambda _: next_door.outcome(scan)):
        assert door.outcome(scan) == Admitted(1, 1)
    assert door.now(ticket).inside == 1


def test_a_refund_meanwhile_keeps_people_out(
    door: Door, next_door: Door, postgres_engine: Engine
) -> None:
    """All who come after it; an entry of an offline gate is excess."""
    ticket = door.issued(2)
    with before(postgres_engine, LOCK, lambda _: next_door.refunded(ticket)):
        assert door.outcome(scan_of(ticket)) == Void(TicketStatus.REFUNDED)
    assert isinstance(door.admissions.record(entry_of(scan_of(ticket))), Recorded)
    assert (door.now(ticket).admitted, door.now(ticket).excess) == (0, 1)
    assert count_places(postgres_engine, door.event) == 0


def test_an_id_that_another_ticket_got_meanwhile_is_told(
    door: Door, next_door: Door, postgres_engine: Engine
) -> None:
    """The scans meet at the unique key: the slower one does nothing and decides again."""
    ticket, faster = door.issued(), door.issued()
    scan = scan_of(ticket)
    same = scan_of(faster, scan_id=scan.scan_id)
    with before(postgres_engine, WRITE, lambda _: next_door.outcome(same)):
        assert door.admissions.admit(scan) == ScanIdReused()
    assert (door.now(ticket), door.now(faster).inside) == (ticket, 1)


def store_one_id_twice(door: Door, next_door: Door, engine: Engine, *, undo: bool) -> None:
    """Let people in while another ticket gets the scan's id for what lets nobody in."""
    ticket, used = door.issued(), door.issued()
    door.outcome(scan_of(used))
    scan = scan_of(ticket)
    same = scan_of(used, scan_id=scan.scan_id)

    def other(_: object) -> object:
        return next_door.admissions.take_back(undo_of(same)) if undo else next_door.outcome(same)

    with before(engine, WRITE, other):
        assert door.admissions.admit(scan) == ScanIdReused()
    assert door.now(ticket) == ticket


@pytest.mark.parametrize("undo", [False, True], ids=["refusal", "undo"])
def test_an_id_that_another_ticket_got_for_a_no_is_told(
    door: Door, next_door: Door, postgres_engine: Engine, *, undo: bool
) -> None:
    """Two rows of different kinds meet at the key, too: an id belongs to one ticket."""
    store_one_id_twice(door, next_door, postgres_engine, undo=undo)


def test_a_key_of_each_kind_is_the_control(
    door: Door, next_door: Door, postgres_engine: Engine
) -> None:
    """Control: with one row of each kind allowed, both tickets get the id."""
    with postgres_engine.begin() as connection:
        connection.execute(text("ALTER TABLE admissions DROP CONSTRAINT uq_admissions_scan_id_nth"))
        connection.execute(text("ALTER TABLE admissions ADD UNIQUE (scan_id, kind)"))
    with pytest.raises(AssertionError, match="Admitted"):
        store_one_id_twice(door, next_door, postgres_engine, undo=False)


def test_a_shared_step_that_fails_at_one_scan_lets_the_others_in(
    door: Door, next_door: Door, postgres_engine: Engine
) -> None:
    """It is rolled back and decides again on all of them."""
    tickets = [door.issued() for _ in range(3)]
    scans = [scan_of(each) for each in tickets]
    same = scan_of(door.issued(), scan_id=scans[1].scan_id)
    with before(postgres_engine, WRITE, lambda _: next_door.outcome(same)):
        decided = SqlAdmissions(postgres_engine)._decide_all(scans)  # noqa: SLF001 - a shared step
    outcomes = [each.decision.outcome for each in decided]
    assert outcomes == [Admitted(1, 0), ScanIdReused(), Admitted(1, 0)]
    assert [door.now(each).inside for each in tickets] == [1, 0, 1]


def test_only_taking_back_waits_for_the_event(door: Door, other: Engine) -> None:
    """A rush of buyers, who lock the event, holds up no scan and no entry."""
    ticket = door.issued(3)
    scan = scan_of(ticket)
    lock = text("SELECT 1 FROM events FOR NO KEY UPDATE")
    with ThreadPoolExecutor(1) as pool, other.connect() as buyer:
        buyer.execute(lock)
        assert door.outcome(scan) == Admitted(1, 2)
        assert isinstance(door.admissions.record(entry_of(scan_of(ticket))), Recorded)
        undone = pool.submit(door.admissions.take_back, undo_of(scan))
        await_blocked_sessions(other)
        assert not undone.done()
        buyer.rollback()
        assert undone.result() == TakenBack(1, 2)
