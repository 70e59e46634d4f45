"""A migration may build an index while sales go on, before its own transaction.

PostgreSQL is asked for the locks that it has, or waits for, while a sale is in the middle.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text

from tests.integration.servers.test_workers import wait_until
from tests.integration.sql.rule_breaking_rows import EVENT
from tests.integration.sql.test_migrations import insert, ticket_row
from tests.support.newer_program import NEWEST, NUMBER, newer_program
from ticketing_adapters.sql import engine_for, is_usable, migrate
from ticketing_adapters.sql.schema import migrate_back

MIGRATION = """
from alembic import op
from sqlalchemy import text

revision = {revision!r}
down_revision = {before!r}

def beforehand(connection):
    connection.execute(text("DROP INDEX CONCURRENTLY IF EXISTS ix_new"))
    connection.execute(text("CREATE [unique] INDEX [how] ix_new ON tickets ([columns])"))

def upgrade():
    if op.get_context().dialect.name == "sqlite":
        op.create_index("ix_new", "tickets", ["quantity"])

def downgrade():
    op.drop_index("ix_new", "tickets")
"""
REVISION = f"9001_for_{NUMBER}"

STOPS_SALES = {"ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"}
"""Each of them conflicts with ROW EXCLUSIVE, which a sale takes
(postgresql.org/docs/current/explicit-locking.html)."""

_LOCKS = text("""
    SELECT mode FROM pg_locks JOIN pg_class ON pg_class.oid = relation
    WHERE relname = 'tickets' AND pid <> pg_backend_pid() AND database =
        (SELECT oid FROM pg_database WHERE datname = current_database())
""")
_WAITING = text("""
    SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE NOT granted AND datname = current_database()
""")
_VALID = text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('ix_new')")


def migration(*, unique: str = "", how: str = "CONCURRENTLY", columns: str = "quantity") -> str:
    """Return a migration that builds an index."""
    made = MIGRATION.replace("[unique]", unique).replace("[how]", how)
    return made.replace("[columns]", columns)


@pytest.fixture
def selling(postgres_url: str) -> Iterator[Engine]:
    """A database with tickets."""
    engine = engine_for(postgres_url)
    migrate(engine)
    insert(engine, "events", EVENT)
    for number in (1, 2):
        row = ticket_row(number, "issued") | {"payment_id": f"pay_{number}"}
        insert(engine, "tickets", row)
    yield engine
    engine.dispose()


def is_valid(engine: Engine) -> bool:
    """Return whether the index is there, with all rows."""
    with engine.connect() as connection:
        return bool(connection.execute(_VALID).scalar())


def locks_beside_a_sale(engine: Engine, *, migrations: int = 1) -> set[str]:
    """Migrate, several times at once if need be, while a sale is in the middle."""
    # Watched without a transaction: on a busy machine the rest takes longer than one may be idle.
    watching = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    with ThreadPoolExecutor(migrations) as pool, watching as watch:
        with engine.connect() as sale, sale.begin():
            sale.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            sale.execute(text("UPDATE tickets SET tries = tries WHERE ticket_id = 1"))
            running = [pool.submit(migrate, engine) for _ in range(migrations)]
            wait_until(lambda: bool(watch.execute(_WAITING).scalar()), what="it waits for the sale")
            held = set(sale.execute(_LOCKS).scalars())
        for each in running:
            each.result()
    return held - {"RowExclusiveLock", "AccessShareLock"}


def test_an_index_is_built_while_sales_go_on(selling: Engine, tmp_path: Path) -> None:
    """Also if several processes migrate at once; and the way back works."""
    with newer_program(REVISION, folder=tmp_path, migration=migration()):
        assert locks_beside_a_sale(selling, migrations=3) == {"ShareUpdateExclusiveLock"}
        assert is_valid(selling)
        assert is_usable(selling)
        migrate_back(selling, to=NEWEST)
    assert is_usable(selling)
    assert not is_valid(selling)


def test_control_an_index_that_stops_sales_is_found(selling: Engine, tmp_path: Path) -> None:
    """Control: the same without CONCURRENTLY."""
    with newer_program(REVISION, folder=tmp_path, migration=migration(how="")):
        assert locks_beside_a_sale(selling) & STOPS_SALES == {"ShareLock"}


def test_what_a_migration_has_left_is_made_anew(selling: Engine, tmp_path: Path) -> None:
    """It ended in the middle: the schema is of the version before, and later it works."""
    unique = migration(unique="UNIQUE", columns="buyer")
    with newer_program(REVISION, folder=tmp_path, migration=unique):
        with pytest.raises(Exception, match="ix_new"):
            migrate(selling)
        assert not is_valid(selling)
    assert is_usable(selling)
    with selling.begin() as connection:
        connection.execute(text("UPDATE tickets SET buyer = 'another' WHERE ticket_id = 2"))
    with newer_program(REVISION, folder=tmp_path, migration=unique):
        migrate(selling)
        assert is_valid(selling)


@pytest.mark.parametrize("kind", ["sqlite"])
def test_sqlite_does_it_in_the_transaction(empty_engine: Engine, tmp_path: Path) -> None:
    """It has one writer anyway."""
    with newer_program(REVISION, folder=tmp_path, migration=migration()):
        migrate(empty_engine)
        assert is_usable(empty_engine)
    names = {index["name"] for index in inspect(empty_engine).get_indexes("tickets")}
    assert "ix_new" in names


def test_an_empty_database_gets_the_index_too(postgres_url: str, tmp_path: Path) -> None:
    """From nothing to the newest version in one call."""
    engine = engine_for(postgres_url)
    with newer_program(REVISION, folder=tmp_path, migration=migration()):
        migrate(engine)
        assert is_usable(engine)
    assert is_valid(engine)
    engine.dispose()
