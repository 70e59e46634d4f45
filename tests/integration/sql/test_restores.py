"""A restore that begins, and ids that are left out, while holds are under way. PostgreSQL only.

SQLite lets one writer in at a time, so nothing can come in between.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime

import pytest
from sqlalchemy import Engine, event, select, text, update

from tests.integration.sql.interleaving import await_blocked_sessions, before
from tests.integration.sql.racing import count_places
from ticketing_adapters.sql import SqlEvents, SqlInstallation, SqlTickets
from ticketing_adapters.sql.installation_tables import installation
from ticketing_adapters.sql.tables import events
from ticketing_core.errors import NotReady
from ticketing_core.reservation import Held, HoldOutcome
from ticketing_core.testing.contracts.examples import NOON, draft, held, stored_event

Point = Callable[[Engine, Callable[[], object]], AbstractContextManager[None]]


class MarksOnly(SqlInstallation):
    """Control: it waits for nobody."""

    def begin_restore(self, *, at: datetime) -> None:
        """See `Installation.begin_restore`."""
        with self._engine.begin() as connection:
            connection.execute(update(installation).values(restoring_since=at))


class LocksAllEvents(MarksOnly):
    """Control: it waits for the holds that have locked an event by now."""

    def begin_restore(self, *, at: datetime) -> None:
        """See `Installation.begin_restore`."""
        super().begin_restore(at=at)
        with self._engine.begin() as connection:
            connection.execute(select(events.c.event_id).with_for_update())


@contextmanager
def before_commit(engine: Engine, action: Callable[[], object]) -> Iterator[None]:
    """Call `action` just before the engine's next commit."""
    event.listen(engine, "commit", lambda _: action(), once=True)
    yield


@contextmanager
def before_write(engine: Engine, action: Callable[[], object]) -> Iterator[None]:
    """Call `action` when a hold has decided, with the lock of its event."""
    with before(engine, "INSERT INTO tickets", lambda _: action()):
        yield


@contextmanager
def before_lock(engine: Engine, action: Callable[[], object]) -> Iterator[None]:
    """Call `action` when a hold has its snapshot and waits for an id, before it locks its event."""
    with engine.connect() as blocker, ThreadPoolExecutor(1) as pool:
        # Holds back all who want the next value.
        blocker.execute(text("ALTER SEQUENCE tickets_ticket_id_seq CACHE 1"))

        def act() -> None:
            await_blocked_sessions(blocker.engine)
            action()
            blocker.rollback()

        acting = pool.submit(act)
        yield
        acting.result()


def places_at_return_and_later(
    engine: Engine, store: SqlInstallation, *, other: Engine, point: Point
) -> tuple[HoldOutcome, int, int]:
    """Begin a restore at this point of a hold.

    Returns:
        The outcome of the hold, and the places that were kept when the restore had begun and when
        the hold had ended.
    """
    concert = stored_event(SqlEvents(engine))
    restoring: list[Future[int]] = []

    def begin_restore() -> int:
        store.begin_restore(at=NOON)
        return count_places(other, concert)

    with ThreadPoolExecutor(1) as pool:

        def begin() -> None:
            blocked = 2 if point is before_lock else 1
            restoring.append(pool.submit(begin_restore))
            await_blocked_sessions(other, blocked, unless=restoring[0].done)

        with point(engine, begin):
            outcome = SqlTickets(engine).hold(draft(concert))
        return outcome, restoring[0].result(), count_places(other, concert)


@pytest.mark.parametrize("point", [before_lock, before_write, before_commit])
def test_a_restore_waits_for_the_holds_under_way(
    postgres_engine: Engine, other: Engine, point: Point
) -> None:
    """At whatever point they are: what they have sold is there when the restore has begun."""
    outcome, at_return, later = places_at_return_and_later(
        postgres_engine, SqlInstallation(other), other=other, point=point
    )
    assert isinstance(outcome, Held)
    assert at_return == later == 1


@pytest.mark.parametrize(
    ("broken", "point"),
    [(MarksOnly, before_commit), (MarksOnly, before_write), (LocksAllEvents, before_lock)],
)
def test_a_restore_that_waits_for_too_little_is_noticed(
    postgres_engine: Engine, other: Engine, broken: type[SqlInstallation], point: Point
) -> None:
    """Control: a hold takes effect after the restore has begun.

    Locking all events is too little for a hold that has read the mark and not locked its event.
    """
    outcome, at_return, later = places_at_return_and_later(
        postgres_engine, broken(other), other=other, point=point
    )
    assert isinstance(outcome, Held)
    assert (at_return, later) == (0, 1)


@pytest.mark.parametrize("holds_before", [0, 10], ids=["new statement", "prepared statement"])
def test_a_hold_that_comes_while_a_restore_begins_sees_it(
    postgres_engine: Engine, other: Engine, holds_before: int
) -> None:
    """It waits, and then reads the mark that it could not see when it came."""
    concert = stored_event(SqlEvents(postgres_engine), capacity=99)
    tickets = SqlTickets(other)
    for _ in range(holds_before):
        held(tickets, draft(concert))
    waiting: list[Future[HoldOutcome]] = []
    with ThreadPoolExecutor(1) as pool:

        def come() -> None:
            waiting.append(pool.submit(tickets.hold, draft(concert)))
            await_blocked_sessions(postgres_engine)

        with before(postgres_engine, "UPDATE installation", lambda _: come()):
            SqlInstallation(postgres_engine).begin_restore(at=NOON)
        assert isinstance(waiting[0].result(), NotReady)
    assert count_places(other, concert) == holds_before


def ids_around_a_gap(engine: Engine, *, other: Engine) -> tuple[int, int]:
    """Return the id of a hold that comes while ids are left out, and the next one."""
    concert = stored_event(SqlEvents(engine))
    during: list[Future[int]] = []
    with ThreadPoolExecutor(1) as pool:

        def hold() -> int:
            return held(SqlTickets(other), draft(concert)).ticket_id

        def come() -> None:
            during.append(pool.submit(hold))
            await_blocked_sessions(engine, unless=during[0].done)

        with before(engine, "setval", lambda _: come()):
            SqlInstallation(engine).skip_ids(named=0, gap=0)
        return during[0].result(), hold()


def test_no_id_is_given_while_ids_are_left_out(
    postgres_engine: Engine, other: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ids rise on. Control: without a lock the database goes back to an id that it has given."""
    first, second = ids_around_a_gap(postgres_engine, other=other)
    assert first < second
    monkeypatch.setattr("ticketing_adapters.sql.installation._lock_out_holds", lambda _: None)
    first, second = ids_around_a_gap(postgres_engine, other=other)
    assert first > second


def test_reads_do_not_wait_for_a_restore_that_begins(
    postgres_engine: Engine, other: Engine
) -> None:
    """The list of events, a ticket and readiness are as quick as ever."""
    store = SqlEvents(postgres_engine)
    concert = stored_event(store)
    ticket = held(SqlTickets(postgres_engine), draft(concert))
    read: list[object] = []

    def look() -> None:
        read.append(SqlEvents(other).newest(before=None, limit=9)[0].event_id)
        read.append(SqlTickets(other).by_id(ticket.ticket_id))
        read.append(SqlInstallation(other).state().restoring_since)

    with before(postgres_engine, "UPDATE installation", lambda _: look()):
        SqlInstallation(postgres_engine).begin_restore(at=NOON)
    assert read == [concert.event_id, ticket, None]


def test_claiming_looks_does_not_wait_for_work_in_progress(
    postgres_engine: Engine, other: Engine
) -> None:
    """A ticket that another step is changing is left out; the other noted ones are claimed."""
    tickets = SqlTickets(postgres_engine)
    concert = stored_event(SqlEvents(postgres_engine))
    busy, free = (held(tickets, draft(concert)) for _ in range(2))
    tickets.look_again([busy.ticket_id, free.ticket_id], at=NOON)
    locked = text("SELECT 1 FROM tickets WHERE ticket_id = :busy FOR UPDATE")
    with other.connect() as blocker:
        blocker.execute(locked, {"busy": busy.ticket_id})
        assert [look.ticket for look in tickets.claim_looks(now=NOON, limit=9)] == [free]
    assert [look.ticket for look in tickets.claim_looks(now=NOON, limit=9)] == [busy]
