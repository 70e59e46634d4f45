"""Times migrations over many tickets, and the sales beside them, on PostgreSQL and on SQLite.

Run it by hand while the machine does nothing else: `python -m benchmarks.migration`.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from time import monotonic

import click
from sqlalchemy import Engine, create_engine, text

from tests.support.many_tickets import store_many
from tests.support.newer_program import NEWEST, NUMBER, newer_program
from tests.support.postgres import running_postgres
from ticketing_adapters.sql import engine_for, migrate
from ticketing_adapters.sql.schema import migrate_back

_SETTINGS = {"shared_buffers": "128MB"}
"""The default of a fresh PostgreSQL."""

_NEXT = [f"9001_for_{NUMBER}", f"9002_for_{NUMBER}"]
_MIGRATION = """
from alembic import op
from sqlalchemy import text

revision = {revision!r}
down_revision = {before!r}

CHECK = "CHECK (quantity < 1000)"
INDEX = "ON tickets (quantity)"

def on_sqlite():
    return op.get_context().dialect.name == "sqlite"

def beforehand(connection):
    if {number} == 1:
        connection.execute(text("ALTER TABLE tickets VALIDATE CONSTRAINT ck_new"))
        connection.execute(text("DROP INDEX CONCURRENTLY IF EXISTS ix_new"))
        connection.execute(text("CREATE INDEX CONCURRENTLY ix_new " + INDEX))

def upgrade():
    if {number} == 0:
        op.execute("ALTER TABLE tickets ADD COLUMN new INTEGER NOT NULL DEFAULT 7")
        if not on_sqlite():
            op.execute("ALTER TABLE tickets ADD CONSTRAINT ck_new " + CHECK + " NOT VALID")
    elif on_sqlite():
        op.execute("CREATE INDEX ix_new " + INDEX)

def downgrade():
    if {number} == 1:
        op.drop_index("ix_new", "tickets")
    elif not on_sqlite():
        op.execute("ALTER TABLE tickets DROP CONSTRAINT ck_new")
    if {number} == 0:
        op.execute("ALTER TABLE tickets DROP COLUMN new")
"""
"""What later versions may do: a column, a check and an index, in the steps of CONTRIBUTING.md."""

_SALE = text("UPDATE tickets SET version = version WHERE ticket_id = :ticket_id")
"""What each sale does to a ticket, on both schemas."""

_LOCKED = text("""
    SELECT relname FROM pg_locks JOIN pg_class ON pg_class.oid = relation AND relkind = 'r'
    WHERE mode = 'AccessExclusiveLock' AND granted AND relnamespace = 'public'::regnamespace
""")
_PATIENCE: dict[str, dict[str, float]] = {"postgresql": {}, "sqlite": {"timeout": 600.0}}
_SIZE = {
    "postgresql": "SELECT pg_database_size(current_database())",
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
}


@click.command()
@click.option("--tickets", type=click.IntRange(1, 5_000_000), default=1_000_000, show_default=True)
def main(*, tickets: int) -> None:
    """Migrate TICKETS tickets with three lines of history each, back and forth."""
    # Not in TMPDIR: that may be a file system in memory, whose writes wait for no disk.
    with (
        tempfile.TemporaryDirectory(prefix="ticketing-bench-", dir="/var/tmp") as folder,
        running_postgres(durable=True, settings=_SETTINGS) as server,
    ):
        for url in (server.create_database(), f"sqlite:///{folder}/ticketing.db"):
            _measure(url, tickets=tickets)


def _measure(url: str, *, tickets: int) -> None:
    engine = engine_for(url)
    migrate(engine)
    store_many(url, count=tickets, every=100)
    click.echo(f"{engine.dialect.name}: {tickets} tickets, {_megabytes(engine):.0f} MB")
    _time("from 0002 back to 0001", lambda: migrate_back(engine, to="0001"), engine)
    _time("from 0001 to 0002", lambda: migrate(engine), engine)
    with (
        tempfile.TemporaryDirectory() as folder,
        newer_program(*_NEXT, folder=Path(folder), migration=_MIGRATION),
    ):
        _time("to the next, which is additive", lambda: migrate(engine), engine)
        _time("back from it", lambda: migrate_back(engine, to=NEWEST), engine)
    click.echo(f"  {_megabytes(engine):.0f} MB in the end")
    engine.dispose()


def _time(what: str, migration: Callable[[], None], engine: Engine) -> None:
    """Print how long it takes, how long the longest sale beside it took, and what was locked."""
    locked: set[str] = set()
    waits: list[float] = []
    ended = Event()

    def watch() -> None:
        while engine.dialect.name == "postgresql" and not ended.wait(0.1):
            with engine.connect() as connection:
                locked.update(connection.execute(_LOCKED).scalars())

    def sell() -> None:
        # Without the time-outs of the product's engines: a sale shall wait as long as it has to.
        patient = create_engine(engine.url, connect_args=_PATIENCE[engine.dialect.name])
        while not ended.is_set():
            start = monotonic()
            with patient.begin() as connection:
                connection.execute(_SALE, {"ticket_id": 1 + len(waits) % 1000})
            waits.append(monotonic() - start)
        patient.dispose()

    others = [Thread(target=watch), Thread(target=sell)]
    for each in others:
        each.start()
    start = monotonic()
    try:
        migration()
    finally:
        took = monotonic() - start
        ended.set()
        for each in others:
            each.join()
    shown = ", ".join(sorted(locked)) or "nothing"
    click.echo(
        f"  {what}: {took:.1f} s; {len(waits)} sales beside it, the longest took"
        f" {max(waits):.3f} s; seen locked: {shown}"
    )


def _megabytes(engine: Engine) -> float:
    with engine.connect() as connection:
        size: int = connection.execute(text(_SIZE[engine.dialect.name])).scalar_one()
    return size / 2**20


if __name__ == "__main__":
    main()
