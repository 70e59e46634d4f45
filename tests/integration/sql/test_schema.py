"""The schema: migrated from an empty database, by several processes, and equal to the tables."""

import logging
import subprocess
import sys
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, inspect, text

from tests.integration.sql.racing import migrate_at_once, race
from tests.integration.sql.schema_description import described
from ticketing_adapters.sql import (
    engine_for,
    installation_id,
    is_empty,
    is_usable,
    migrate,
    revisions,
)
from ticketing_adapters.sql.schema import VERSIONS
from ticketing_adapters.sql.tables import metadata


def test_an_empty_database_is_migrated_once(empty_engine: Engine) -> None:
    """A second run changes nothing, not even the installation's id."""
    assert (is_empty(empty_engine), is_usable(empty_engine)) == (True, False)
    migrate(empty_engine)
    assert (is_empty(empty_engine), is_usable(empty_engine)) == (False, True)
    first = installation_id(empty_engine)
    migrate(empty_engine)
    assert installation_id(empty_engine) == first


def test_every_installation_has_its_own_id(
    sqlite_url: str, make_postgres_database: Callable[[], str]
) -> None:
    """Each database gets a new id when it is migrated."""
    urls = [sqlite_url, make_postgres_database(), make_postgres_database()]
    ids = set()
    for url in urls:
        engine = engine_for(url)
        migrate(engine)
        ids.add(installation_id(engine))
        engine.dispose()
    assert len(ids) == len(urls)


def test_all_versions_are_listed() -> None:
    """A program need not load Alembic to know whether it can use a database."""
    assert [each.revision for each in revisions.scripts().walk_revisions()] == [*VERSIONS]


LOADED = """
import sys
from ticketing_adapters.sql import migrate
from ticketing_adapters.store import open_store

store = open_store(sys.argv[1])
print("alembic" in sys.modules)
migrate(store.engine)
print("alembic" in sys.modules)
"""


def test_only_a_migration_loads_alembic(migrated_sqlite_url: str) -> None:
    """It takes a fifth of the start of each command. The second line is the control."""
    command = [sys.executable, "-c", LOADED, migrated_sqlite_url]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert shown.splitlines() == ["False", "True"]


def test_another_schema_is_not_current(engine: Engine) -> None:
    """Neither an older nor a newer one."""
    assert is_usable(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'of another release'"))
    assert not is_usable(engine)


def test_several_processes_may_migrate_at_once(empty_url: str) -> None:
    """All succeed, and the database is migrated once."""
    ids = race(migrate_at_once, url=empty_url, processes=3)
    assert len(set(ids)) == 1
    engine = engine_for(empty_url)
    assert is_usable(engine)
    engine.dispose()


def test_a_migration_that_fails_leaves_nothing(empty_engine: Engine) -> None:
    """All of it is one transaction."""
    with empty_engine.begin() as connection:
        # Conflicts with the last table of the first migration. A table would be refused before.
        connection.execute(text("CREATE VIEW public_keys AS SELECT 1 AS kid"))
    with pytest.raises(Exception, match="already exists"):
        migrate(empty_engine)
    assert inspect(empty_engine).get_table_names() == []


def test_migrations_make_the_tables_that_the_code_uses(
    engine: Engine, empty_engine: Engine
) -> None:
    """Columns, keys, checks and indexes are exactly the same."""
    metadata.create_all(empty_engine)
    assert described(engine) == described(empty_engine)


def test_the_comparison_sees_a_missing_check(engine: Engine, empty_engine: Engine) -> None:
    """Control: a schema without one of its checks or partial indexes differs."""
    metadata.create_all(empty_engine)
    expected = described(engine)
    for table, kind in (("events", "checks"), ("tickets", "indexes")):
        changed = described(empty_engine)
        changed[table][kind] = changed[table][kind][1:]
        assert expected != changed


def test_migrating_is_quiet(empty_engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    """At INFO neither a migration nor a readiness check logs anything."""
    with caplog.at_level(logging.INFO):
        migrate(empty_engine)
        is_usable(empty_engine)
    assert caplog.records == []
