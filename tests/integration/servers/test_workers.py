"""`ticketing serve` when things around it fail: its database, its main process, its files."""

import resource
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import requests
from psycopg import sql
from sqlalchemy import make_url

from tests.integration.end_to_end.conftest import CREATE
from tests.support.postgres import PostgresServer
from tests.support.sandbox import checked_sandbox
from tests.support.server import SERVE, Server, access_token, running_server
from ticketing_adapters.sql import SqlEvents, engine_for
from ticketing_core.testing.contracts.examples import stored_event
from ticketing_service.serving.server import PARENT_PAUSE_SECONDS

LONGEST_SECONDS = 60.0
STOP_SECONDS = 2

FOR_EVER = "bodies_first.BODY_SECONDS = 1e9"
"""A request whose body stalls never ends."""

STEADY = 10
"""Counts that have to be the same, half a second in all."""

IDLE = 1100
"""More connections than a process usually may have files."""


def serve_with(change: str) -> list[str]:
    """Return `ticketing serve` after a change of its code."""
    lines = ["import signal", "from ticketing_service import cli, wsgi"]
    lines += ["from ticketing_service.serving import bodies_first, server", change, "cli.main()"]
    return [sys.executable, "-c", "\n".join(lines), "serve"]


def wait_until(
    condition: Callable[[], bool], *, what: str, seconds: float = LONGEST_SECONDS
) -> None:
    """Poll until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"it never happened that {what}"
        time.sleep(0.05)


@contextmanager
def out_of_reach(server: PostgresServer, database_url: str) -> Iterator[None]:
    """Let a database refuse all connections, those that it has included."""
    name = make_url(database_url).database
    assert name is not None
    admin = server.admin_url.set(drivername="postgresql").render_as_string(hide_password=False)
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        connection.execute(ended, [name])
        try:
            yield
        finally:
            connection.execute(allow.format(sql.Identifier(name), sql.SQL("true")))


def test_a_new_worker_waits_for_the_database(
    postgres_server: PostgresServer, postgres_url: str, tmp_path: Path
) -> None:
    """A worker that dies while the database is away is replaced by one that serves later."""
    with running_server(folder=tmp_path, database_url=postgres_url) as server:
        with out_of_reach(postgres_server, postgres_url):
            server.kill_worker()
            wait_until(lambda: "waiting for the database" in server.log(), what="it waits")
            assert not server.has_ended()
        wait_until(lambda: is_ready(server), what="it serves")


def test_a_worker_that_fails_to_start_is_the_control(
    postgres_server: PostgresServer, postgres_url: str, tmp_path: Path
) -> None:
    """Without the wait, a worker that cannot start ends the whole service."""
    program = serve_with("wsgi._once_the_database_answers = lambda make: make()")
    with (
        running_server(folder=tmp_path, database_url=postgres_url, program=program) as server,
        out_of_reach(postgres_server, postgres_url),
    ):
        server.kill_worker()
        wait_until(server.has_ended, what="it ends")


def is_ready(server: Server) -> bool:
    """Return whether the server can sell."""
    try:
        return server.get("/readyz").status == 200
    except requests.RequestException:
        return False


@contextmanager
def stalled_body(server: Server) -> Iterator[None]:
    """Send a part of a purchase, and never the rest."""
    head = [
        f"POST {CREATE} HTTP/1.1",
        "Host: here",
        f"Authorization: Bearer {access_token()}",
        "Content-Type: application/json",
        "Content-Length: 100",
        "",
        "{",
    ]
    with socket.create_connection(address(server)) as connection:
        connection.sendall("\r\n".join(head).encode())
        # The request before this one has arrived as well.
        assert server.get("/healthz").status == 200
        yield


def address(server: Server) -> tuple[str, int]:
    """Return where the server listens."""
    parts = urlsplit(server.url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def test_a_worker_ends_after_its_main_process_whatever_it_does(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Even with a request that never ends: the kernel ends it after the time for a stop."""
    program = serve_with(f"server.STOP_SECONDS = {STOP_SECONDS}; {FOR_EVER}")
    with (
        running_server(folder=tmp_path, database_url=sqlite_url, program=program) as server,
        stalled_body(server),
    ):
        server.kill_main()
        wait_until(lambda: not server.processes(), what="no process is left")


def test_an_orderly_stop_alone_is_the_control(sqlite_url: str, tmp_path: Path) -> None:
    """A worker that only asks itself to stop waits for that request for ever."""
    change = f"server.STOP_SECONDS = {STOP_SECONDS}; signal.alarm = lambda _: 0; {FOR_EVER}"
    program = serve_with(change)
    with (
        running_server(folder=tmp_path, database_url=sqlite_url, program=program) as server,
        stalled_body(server),
    ):
        server.kill_main()
        # Twice as long as the others take.
        time.sleep(2 * (PARENT_PAUSE_SECONDS + STOP_SECONDS))
        assert server.processes()


@pytest.fixture
def many_files() -> Iterator[None]:
    """Let this process open many connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def has_settled(counts: list[int], server: Server) -> bool:
    """Count the open files of the server's processes once more; whether they stay the same."""
    files = [Path(f"/proc/{pid}/fd") for pid in server.processes()]
    counts.append(sum(len([*each.iterdir()]) for each in files))
    return len(counts) > STEADY and len({*counts[-STEADY:]}) == 1


def status_beside_idle_connections(
    database_url: str, folder: Path, *, limit: str, change: str = ""
) -> int:
    """Buy a paid ticket while many connections are idle; return the status.

    Args:
        database_url: A new database.
        folder: An empty folder.
        limit: The option of the shell's `ulimit` for the server's files.
        change: A change of the server's code.
    """
    program = ["/bin/sh", "-c", f'ulimit {limit}; exec "$@"', "sh"]
    program += serve_with(change) if change else SERVE
    with ExitStack() as ends:
        sandbox = ends.enter_context(checked_sandbox())
        server = ends.enter_context(
            running_server(
                folder=folder,
                database_url=database_url,
                program=program,
                STRIPE_API_BASE=sandbox.url,
            )
        )
        engine = engine_for(database_url)
        event = stored_event(SqlEvents(engine))
        engine.dispose()
        session = ends.enter_context(requests.Session())
        # The connection of this buyer is there before the others.
        assert session.get(f"{server.url}/healthz", timeout=LONGEST_SECONDS).status_code == 200
        for _ in range(IDLE):
            connection = socket.socket()
            ends.callback(connection.close)
            connection.setblocking(False)
            connection.connect_ex(address(server))
        counts: list[int] = []
        wait_until(lambda: has_settled(counts, server), what="no further connection is accepted")
        return session.post(
            server.url + CREATE,
            json={"event_id": event.event_id, "quantity": 1},
            headers={"Authorization": f"Bearer {access_token()}"},
            timeout=LONGEST_SECONDS,
        ).status_code


@pytest.mark.usefixtures("many_files")
@pytest.mark.parametrize("limit", ["-Sn 1024", "-n 1024"], ids=["soft", "hard"])
def test_idle_connections_leave_files_for_a_purchase(
    limit: str, sqlite_url: str, tmp_path: Path
) -> None:
    """The server raises the limit of open files, or accepts as many connections as fit."""
    assert status_beside_idle_connections(sqlite_url, tmp_path, limit=limit) == 200


@pytest.mark.usefixtures("many_files")
def test_as_many_connections_as_usual_are_the_control(sqlite_url: str, tmp_path: Path) -> None:
    """With the usual limit they use up all files, and a purchase fails in the middle."""
    change = "server._client_connections = lambda _: server.CONNECTIONS"
    status = status_beside_idle_connections(sqlite_url, tmp_path, limit="-n 1024", change=change)
    assert status >= 400
