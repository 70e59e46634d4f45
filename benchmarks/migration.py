"""Times the newest migration over many tickets, on PostgreSQL and on SQLite.

Run it by hand while the machine does nothing else: `python -m benchmarks.migration`.
"""

import tempfile
from collections.abc import Callable
from threading import Event, Thread
from time import monotonic

import click
from sqlalchemy import Engine, text

from tests.support.many_tickets import store_many
from tests.support.postgres import running_postgres
from ticketing_adapters.sql import engine_for, migrate
from ticketing_adapters.sql.schema import migrate_back

_SETTINGS = {"shared_buffers": "128MB"}
"""The default of a fresh PostgreSQL."""

_LOCKED = text("""
    SELECT relname FROM pg_locks JOIN pg_class ON pg_class.oid = relation AND relkind = 'r'
    WHERE mode = 'AccessExclusiveLock' AND granted AND relnamespace = 'public'::regnamespace
""")
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
        for url in (f"sqlite:///{folder}/ticketing.db", server.create_database()):
            _measure(url, tickets=tickets)


def _measure(url: str, *, tickets: int) -> None:
    engine = engine_for(url)
    migrate(engine)
    store_many(url, count=tickets, every=100)
    back, _ = _timed(lambda: migrate_back(engine, to="0001"), engine)
    before = _megabytes(engine)
    up, locked = _timed(lambda: migrate(engine), engine)
    click.echo(
        f"{engine.dialect.name}: {tickets} tickets; up {up:.0f} s, back {back:.0f} s;"
        f" {before:.0f} MB before, {_megabytes(engine):.0f} MB after; locked: {locked}"
    )
    engine.dispose()


def _timed(migration: Callable[[], None], engine: Engine) -> tuple[float, list[str]]:
    """Return the seconds it takes, and the tables that PostgreSQL lets nobody read meanwhile."""
    locked: set[str] = set()
    ended = Event()

    def watch() -> None:
        while engine.dialect.name == "postgresql" and not ended.wait(0.1):
            with engine.connect() as connection:
                locked.update(connection.execute(_LOCKED).scalars())

    watcher = Thread(target=watch)
    watcher.start()
    start = monotonic()
    try:
        migration()
    finally:
        ended.set()
        watcher.join()
    return monotonic() - start, sorted(locked)


def _megabytes(engine: Engine) -> float:
    with engine.connect() as connection:
        size: int = connection.execute(text(_SIZE[engine.dialect.name])).scalar_one()
    return size / 2**20


if __name__ == "__main__":
    main()
