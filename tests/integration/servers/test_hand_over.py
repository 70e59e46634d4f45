"""Handing over to a new process: it has new settings, or nothing changes.

`test_restarts` does it while clients buy.
"""

import socket
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import text

from tests.integration.cli.processes import environment, run
from tests.integration.servers.test_workers import serve_with, wait_until
from tests.support.newer_program import NEWEST
from tests.support.server import SECRET, Server, running_server
from ticketing_adapters.sql import engine_for

QUICK = "server.HEADER_SECONDS = 1"
"""A process that hands over waits for idle connections, so let them be short."""


def hand_over(old: Server) -> Server:
    """Let a new process with one more worker take over, and wait until the old one has ended."""
    settings = {**old.environment, "TICKETING_FRONTEND_URL": "http://localhost:5174"}
    new = Server(
        url=old.url,
        environment=settings,
        folder=old.folder,
        workers=old.workers + 1,
        threads=old.threads,
        program=old.program,
    )
    new.start()
    wait_until(lambda: not old.processes(), what="the old process ends")
    answer = new.get("/healthz", Origin="http://localhost:5174")
    assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:5174"
    return new


def test_a_successor_that_cannot_start_changes_nothing(sqlite_url: str, tmp_path: Path) -> None:
    """The old process goes on, and hands over to the next one."""
    program = [*serve_with(QUICK), "--take-over"]
    with running_server(folder=tmp_path, database_url=sqlite_url, program=program) as server:
        port = server.url.rpartition(":")[2]
        bad = {**server.environment, "TICKETING_JWT_SECRET": "short"}
        refused = run("serve", "--port", port, "--take-over", env=bad, cwd=tmp_path)
        assert refused.returncode != 0
        assert server.get("/readyz").status == 200
        assert not server.has_ended()
        with ExitStack() as ends:
            ends.callback(hand_over(server).kill_all)


def test_a_version_that_is_shut_out_takes_nothing_over(sqlite_url: str, tmp_path: Path) -> None:
    """Going back past such a version needs more than a reload. `test_restarts` goes back."""
    with running_server(folder=tmp_path, database_url=sqlite_url) as newer:
        port = newer.url.rpartition(":")[2]
        engine = engine_for(sqlite_url)
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9001'"))
        refused = run("serve", "--port", port, "--take-over", env=newer.environment, cwd=tmp_path)
        assert refused.returncode == 1
        assert "a newer version of it has migrated the database" in refused.stderr
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": NEWEST})
        engine.dispose()
        wait_until(lambda: newer.get("/readyz").status == 200, what="it goes on")
        assert not newer.has_ended()


def test_fewer_workers_take_nothing_over(sqlite_url: str, tmp_path: Path) -> None:
    """What waits for the others would be lost."""
    with running_server(folder=tmp_path, database_url=sqlite_url, workers=2) as server:
        port = server.url.rpartition(":")[2]
        refused = run("serve", "--port", port, "--take-over", env=server.environment, cwd=tmp_path)
        assert refused.returncode == 1
        assert "start with --workers 2 or more" in refused.stderr
        assert server.get("/readyz").status == 200


def test_the_port_of_another_program_is_not_taken_over(tmp_path: Path) -> None:
    """It is in use."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        env = environment(jwt_secret=SECRET)
        port = str(other.getsockname()[1])
        refused = run("serve", "--port", port, "--take-over", env=env, cwd=tmp_path)
        assert refused.returncode == 1
        assert "is in use. What listens there cannot be taken over" in refused.stderr
