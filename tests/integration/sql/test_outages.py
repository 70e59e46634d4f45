"""What the database refuses for good or for now is an outage; a bug of ours is not."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.integration.sql.interleaving import before
from tests.integration.sql.racing import count_places
from ticketing_adapters.sql import (
    SqlEvents,
    SqlTickets,
    engine_for,
)
from ticketing_core.errors import StoreUnavailable
from ticketing_core.event import Event
from ticketing_core.reservation import Held, TicketDraft
from ticketing_core.testing.contracts.examples import (
    NOON,
    checkout,
    draft,
    held,
    stored_event,
)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch, migrated_url: str) -> Iterator[Engine]:
    """An engine with a single connection and a short time-out for locks."""
    monkeypatch.setattr("ticketing_adapters.sql.engine.LOCK_TIMEOUT", timedelta(milliseconds=100))
    engine = engine_for(migrated_url, pool_size=1)
    yield engine
    engine.dispose()


def test_a_row_that_stays_locked_is_an_outage(engine: Engine, impatient: Engine) -> None:
    """A step does not wait forever for one that froze, and succeeds when that one is gone."""
    event_ = stored_event(SqlEvents(engine))
    order = draft(event_)
    with engine.connect().execution_options(ticketing_writes=True) as frozen:
        frozen.execute(text("UPDATE events SET kept = kept"))
        with pytest.raises(StoreUnavailable, match="database") as raised:
            SqlTickets(impatient).hold(order)
        assert "lock" in raised.value.reason
    assert isinstance(SqlTickets(impatient).hold(order), Held)


def test_a_pool_that_stays_empty_is_an_outage(impatient: Engine) -> None:
    """A step does not wait forever for a connection."""
    events = SqlEvents(impatient)
    with impatient.connect(), pytest.raises(StoreUnavailable) as raised:
        events.by_id(1)
    assert "pool" in raised.value.reason
    assert events.by_id(1) is None


def test_a_full_disk_is_an_outage(migrated_sqlite_url: str) -> None:
    """A hold that did not fit is not stored; repeating it succeeds once there is room."""
    engine = engine_for(migrated_sqlite_url, pool_size=1)
    event_ = stored_event(SqlEvents(engine), capacity=1000)
    tickets = SqlTickets(engine)
    _allow_pages(engine, 1)
    refusal, order = _first_refusal(tickets, event_)
    assert "full" in refusal.reason
    before_repeat = count_places(engine, event_)
    _allow_pages(engine, 10_000)
    assert isinstance(tickets.hold(order), Held)
    assert count_places(engine, event_) == before_repeat + 1
    engine.dispose()


def _first_refusal(tickets: SqlTickets, event_: Event) -> tuple[StoreUnavailable, TicketDraft]:
    while True:
        order = draft(event_)
        try:
            held(tickets, order)
        except StoreUnavailable as refusal:
            return refusal, order


def _allow_pages(engine: Engine, number: int) -> None:
    with engine.connect() as connection:
        # SQLite raises the number to the pages in use.
        connection.execute(text(f"PRAGMA max_page_count = {number}"))


def test_a_file_that_is_not_a_database_is_an_outage(tmp_path: Path) -> None:
    """A damaged file is treated like a missing server."""
    file = tmp_path / "ticketing.db"
    file.write_text("something else " * 100)
    engine = engine_for(f"sqlite:///{file}")
    with pytest.raises(StoreUnavailable, match="database") as raised:
        SqlEvents(engine).by_id(1)
    assert "not a database" in raised.value.reason


def test_nothing_is_decided_on_a_replica(migrated_postgres_url: str) -> None:
    """A server that accepts no writes is not used; it may be behind."""
    engine = engine_for(f"{migrated_postgres_url}&options=-c%20default_transaction_read_only%3Don")
    with pytest.raises(StoreUnavailable) as raised:
        SqlEvents(engine).by_id(1)
    assert "read-only" in raised.value.reason


def test_a_server_that_becomes_a_replica_is_an_outage(migrated_postgres_url: str) -> None:
    """Also for a connection that is older than the change."""
    engine = engine_for(migrated_postgres_url, pool_size=1)
    event_ = stored_event(SqlEvents(engine))

    def forbid(connection: Connection) -> None:
        connection.connection.cursor().execute("SET TRANSACTION READ ONLY")

    tickets = SqlTickets(engine)
    with before(engine, "INTO tickets", forbid), pytest.raises(StoreUnavailable) as raised:
        tickets.hold(draft(event_))
    assert "read-only" in raised.value.reason
    engine.dispose()


def test_a_bug_is_not_reported_as_an_outage(empty_engine: Engine, engine: Engine) -> None:
    """No repeat mends a missing table, or two tickets with one checkout."""
    with pytest.raises(DBAPIError, match="events"):
        SqlEvents(empty_engine).by_id(1)
    event_ = stored_event(SqlEvents(engine))
    tickets = SqlTickets(engine)
    first, second = (held(tickets, draft(event_)) for _ in range(2))
    opened = checkout()
    for ticket in (first, second):
        change = ticket.paying(opened, until=NOON)
        if ticket is first:
            tickets.replace(ticket, change, at=NOON, why="test", by="suite")
        else:
            with pytest.raises(IntegrityError, match="checkout_id"):
                tickets.replace(ticket, change, at=NOON, why="test", by="suite")
    assert tickets.by_id(second.ticket_id) == second
