"""The store through PgBouncer as it comes, in both of its modes."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from tests.integration.sql import test_contracts
from tests.support.pgbouncer import PgBouncer, running_pgbouncer
from tests.support.postgres import PostgresServer
from ticketing_adapters.sql import SqlEvents, SqlTickets, engine_for, is_usable, migrate, sessions
from ticketing_adapters.sql.engine import reading, writing, writing_at_once
from ticketing_core.errors import StoreUnavailable
from ticketing_core.testing.contracts.examples import draft, held, stored_event

SETTINGS = {
    "lock_timeout": "10s",
    "statement_timeout": "15s",
    "idle_in_transaction_session_timeout": "30s",
    "TimeZone": "UTC",
    "transaction_isolation": "read committed",
}


@pytest.fixture
def pooled_url(pgbouncer: PgBouncer, migrated_postgres_url: str) -> str:
    """The URL of a new, migrated database through PgBouncer."""
    return pgbouncer.url(migrated_postgres_url)


@pytest.fixture
def engine(pooled_url: str) -> Iterator[Engine]:
    """An engine that connects through PgBouncer."""
    made = engine_for(pooled_url)
    yield made
    made.dispose()


class TestEvents(test_contracts.TestSqlEvents):
    """Events through PgBouncer."""


class TestTickets(test_contracts.TestSqlTickets):
    """Tickets through PgBouncer."""


class TestAdmissions(test_contracts.TestSqlAdmissions):
    """The gate through PgBouncer."""


class TestLeases(test_contracts.TestSqlLeases):
    """Leases through PgBouncer."""


def shown(engine: Engine) -> dict[str, str]:
    """Return the settings of a transaction."""
    with writing(engine) as connection:
        return {
            name: connection.execute(
                text("SELECT current_setting(:name)"), {"name": name}
            ).scalar_one()
            for name in SETTINGS
        }


def look_up_often(engine: Engine) -> None:
    """Look up more often than the driver waits before it prepares a statement."""
    for _ in range(10):
        SqlEvents(engine).by_id(1)


def test_a_new_database_is_migrated(pgbouncer: PgBouncer, postgres_url: str) -> None:
    """`migrate` works through it."""
    engine = engine_for(pgbouncer.url(postgres_url))
    migrate(engine)
    assert is_usable(engine)
    engine.dispose()


def test_each_transaction_has_its_time_outs(engine: Engine) -> None:
    """As without PgBouncer, though it refuses the settings that a session asks for."""
    assert shown(engine) == SETTINGS


def test_free_tickets_are_held_where_the_time_outs_are(engine: Engine) -> None:
    """Not in one statement without a transaction, which would have none."""
    with writing_at_once(engine, patience=None) as connection:
        assert connection is None


def test_look_ups_are_in_utc(engine: Engine) -> None:
    """They depend on it, and no transaction sets it for them."""
    with reading(engine) as connection:
        assert connection.execute(text("SELECT current_setting('TimeZone')")).scalar_one() == "UTC"


def test_nothing_is_left_for_other_clients(
    pgbouncer_program: str, postgres_server: PostgresServer, migrated_postgres_url: str
) -> None:
    """The next client of the server's connection finds neither settings nor prepared statements."""
    with running_pgbouncer(
        pgbouncer_program, postgres_server, mode="transaction", pool_size=1
    ) as pooler:
        engine = engine_for(pooler.url(migrated_postgres_url))
        held(SqlTickets(engine), draft(stored_event(SqlEvents(engine))))
        look_up_often(engine)
        with psycopg.connect(pooler.url(migrated_postgres_url), autocommit=True) as other:
            settings = "current_setting('lock_timeout'), current_setting('statement_timeout')"
            assert other.execute(f"SELECT {settings}").fetchone() == ("0", "0")
            assert other.execute("SELECT count(*) FROM pg_prepared_statements").fetchone() == (0,)
        engine.dispose()


@pytest.mark.parametrize("mode", ["session", "transaction"])
def test_settings_that_are_ignored_are_made_up_for(
    mode: str,
    pgbouncer_program: str,
    postgres_server: PostgresServer,
    migrated_postgres_url: str,
) -> None:
    """With `ignore_startup_parameters = options`, as many set it, time-outs still apply."""
    with running_pgbouncer(
        pgbouncer_program,
        postgres_server,
        mode=mode,
        more="ignore_startup_parameters = options",
    ) as pooler:
        engine = engine_for(pooler.url(migrated_postgres_url))
        assert shown(engine) == SETTINGS
        engine.dispose()


def test_settings_of_the_session_alone_are_the_control(
    monkeypatch: pytest.MonkeyPatch, pgbouncer: PgBouncer, migrated_postgres_url: str
) -> None:
    """PgBouncer refuses a client that insists on them."""
    monkeypatch.setattr(sessions, "_REFUSED", "something else")
    engine = engine_for(pgbouncer.url(migrated_postgres_url))
    with pytest.raises(StoreUnavailable, match="database") as raised:
        SqlEvents(engine).by_id(1)
    assert "unsupported startup parameter" in raised.value.reason
    engine.dispose()


def test_prepared_statements_are_the_control(
    monkeypatch: pytest.MonkeyPatch,
    pgbouncer_program: str,
    postgres_server: PostgresServer,
    migrated_postgres_url: str,
) -> None:
    """Where clients share connections, a statement that one of them prepared meets another."""
    # It cannot be changed any more.
    monkeypatch.setattr(
        sessions.SessionConnection, "prepare_threshold", property(lambda _: 5, lambda *_: None)
    )
    with running_pgbouncer(
        pgbouncer_program, postgres_server, mode="transaction", pool_size=1
    ) as pooler:
        first, second = (engine_for(pooler.url(migrated_postgres_url)) for _ in range(2))
        look_up_often(first)
        with pytest.raises(DBAPIError, match="prepared statement"):
            look_up_often(second)
        first.dispose()
        second.dispose()
