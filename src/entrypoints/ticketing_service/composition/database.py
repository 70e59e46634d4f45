"""Opens, migrates and backs up the store."""

from pathlib import Path

from ticketing_adapters import store
from ticketing_adapters.sql import (
    Backup,
    BackupFailed,
    SchemaTooNew,
    TablesTaken,
    back_up_sqlite,
    engine_for,
    is_empty,
    is_usable,
    lacks_right,
    migrate,
)
from ticketing_adapters.store import Store
from ticketing_core.errors import StoreUnavailable
from ticketing_service.observing.metrics import Metrics
from ticketing_service.observing.tickets import ObservedTickets
from ticketing_service.settings import PREFIX, CannotStart, Settings

__all__ = [
    "FEW_CONNECTIONS",
    "NotMigrated",
    "Store",
    "back_up",
    "migrate_database",
    "open_store",
]

FEW_CONNECTIONS = 2
"""Enough for a command that does one thing at a time."""


class NotMigrated(CannotStart):
    """The database does not exist, or has a schema that this version cannot use."""

    def __init__(self) -> None:
        super().__init__(
            "The database does not have the schema of this version; run `ticketing migrate` as the "
            "owner of its tables."
        )


class NotTheOwner(CannotStart):
    """The role may not change the schema."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"This role may not change the schema ({reason}). Run `ticketing migrate` as the owner "
            f"of the tables, with its {PREFIX}DATABASE_URL: docs/deploy.md has the command."
        )


def open_store(
    settings: Settings, *, pool_size: int = FEW_CONNECTIONS, metrics: Metrics | None = None
) -> Store:
    """Open the database. Each change of a ticket is logged, and counted if there are metrics.

    Raises:
        NotMigrated: It does not exist, or is of an older version.
        CannotStart: It is of a newer version that shuts this one out.
        StoreUnavailable: It did not answer.
    """
    try:
        return store.open_store(
            settings.database_url, pool_size=pool_size, observer=ObservedTickets(metrics)
        )
    except store.NotMigrated:
        raise NotMigrated from None
    except SchemaTooNew as error:
        raise CannotStart(str(error)) from None


def migrate_database(settings: Settings, *, only_empty_sqlite: bool = False) -> bool:
    """Bring the database to this version.

    Args:
        settings: Name the database.
        only_empty_sqlite: Do it only if nothing can be lost and no other process uses it.

    Returns:
        Whether anything was done.

    Raises:
        CannotStart: A newer version has migrated it and shuts this one out, or another program
            uses it.
        NotTheOwner: The role lacks a right.
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
    except (SchemaTooNew, TablesTaken) as error:
        raise CannotStart(str(error)) from None
    except StoreUnavailable as error:
        # Another command than `migrate` needs other rights.
        if only_empty_sqlite or not lacks_right(error):
            raise
        raise NotTheOwner(error.reason) from error
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
