"""When the database fails: one error for the caller, nothing half done, and a repeat is safe."""

import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, Engine, text

from tests.integration.sql.interleaving import before
from tests.integration.sql.racing import count_places, stored_tickets
from ticketing_adapters.sql import (
    SqlEvents,
    SqlInstallation,
    SqlLeases,
    SqlPace,
    SqlPublicKeys,
    SqlStrays,
    SqlTickets,
    engine_for,
    installation_id,
    is_empty,
    is_usable,
    migrate,
    origin_in,
)
from ticketing_adapters.sql.clock import seconds_since_boot
from ticketing_core.changes import Replaced
from ticketing_core.errors import StoreUnavailable
from ticketing_core.query import TicketQuery
from ticketing_core.reservation import Held
from ticketing_core.schedule import DueLook
from ticketing_core.testing import ManualClock
from ticketing_core.testing.contracts.examples import (
    NOON,
    draft,
    event_draft,
    held,
    stored_event,
)
from ticketing_core.testing.contracts.strays import stray


@contextmanager
def lost_commit_answer(engine: Engine) -> Iterator[None]:
    """Commit, then fail as the driver does when the connection or the disk does not answer."""
    commit = engine.dialect.do_commit

    def commit_and_fail(connection: Any) -> None:
        commit(connection)
        if engine.dialect.name == "sqlite":
            error = sqlite3.OperationalError("disk I/O error")
            # The extended result code, as SQLite reports it.
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
            raise error
        driver_connection = connection.dbapi_connection
        driver_connection.close()
        # Using a closed connection raises the driver's own error.
        driver_connection.commit()

    engine.dialect.do_commit = commit_and_fail  # type: ignore[method-assign, assignment]  # the injected fault
    try:
        yield
    finally:
        engine.dialect.do_commit = commit  # type: ignore[method-assign]  # the end of it


_EVENT = event_draft().event(1)
_TICKET = draft(_EVENT).ticket(1)

_STEPS: dict[str, Callable[[Engine], object]] = {
    "add": lambda engine: SqlEvents(engine).add(event_draft(), at=NOON, by="suite"),
    "event replace": lambda engine: SqlEvents(engine).replace(
        _EVENT, _EVENT.cancelled(at=NOON), at=NOON, why="test", by="suite"
    ),
    "latest": lambda engine: SqlEvents(engine).latest(1),
    "unwinding": lambda engine: SqlEvents(engine).unwinding(),
    "event history": lambda engine: SqlEvents(engine).history(1, before=None, limit=1),
    "keeping_all": lambda engine: SqlTickets(engine).keeping_all(1, limit=1),
    "to_refund": lambda engine: SqlTickets(engine).to_refund(1),
    "event by_id": lambda engine: SqlEvents(engine).by_id(1),
    "newest": lambda engine: SqlEvents(engine).newest(before=None, limit=1),
    "hold": lambda engine: SqlTickets(engine).hold(draft(_EVENT)),
    "replace": lambda engine: SqlTickets(engine).replace(
        _TICKET, _TICKET.expired(), at=NOON, why="test", by="suite"
    ),
    "ticket by_id": lambda engine: SqlTickets(engine).by_id(1),
    "by_code": lambda engine: SqlTickets(engine).by_code(_TICKET.ticket_code),
    "by_checkout": lambda engine: SqlTickets(engine).by_checkout("co_1"),
    "by_payment": lambda engine: SqlTickets(engine).by_payment("pay_1"),
    "of_buyer": lambda engine: SqlTickets(engine).of_buyer("42", before=None, limit=1),
    "paying": lambda engine: SqlTickets(engine).paying(buyer="42", event_id=1),
    "claim_due": lambda engine: SqlTickets(engine).claim_due(now=NOON, limit=1),
    "made_since": lambda engine: SqlTickets(engine).made_since(NOON, after=0, limit=1),
    "postpone": lambda engine: SqlTickets(engine).postpone(_TICKET, until=NOON),
    "look_again": lambda engine: SqlTickets(engine).look_again([1], at=NOON),
    "claim_looks": lambda engine: SqlTickets(engine).claim_looks(now=NOON, limit=1),
    "clear_look": lambda engine: SqlTickets(engine).clear_look(
        DueLook(ticket=_TICKET, look_at=NOON)
    ),
    "newest_checkout": lambda engine: SqlTickets(engine).newest_checkout(),
    "owing": lambda engine: SqlTickets(engine).owing(after=0, limit=1),
    "places_are_due": lambda engine: SqlTickets(engine).places_are_due(event_id=1, now=NOON),
    "origin_in": lambda engine: origin_in(engine, seconds_since_boot),
    "acquire": lambda engine: SqlLeases(engine).acquire(
        "settle", holder="a", now=NOON, lasting=timedelta(0)
    ),
    "take": lambda engine: SqlPace(engine, clock=ManualClock()).take(
        {"refund": 1}, count=1, within=timedelta(0)
    ),
    "history": lambda engine: SqlTickets(engine).history(1),
    "find": lambda engine: SqlTickets(engine).find(TicketQuery(), before=None, limit=1),
    "report": lambda engine: SqlTickets(engine).report(since=NOON, until=NOON, event_id=None),
    "put": lambda engine: SqlStrays(engine).put(stray()),
    "stray by_checkout": lambda engine: SqlStrays(engine).by_checkout("co_1"),
    "unsettled": lambda engine: SqlStrays(engine).unsettled(after="", limit=1),
    "state": lambda engine: SqlInstallation(engine).state(),
    "move_news_position": lambda engine: SqlInstallation(engine).move_news_position(NOON),
    "begin_restore": lambda engine: SqlInstallation(engine).begin_restore(at=NOON),
    "skip_ids": lambda engine: SqlInstallation(engine).skip_ids(named=1, gap=1),
    "end_restore": lambda engine: SqlInstallation(engine).end_restore(),
    "remember": lambda engine: SqlPublicKeys(engine).remember("k", {"kty": "OKP"}),
    "all": lambda engine: SqlPublicKeys(engine).all(),
    "revoke": lambda engine: SqlPublicKeys(engine).revoke("k", at=NOON),
    "revoked": lambda engine: SqlPublicKeys(engine).revoked(),
    "migrate": migrate,
    "is_empty": is_empty,
    "is_usable": is_usable,
    "installation_id": installation_id,
}


@pytest.fixture
def unreachable(kind: str, tmp_path: Path) -> Iterator[Engine]:
    """The engine of a database that cannot be reached."""
    with socket.socket() as unused:
        # Bound, but not listening: a connection is refused at once.
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        engine = engine_for(
            f"sqlite:///{tmp_path}/no folder/ticketing.db"
            if kind == "sqlite"
            else f"postgresql://nobody:geheim@127.0.0.1:{port}/tickets"
        )
        yield engine
        engine.dispose()


@pytest.mark.parametrize("step", _STEPS)
def test_every_step_raises_that_the_database_is_away(unreachable: Engine, step: str) -> None:
    """The same error for all steps, with a reason for the log and no password in it."""
    with pytest.raises(StoreUnavailable) as raised:
        _STEPS[step](unreachable)
    assert raised.value.reason
    assert "geheim" not in raised.value.reason


@pytest.mark.parametrize("words", ["FROM events", "INSERT INTO tickets"])
def test_a_hold_whose_connection_is_cut_leaves_nothing(postgres_engine: Engine, words: str) -> None:
    """Repeating the same hold takes the places, once."""
    event_ = stored_event(SqlEvents(postgres_engine))
    tickets = SqlTickets(postgres_engine)
    order = draft(event_)
    with before(postgres_engine, words, _terminate), pytest.raises(StoreUnavailable) as raised:
        tickets.hold(order)
    assert "terminating connection" in raised.value.reason
    assert count_places(postgres_engine, event_) == 0
    assert isinstance(tickets.hold(order), Held)
    assert count_places(postgres_engine, event_) == 1


def _terminate(connection: Connection) -> None:
    driver_connection = connection.connection.driver_connection
    assert isinstance(driver_connection, psycopg.Connection)
    backend = driver_connection.info.backend_pid
    conninfo = connection.engine.url.set(drivername="postgresql")
    with psycopg.connect(conninfo.render_as_string(hide_password=False)) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])


def test_a_restart_of_the_server_fails_no_step(
    postgres_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connections that died while they were idle are replaced unnoticed."""
    monkeypatch.setattr("ticketing_adapters.sql.engine.IDLE_BEFORE_PING", timedelta(0))
    events = SqlEvents(postgres_engine)
    event_ = stored_event(events)
    with postgres_engine.connect() as first, postgres_engine.connect() as second:
        pids = [c.execute(text("SELECT pg_backend_pid()")).scalar_one() for c in (first, second)]
    conninfo = postgres_engine.url.set(drivername="postgresql")
    with psycopg.connect(conninfo.render_as_string(hide_password=False)) as other:
        for pid in pids:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    assert events.by_id(event_.event_id) == event_


def test_a_connection_in_use_is_not_pinged(
    postgres_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only an idle one is. This is also the control of the test above."""
    pings = []
    ping = postgres_engine.dialect.do_ping

    def count(connection: Any) -> bool:
        pings.append(connection)
        return ping(connection)

    monkeypatch.setattr(postgres_engine.dialect, "do_ping", count)
    events = SqlEvents(postgres_engine)
    event_ = stored_event(events)
    assert events.by_id(event_.event_id) == event_
    assert pings == []
    monkeypatch.setattr("ticketing_adapters.sql.engine.IDLE_BEFORE_PING", timedelta(0))
    assert events.by_id(event_.event_id) == event_
    assert len(pings) == 1


def test_a_hold_whose_commit_had_no_answer_is_done_once(engine: Engine) -> None:
    """Repeating it returns the stored ticket."""
    event_ = stored_event(SqlEvents(engine))
    tickets = SqlTickets(engine)
    order = draft(event_, quantity=2)
    with lost_commit_answer(engine), pytest.raises(StoreUnavailable):
        tickets.hold(order)
    (stored,) = stored_tickets(engine, event_)
    assert tickets.hold(order) == Held(stored)
    assert count_places(engine, event_) == 2


def test_a_change_whose_commit_had_no_answer_is_done_once(engine: Engine) -> None:
    """Repeating it succeeds; places are freed once, and the history gets one line."""
    event_ = stored_event(SqlEvents(engine))
    tickets = SqlTickets(engine)
    ticket = held(tickets, draft(event_, quantity=2))
    new = ticket.expired()
    with lost_commit_answer(engine), pytest.raises(StoreUnavailable):
        tickets.replace(ticket, new, at=NOON, why="late", by="settler")
    assert tickets.replace(ticket, new, at=NOON, why="late", by="settler") == Replaced(new)
    assert count_places(engine, event_) == 0
    assert len(tickets.history(ticket.ticket_id)) == 2
