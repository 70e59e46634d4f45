"""Opens, migrates and backs up the store."""

from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from ticketing_adapters.sql import (
    Backup,
    BackupFailed,
    DatabaseClock,
    EventCache,
    SchemaTooNew,
    SqlAdmissions,
    SqlEvents,
    SqlInstallation,
    SqlOutbox,
    SqlPublicKeys,
    SqlStrays,
    SqlTickets,
    back_up_sqlite,
    engine_for,
    is_empty,
    is_too_new,
    is_usable,
    migrate,
    origin_in,
)
from ticketing_adapters.system import SystemClock
from ticketing_core.ports import (
    Admissions,
    Clock,
    EventRepository,
    Installation,
    Outbox,
    StrayRepository,
    TicketRepository,
)
from ticketing_service.observing.metrics import Metrics
from ticketing_service.observing.tickets import ObservedTickets
from ticketing_service.settings import CannotStart, Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

EVENT_MAX_AGE = timedelta(seconds=1)
"""How long an event is cached. A crowd at an event that is sold out, or not on sale yet, then costs
two look-ups a second. Taking places is never decided by the cache."""

FEW_CONNECTIONS = 2
"""Enough for a command that does one thing at a time."""


class NotMigrated(CannotStart):
    """The database does not exist, or has a schema that this version cannot use."""

    def __init__(self) -> None:
        super().__init__(
            "The database does not have the schema of this version; run `ticketing migrate`."
        )


class DatabaseTooNew(CannotStart):
    """A newer version has migrated the database."""

    def __init__(self) -> None:
        super().__init__(
            "This database was migrated by a newer version of this program; run that version."
        )


@frozen(kw_only=True)
class Store:
    """An open database that has been migrated. Close it at the end.

    Attributes:
        database_clock: The time of PostgreSQL; None for SQLite, which has no time of its own.
    """

    engine: "Engine"
    events: EventRepository
    tickets: TicketRepository
    admissions: Admissions
    strays: StrayRepository
    installation: Installation
    outbox: Outbox
    public_keys: SqlPublicKeys
    database_clock: DatabaseClock | None

    @property
    def clock(self) -> Clock:
        """The time that decides when a hold is over: the same for all who use the database."""
        return self.database_clock or SystemClock()

    def clock_problem(self) -> str | None:
        """Return why `clock` must not end a hold now, or None. See `DatabaseClock.problem`."""
        return None if self.database_clock is None else self.database_clock.problem()

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def open_store(
    settings: Settings, *, pool_size: int = FEW_CONNECTIONS, metrics: Metrics | None = None
) -> Store:
    """Open the database. Each change of a ticket is logged, and counted if there are metrics.

    Raises:
        NotMigrated: It does not exist, or is of an older version.
        DatabaseTooNew: It is of a newer version that shuts this one out.
        StoreUnavailable: It did not answer.
    """
    if settings.sqlite_file is not None and not settings.sqlite_file.exists():
        # Opening it would leave an empty file behind.
        raise NotMigrated
    engine = engine_for(settings.database_url, pool_size=pool_size)
    with ExitStack() as undo:
        undo.callback(engine.dispose)
        if not is_usable(engine):
            raise DatabaseTooNew if is_too_new(engine) else NotMigrated
        on_sqlite = settings.sqlite_file is not None
        clock = None if on_sqlite else DatabaseClock(partial(origin_in, engine))
        undo.pop_all()
    cache, observer = EventCache(max_age=EVENT_MAX_AGE), ObservedTickets(metrics)
    return Store(
        engine=engine,
        events=SqlEvents(engine, cache=cache),
        tickets=SqlTickets(engine, cache=cache, observer=observer),
        admissions=SqlAdmissions(engine, cache=cache, observer=observer),
        strays=SqlStrays(engine),
        installation=SqlInstallation(engine),
        outbox=SqlOutbox(engine),
        public_keys=SqlPublicKeys(engine),
        database_clock=clock,
    )


def migrate_database(settings: Settings, *, only_empty_sqlite: bool = False) -> bool:
    """Bring the database to this version.

    Args:
        settings: Name the database.
        only_empty_sqlite: Do it only if nothing can be lost and no other process uses it.

    Returns:
        Whether anything was done.

    Raises:
        DatabaseTooNew: A newer version has migrated it, and shuts this one out.
        StoreUnavailable: The database did not answer.
    """
    engine = engine_for(settings.database_url, pool_size=FEW_CONNECTIONS)
    try:
        if is_usable(engine):
            return False
        if only_empty_sqlite and (settings.sqlite_file is None or not is_empty(engine)):
            return False
        migrate(engine)
        return True
    except SchemaTooNew:
        raise DatabaseTooNew from None
    finally:
        engine.dispose()


def back_up(settings: Settings, target: Path) -> Backup:
    """Make a backup of a SQLite database; see `back_up_sqlite`.

    Raises:
        CannotStart: There is no backup; the text says why.
    """
    if settings.sqlite_file is None:
        raise CannotStart(
            "This makes backups of SQLite only. Use pg_dump, or pg_basebackup with an archive of "
            "the write-ahead log: docs/operations.md has both under Backups."
        )
    try:
        return back_up_sqlite(settings.sqlite_file, target)
    except BackupFailed as failed:
        raise CannotStart(f"No backup was made: {failed}.") from failed
