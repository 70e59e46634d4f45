"""Engines: the URLs that are accepted, and the settings of their connections."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread, Timer

import pytest
from sqlalchemy import Engine, QueuePool, create_engine, event, text

from ticketing_adapters.sql import SqlEvents, SqlTickets, engine_for
from ticketing_adapters.sql.engine import writing
from ticketing_core.testing.contracts.examples import draft, held, stored_event


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite+pysqlite:///:memory:",
        "sqlite:///file::memory:?cache=shared&uri=true",
        "sqlite:///file:shared?mode=memory&cache=shared&uri=true",
    ],
)
def test_a_database_in_memory_is_refused(url: str) -> None:
    """It would be a separate database in each connection; the message says what to do."""
    with pytest.raises(ValueError, match="name a file"):
        engine_for(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ticketing.db",
        "mysql://root:geheim@db/tickets",
        "postgresql+asyncpg://root:geheim@db/tickets",
        "sqlite+aiosqlite:///ticketing.db",
        "postgresql//root:geheim@db/tickets",
    ],
)
def test_another_database_is_refused(url: str) -> None:
    """The message names the accepted URLs and shows no password."""
    with pytest.raises(ValueError, match="postgresql://") as refused:
        engine_for(url)
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_postgresql_is_used_through_psycopg(migrated_postgres_url: str, scheme: str) -> None:
    """Both spellings of its URL are accepted."""
    engine = engine_for(migrated_postgres_url.replace("postgresql+psycopg", scheme))
    assert stored_event(SqlEvents(engine)).kept == 0
    assert engine.dialect.driver == "psycopg"
    engine.dispose()


def test_the_pool_is_bounded(engine: Engine) -> None:
    """Connections are counted and returned, and never exceed the pool's size."""
    pool = engine.pool
    assert isinstance(pool, QueuePool)
    with engine.connect():
        assert pool.checkedout() == 1
    assert pool.checkedout() == 0
    small = engine_for(engine.url.render_as_string(hide_password=False), pool_size=1)
    assert isinstance(small.pool, QueuePool)
    with small.connect():
        assert (small.pool.size(), small.pool.overflow()) == (1, 0)
    small.dispose()


def test_sqlite_waits_for_the_disk_and_for_its_turn(migrated_sqlite_url: str) -> None:
    """Write-ahead log, synchronous commits, foreign keys, and a wait for other writers."""
    engine = engine_for(migrated_sqlite_url)
    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}
    with engine.connect() as first, engine.connect() as second:
        for connection in (first, second):
            seen = {
                name: connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in expected
            }
            assert seen == expected
    engine.dispose()


def test_a_new_file_waits_for_its_writer_to_get_the_log(tmp_path: Path) -> None:
    """SQLite itself does not wait for another writer before it changes the mode."""
    file = tmp_path / "ticketing.db"
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    end = Timer(0.2, other.rollback)
    end.start()
    engine = engine_for(f"sqlite:///{file}")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
    end.join()
    other.close()
    engine.dispose()


@pytest.fixture
def begun(migrated_sqlite_url: str) -> Iterator[tuple[Engine, list[str]]]:
    """An engine on SQLite, and the statements with which its transactions began."""
    engine = engine_for(migrated_sqlite_url)
    statements: list[str] = []

    def record(connection: object, cursor: object, statement: str, *_: object) -> None:
        del connection, cursor
        if statement.startswith("BEGIN"):
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", record)
    yield engine, statements
    engine.dispose()


def test_sqlite_begins_immediately_to_write_and_deferred_to_read(
    begun: tuple[Engine, list[str]],
) -> None:
    """A step that writes waits for its turn before it reads; a look-up does not wait."""
    engine, statements = begun
    order = draft(stored_event(SqlEvents(engine)))
    tickets = SqlTickets(engine)
    assert statements == ["BEGIN IMMEDIATE"]
    ticket = held(tickets, order)
    tickets.replace(ticket, ticket.expired(), at=order.at, why="test", by="suite")
    tickets.claim_due(now=order.at, limit=1)
    assert set(statements) == {"BEGIN IMMEDIATE"}
    statements.clear()
    tickets.by_id(ticket.ticket_id)
    tickets.by_code(ticket.ticket_code)
    tickets.history(ticket.ticket_id)
    tickets.of_buyer("42", before=None, limit=1)
    SqlEvents(engine).newest(before=None, limit=1)
    assert set(statements) == {"BEGIN"}


def test_a_writer_of_sqlite_retries_often(begun: tuple[Engine, list[str]]) -> None:
    """With growing pauses, as SQLite's own are, a busier process would overtake it repeatedly."""
    engine, statements = begun
    has_retried, has_written = Event(), Event()

    def count(*_: object) -> None:
        if len(statements) > 10:
            has_retried.set()

    def write() -> None:
        stored_event(SqlEvents(engine))
        has_written.set()

    with writing(engine):
        event.listen(engine, "before_cursor_execute", count)
        writer = Thread(target=write)
        writer.start()
        assert has_retried.wait(timeout=10)
        assert not has_written.is_set()
    writer.join(timeout=10)
    assert has_written.is_set()
    with engine.connect() as connection:
        # Every other wait for the file is SQLite's own.
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == 10_000


_SETTINGS = {
    "lock_timeout": "10s",
    "statement_timeout": "15s",
    "idle_in_transaction_session_timeout": "30s",
    "TimeZone": "UTC",
    "transaction_isolation": "read committed",
}


def test_nothing_waits_forever_on_postgresql(postgres_engine: Engine) -> None:
    """Locks, statements and idle transactions have time-outs; instants are in UTC."""
    with postgres_engine.connect() as connection:
        for name, value in _SETTINGS.items():
            shown = connection.execute(text("SELECT current_setting(:name)"), {"name": name})
            assert shown.scalar_one() == value


def test_the_database_does_not_choose_the_isolation(migrated_postgres_url: str) -> None:
    """With a snapshot for each whole transaction, places would be sold twice."""
    plain = create_engine(migrated_postgres_url, isolation_level="AUTOCOMMIT")
    with plain.connect() as connection:
        name = plain.url.database
        setting = "SET default_transaction_isolation = 'repeatable read'"
        connection.execute(text(f'ALTER DATABASE "{name}" {setting}'))
    plain.dispose()
    engine = engine_for(migrated_postgres_url)
    with engine.begin() as connection:
        shown = connection.execute(text("SELECT current_setting('transaction_isolation')"))
        assert shown.scalar_one() == "read committed"
    engine.dispose()


def test_parameters_of_the_url_override_the_defaults(migrated_postgres_url: str) -> None:
    """An operator's own time-out applies, and the others stay."""
    engine = engine_for(f"{migrated_postgres_url}&options=-c%20lock_timeout%3D123ms")
    with engine.connect() as connection:
        shown = connection.execute(
            text("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
        )
        assert shown.one() == ("123ms", "15s")
    engine.dispose()
