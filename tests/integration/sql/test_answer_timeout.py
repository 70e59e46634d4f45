"""A PostgreSQL that is connected but does not answer: no step waits forever."""

import os
import signal
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import Connection, Engine, make_url, text

from tests.integration.sql.interleaving import before
from tests.integration.sql.racing import count_places
from tests.support.postgres import GIVEN_SERVER_VARIABLE, running_postgres
from ticketing_adapters.sql import SqlEvents, SqlTickets, engine_for, migrate
from ticketing_core.errors import StoreUnavailable
from ticketing_core.reservation import Held
from ticketing_core.testing.contracts.examples import draft, stored_event

WAITS_FOR_STANDBY = "-c synchronous_commit=on"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A new server whose synchronous standby is away. Only commits that choose to wait for it."""
    if os.environ.get(GIVEN_SERVER_VARIABLE):
        pytest.skip("freezes the server and removes its standby; a given server is left alone")
    settings = {"synchronous_standby_names": "away", "synchronous_commit": "local"}
    with running_postgres(settings=settings) as server:
        created = server.create_database()
        engine = engine_for(created)
        migrate(engine)
        engine.dispose()
        yield created


@pytest.fixture(autouse=True)
def _short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every wait for an answer short."""
    monkeypatch.setattr("ticketing_adapters.sql.engine.ANSWER_TIMEOUT", timedelta(seconds=0.5))


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """An engine whose commits do not wait for the standby."""
    made = engine_for(url)
    yield made
    made.dispose()


def backend_of(connection: Connection) -> int:
    """Return the process id of the connection's backend."""
    pid: int = connection.connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]  # psycopg's
    return pid


def test_a_commit_that_waits_for_a_standby_is_given_up(url: str, engine: Engine) -> None:
    """The outcome is unknown; once the server has decided, repeating the hold returns it."""
    event = stored_event(SqlEvents(engine))
    waits = make_url(url).update_query_dict({"options": WAITS_FOR_STANDBY})
    waiting = engine_for(waits.render_as_string(hide_password=False))
    order = draft(event)
    with pytest.raises(StoreUnavailable):
        SqlTickets(waiting).hold(order)
    waiting.dispose()
    assert count_places(engine, event) == 0
    conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(conninfo) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE wait_event = 'SyncRep'"
        )
    assert count_places(engine, event) == 1
    assert isinstance(SqlTickets(engine).hold(order), Held)
    assert count_places(engine, event) == 1


@pytest.mark.parametrize("words", ["FROM events", "INTO tickets"])
def test_a_frozen_server_is_given_up(engine: Engine, words: str) -> None:
    """Nothing was done, and the next step gets another connection."""
    event = stored_event(SqlEvents(engine))
    frozen: list[int] = []

    def freeze(connection: Connection) -> None:
        frozen.append(backend_of(connection))
        os.kill(frozen[0], signal.SIGSTOP)

    order = draft(event)
    try:
        with before(engine, words, freeze), pytest.raises(StoreUnavailable):
            SqlTickets(engine).hold(order)
    finally:
        os.kill(frozen[0], signal.SIGCONT)
    assert isinstance(SqlTickets(engine).hold(order), Held)
    assert count_places(engine, event) == 1


def test_a_migration_waits_for_slow_answers(url: str) -> None:
    """It has no time-out for an answer, and no step gets its connection afterwards."""
    new = engine_for(url)
    with before(new, "alembic_version", lambda c: c.execute(text("SELECT pg_sleep(1)"))):
        migrate(new)
    with pytest.raises(Exception, match="timeout"), new.connect() as connection:
        connection.execute(text("SELECT pg_sleep(1)"))
    new.dispose()
