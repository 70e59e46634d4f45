"""Databases of both kinds. Most tests get a copy of one that is migrated once per session."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url

from tests.support.postgres import PostgresServer
from tests.support.ways_to_hold import force
from ticketing_adapters.sql import engine_for, migrate


@pytest.fixture(scope="session")
def migrated_postgres_database(postgres_server: PostgresServer) -> str:
    """The name of a migrated database to copy, without connections."""
    url = postgres_server.create_database()
    _migrate(url)
    name = make_url(url).database
    assert name is not None
    return name


@pytest.fixture(scope="session")
def migrated_sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a migrated database to copy, open nowhere."""
    file = tmp_path_factory.mktemp("migrated") / "ticketing.db"
    _migrate(f"sqlite:///{file}")
    return file


def _migrate(url: str) -> None:
    engine = engine_for(url)
    migrate(engine)
    engine.dispose()


@pytest.fixture
def migrated_sqlite_url(migrated_sqlite_file: Path, tmp_path: Path) -> str:
    """The URL of a new, migrated SQLite database."""
    file = tmp_path / "copy.db"
    shutil.copyfile(migrated_sqlite_file, file)
    return f"sqlite:///{file}"


@pytest.fixture
def migrated_postgres_url(
    postgres_server: PostgresServer, migrated_postgres_database: str
) -> Iterator[str]:
    """The URL of a new, migrated PostgreSQL database."""
    url = postgres_server.create_database(template=migrated_postgres_database)
    yield url
    postgres_server.drop_database(url)


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of database; each test runs once with each."""
    kind_: str = request.param
    return kind_


@pytest.fixture
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forces the way to hold free tickets that `EACH_WAY` names."""
    force(request.param, monkeypatch)


@pytest.fixture
def migrated_url(request: pytest.FixtureRequest, kind: str) -> str:
    """The URL of a new, migrated database."""
    url: str = request.getfixturevalue(f"migrated_{kind}_url")
    return url


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, kind: str) -> str:
    """The URL of a new database without any tables."""
    url: str = request.getfixturevalue(f"{kind}_url")
    return url


@pytest.fixture
def engine(migrated_url: str) -> Iterator[Engine]:
    """The engine of a new, migrated database."""
    made = engine_for(migrated_url)
    yield made
    made.dispose()


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def shared_engine(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: PostgresServer,
) -> Iterator[Engine]:
    """The engine of a migrated database that all tests of a module share."""
    file = f"sqlite:///{tmp_path_factory.mktemp('shared')}/ticketing.db"
    url = file if request.param == "sqlite" else postgres_server.create_database()
    made = engine_for(url)
    migrate(made)
    yield made
    made.dispose()
    if url != file:
        postgres_server.drop_database(url)


@pytest.fixture
def empty_engine(empty_url: str) -> Iterator[Engine]:
    """The engine of a new database without any tables."""
    made = engine_for(empty_url)
    yield made
    made.dispose()


@pytest.fixture
def postgres_engine(migrated_postgres_url: str) -> Iterator[Engine]:
    """The engine of a new, migrated PostgreSQL database."""
    made = engine_for(migrated_postgres_url)
    yield made
    made.dispose()


@pytest.fixture
def other(migrated_postgres_url: str) -> Iterator[Engine]:
    """A second engine on the same database, as another process has it."""
    engine = engine_for(migrated_postgres_url)
    yield engine
    engine.dispose()
