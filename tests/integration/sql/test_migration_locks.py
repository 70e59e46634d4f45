"""No migration after 0002 keeps sales waiting, however many tickets there are.

PostgreSQL is asked what each of them does. Version 0002 rewrites the tables, and is the control.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event, Semaphore

import pytest
from sqlalchemy import Connection, Engine, event, text

from tests.integration.sql.rule_breaking_rows import ENTRY, EVENT
from tests.integration.sql.test_migrations import insert, ticket_row
from tests.support.newer_program import newer_program
from ticketing_adapters.sql import engine_for, migrate, schema
from ticketing_adapters.sql.engine import LOCK_TIMEOUT
from ticketing_core.errors import StoreUnavailable

LAST_WITH_DOWNTIME = "0002"
"""The changelog says of it that it stops sales."""

MAY_BE_READ = {"alembic_version", "events", "installation", "leases", "pace", "public_keys"}
"""Tables with few rows: a thousand events are read in a millisecond."""

_READ = text("SELECT relname, seq_tup_read FROM pg_stat_xact_user_tables")
_FILES = text("SELECT relname, relfilenode FROM pg_class WHERE relkind = 'r'")


@pytest.fixture
def old(postgres_url: str) -> Iterator[Engine]:
    """A database of the first version in which each large table has rows."""
    engine = engine_for(postgres_url)
    migrate(engine, to="0001")
    insert(engine, "events", EVENT)
    insert(engine, "tickets", ticket_row(1, "issued"))
    insert(engine, "ticket_history", ENTRY | {"ticket_id": 1, "version": 1})
    yield engine
    engine.dispose()


def _files(connection: Connection) -> dict[str, int]:
    return {row.relname: row.relfilenode for row in connection.execute(_FILES)}


def slow_steps(engine: Engine, revision: str) -> set[str]:
    """Migrate to a revision; return the large tables of which it reads or writes every row.

    It holds its locks until it commits, so that would take as long as there are rows.
    """
    found: set[str] = set()
    before: Mapping[str, int] = {}

    def look(connection: Connection) -> None:
        files = _files(connection)
        found.update(name for name, file in before.items() if files.get(name, file) != file)
        found.update(name for name, rows in connection.execute(_READ) if rows and name in before)

    with engine.connect() as connection:
        before = _files(connection)
    event.listen(engine, "commit", look)
    migrate(engine, to=revision)
    event.remove(engine, "commit", look)
    return found - MAY_BE_READ


def test_a_migration_that_waits_for_another_one_holds_up_none_of_its_indexes(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index waits for all older snapshots, and the one that waits keeps none."""
    engine, pauses, may_go_on = engine_for(postgres_url), Semaphore(0), Event()

    def pause(_: float) -> None:
        pauses.release()
        # It gives up in the end.
        may_go_on.wait(0.02)

    monkeypatch.setattr("ticketing_adapters.sql.schema.time.sleep", pause)
    with engine.connect() as first, ThreadPoolExecutor(1) as pool:
        first.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        assert first.exec_driver_sql(schema._TRY_TO_LOCK).scalar_one()  # noqa: SLF001 - its lock
        waiting = pool.submit(migrate, engine, to="0001")
        # The driver prepares what it was often asked for.
        for _ in range(10):
            assert pauses.acquire(timeout=10)
        with engine.connect() as builder:
            builder.execution_options(isolation_level="AUTOCOMMIT")
            builder.exec_driver_sql("SET lock_timeout = '2s'")
            builder.exec_driver_sql("CREATE TABLE seats (seat integer)")
            builder.exec_driver_sql("CREATE INDEX CONCURRENTLY of_seats ON seats (seat)")
        first.rollback()
        may_go_on.set()
        waiting.result(timeout=30)
    engine.dispose()


def test_no_migration_reads_or_rewrites_a_large_table(old: Engine) -> None:
    """So its locks last for milliseconds. The control is the last one that does."""
    revisions = [each for each in reversed(schema.VERSIONS) if each > "0001"]
    slow = {revision: slow_steps(old, revision) for revision in revisions}
    assert slow.pop(LAST_WITH_DOWNTIME) == {"tickets", "ticket_history"}
    assert {revision: tables for revision, tables in slow.items() if tables} == {}


QUICK = [
    "ALTER TABLE tickets ADD COLUMN seat TEXT",
    "ALTER TABLE tickets ADD COLUMN row_number INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE tickets ADD CONSTRAINT ck_few CHECK (quantity < 99) NOT VALID",
    "CREATE TABLE seats (ticket_id BIGINT PRIMARY KEY REFERENCES tickets)",
]
SLOW = [
    "CREATE INDEX ix_tickets_quantity ON tickets (quantity)",
    "ALTER TABLE tickets ADD CONSTRAINT ck_few CHECK (quantity < 99)",
    "ALTER TABLE tickets ALTER COLUMN quantity TYPE BIGINT",
    "ALTER TABLE tickets ALTER COLUMN payment_id SET NOT NULL",
    "ALTER TABLE tickets ADD COLUMN seat UUID DEFAULT gen_random_uuid()",
    "UPDATE tickets SET version = version + 1",
]

MIGRATION = """
from alembic import op

revision = {revision!r}
down_revision = {before!r}

def upgrade():
    op.execute({statement})
"""


@contextmanager
def with_migration(statement: str, folder: Path) -> Iterator[None]:
    """Be a program whose next migration is this statement."""
    migration = MIGRATION.replace("{statement}", repr(statement))
    with newer_program("9001", folder=folder, migration=migration):
        yield


@pytest.mark.parametrize("statement", QUICK)
def test_additions_are_quick(old: Engine, tmp_path: Path, statement: str) -> None:
    """What additive migrations consist of passes."""
    migrate(old)
    with with_migration(statement, tmp_path):
        assert slow_steps(old, "9001") == set()


@pytest.mark.parametrize("statement", SLOW)
def test_control_slow_statements_are_noticed(old: Engine, tmp_path: Path, statement: str) -> None:
    """Control: each of them takes longer with more tickets."""
    migrate(old)
    with old.begin() as connection:
        connection.execute(text("UPDATE tickets SET payment_id = 'pi'"))
    with with_migration(statement, tmp_path):
        assert slow_steps(old, "9001") == {"tickets"}


def test_a_migration_that_has_to_wait_gives_up_before_buyers_do(
    old: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a dump, for example. Nothing has changed, and later it works."""
    assert schema.TABLE_LOCK_TIMEOUT < LOCK_TIMEOUT
    monkeypatch.setattr(schema, "TABLE_LOCK_TIMEOUT", timedelta(milliseconds=50))
    migrate(old)
    with with_migration(QUICK[0], tmp_path):
        with old.begin() as dump:
            dump.execute(text("LOCK TABLE tickets IN ACCESS SHARE MODE"))
            with pytest.raises(StoreUnavailable):
                migrate(old)
        migrate(old)
