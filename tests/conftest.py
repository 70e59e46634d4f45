"""Fixtures for every test: real databases, a browser, and Hypothesis set up for shared machines."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.nginx import nginx_path
from tests.support.pgbouncer import PgBouncer, pgbouncer_path, running_pgbouncer
from tests.support.postgres import PostgresServer, running_postgres

# No deadline: a busy machine is not a defect of the code.
settings.register_profile("ticketing", deadline=None, print_blob=True)
settings.load_profile("ticketing")

_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


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
    """Give the path of the installed Chromium. Without one, skip, or fail if CI is set.

    `make test` installs no system packages, so only CI is sure to have a browser.
    """
    for name in _CHROMIUM_NAMES:
        found = shutil.which(name)
        if found is not None:
            return found
    missing = f"none of {', '.join(_CHROMIUM_NAMES)} is installed (Debian package: chromium)"
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
