"""Fixtures for every test: real databases, a browser, and Hypothesis set up for shared machines."""

import logging
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.log_secrets import SecretListener
from tests.support.nginx import nginx_path
from tests.support.pgbouncer import PgBouncer, pgbouncer_path, running_pgbouncer
from tests.support.postgres import PostgresServer, running_postgres
from ticketing_service.observing import counted

# No deadline: a busy machine is not a defect of the code.
settings.register_profile("ticketing", deadline=None, print_blob=True)
settings.load_profile("ticketing")

_WHOLE_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
# The engine alone takes half of the processor time.
_CHROMIUM = ("chromium-headless-shell", *_WHOLE_CHROMIUM)


@pytest.fixture(autouse=True)
def _no_secret_is_logged() -> Iterator[None]:
    """Fail a test in which a line of ours has a key, a token, a card or an email address."""
    listener = SecretListener()
    logging.root.addHandler(listener)
    yield
    logging.root.removeHandler(listener)
    assert listener.heard == []


@pytest.fixture(autouse=True)
def _no_line_comes_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what one test counts out of the log of the next one."""
    monkeypatch.setattr(counted, "later", lambda *_: None)


@pytest.fixture(autouse=True)
def _log_is_left_as_it_was() -> Iterator[None]:
    """Undo what `ticketing serve` sets up for its process, when a test runs it in this one."""
    level, hooks = logging.root.level, (sys.excepthook, threading.excepthook)
    yield
    logging.root.setLevel(level)
    sys.excepthook, threading.excepthook = hooks


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Give the real PostgreSQL of this test process. The run fails if it cannot start."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def make_postgres_database(postgres_server: PostgresServer) -> Iterator[Callable[[], str]]:
    """Give a function that makes an empty database and returns its URL, valid in any process."""
    with ExitStack() as drops:

        def make() -> str:
            url = postgres_server.create_database()
            drops.callback(postgres_server.drop_database, url)
            return url

        yield make


@pytest.fixture
def postgres_url(make_postgres_database: Callable[[], str]) -> str:
    """Give the URL of a new, empty PostgreSQL database."""
    return make_postgres_database()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Give the URL of a SQLite database whose file does not exist yet."""
    return f"sqlite:///{tmp_path / 'ticketing.db'}"


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Give the path of the installed Chromium, or of its engine."""
    return _first_installed(_CHROMIUM)


@pytest.fixture(scope="session")
def whole_chromium_path() -> str:
    """Give the path of the installed Chromium: its engine alone keeps no pages for "Back"."""
    return _first_installed(_WHOLE_CHROMIUM)


def _first_installed(programs: Sequence[str]) -> str:
    """Return the path of the first one. Without any, skip, or fail if CI is set.

    `make test` installs no system packages, so only CI is sure to have a browser.
    """
    for name in programs:
        found = shutil.which(name)
        if found is not None:
            return found
    missing = f"none of {', '.join(programs)} is installed (Debian: apt install {programs[0]})"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


@pytest.fixture(scope="session")
def pgbouncer_program() -> str:
    """Give the path of the installed PgBouncer. Without one, skip, or fail if CI is set."""
    found = pgbouncer_path()
    if found is not None:
        return found
    missing = "PgBouncer is not installed (Debian package: pgbouncer)"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


@pytest.fixture(scope="session")
def nginx_program() -> str:
    """Give the path of the installed nginx. Without one, skip, or fail if CI is set."""
    found = nginx_path()
    if found is not None:
        return found
    missing = "nginx is not installed (Debian package: nginx-light)"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


@pytest.fixture(scope="session")
def promtool_program() -> str:
    """Give the path of Prometheus' own tool. Without one, skip, or fail if CI is set."""
    found = shutil.which("promtool")
    if found is not None:
        return found
    missing = "promtool is not installed (Debian package: prometheus)"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


@pytest.fixture(scope="session", params=["session", "transaction"])
def pgbouncer(
    request: pytest.FixtureRequest, pgbouncer_program: str, postgres_server: PostgresServer
) -> Iterator[PgBouncer]:
    """Give a real PgBouncer in front of PostgreSQL, once in each of its modes.

    In its session mode a client keeps a connection for as long as it stays, so there have to be as
    many as clients. In the other one a few make sure that clients share them.
    """
    pool_size = {"session": 100, "transaction": 3}[request.param]
    with running_pgbouncer(
        pgbouncer_program, postgres_server, mode=request.param, pool_size=pool_size
    ) as running:
        yield running
