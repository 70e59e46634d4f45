"""A PostgreSQL that lives and says nothing: no step waits for it without end."""

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
    """A server of our own whose synchronous standby is away; only whoever asks waits for it."""
    if os.environ.get(GIVEN_SERVER_VARIABLE):
        pytest.skip("freezes a server and loses its standby, which a server given to us may not")
    settings = {"synchronous_standby_names": "away", "synchronous_commit": "local"}
    with running_postgres(settings=settings) as server:
        created = server.create_database()
        engine = engine_for(created)
        migrate(engine)
        engine.dispose()
        yield created


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for an answer longer than a moment."""
    monkeypatch.setattr("ticketing_adapters.sql.engine.ANSWER_TIMEOUT", timedelta(seconds=0.5))


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """An engine whose commits wait for no standby."""
    made = engine_for(url)
    yield made
    made.dispose()


def backend_of(connection: Connection) -> int:
    """The server's process of a connection."""
    pid: int = connection.connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]  # the driver's own
    return pid


def test_a_commit_that_waits_for_a_standby_is_left(url: str, engine: Engine) -> None:
    """The outcome is unknown; when the server has decided, a repeat tells."""
    event = stored_event(SqlEvents(engine))
    waits = make_url(url).update_query_dict({"options": WAITS_FOR_STANDBY})
    waiting = engine_for(waits.render_as_string(hide_password=False))
    asked = draft(event)
    with pytest.raises(StoreUnavailable):
        SqlTickets(waiting).hold(asked)
    waiting.dispose()
    assert count_places(engine, event) == 0
    conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(conninfo) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE wait_event = 'SyncRep'"
        )
    assert count_places(engine, event) == 1
    assert isinstance(SqlTickets(engine).hold(asked), Held)
    assert count_places(engine, event) == 1


@pytest.mark.parametrize("words", ["FROM events", "INTO tickets"])
def test_a_server_that_is_frozen_is_left(engine: Engine, words: str) -> None:
    """Nothing was done; whoever comes next gets another connection."""
    event = stored_event(SqlEvents(engine))
    frozen: list[int] = []

    def freeze(connection: Connection) -> None:
        frozen.append(backend_of(connection))
        os.kill(frozen[0], signal.SIGSTOP)

    asked = draft(event)
    try:
        with before(engine, words, freeze), pytest.raises(StoreUnavailable):
            SqlTickets(engine).hold(asked)
    finally:
        os.kill(frozen[0], signal.SIGCONT)
    assert isinstance(SqlTickets(engine).hold(asked), Held)
    assert count_places(engine, event) == 1


def test_a_slow_answer_is_awaited_by_a_migration(url: str) -> None:
    """It takes as long as it takes; and its patience is nobody else's afterwards."""
    new = engine_for(url)
    with before(new, "alembic_version", lambda c: c.execute(text("SELECT pg_sleep(1)"))):
        migrate(new)
    with pytest.raises(Exception, match="timeout"), new.connect() as connection:
        connection.execute(text("SELECT pg_sleep(1)"))
    new.dispose()
