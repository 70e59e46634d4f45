"""Opens and migrates the store."""

from contextlib import ExitStack
from datetime import timedelta
from typing import TYPE_CHECKING

from attrs import frozen

from ticketing_adapters.sql import (
    EventCache,
    SqlEvents,
    SqlPublicKeys,
    SqlTickets,
    engine_for,
    is_current,
    is_empty,
    migrate,
)
from ticketing_core.ports import EventRepository, TicketRepository
from ticketing_service.settings import CannotStart, Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

EVENT_MAX_AGE = timedelta(seconds=1)
"""How long an event is cached. A crowd at an event that is sold out, or not on sale yet, then costs
two look-ups a second. Taking places is never decided by the cache."""

FEW_CONNECTIONS = 2
"""Enough for a command that does one thing at a time."""


class NotMigrated(CannotStart):
    """The database does not exist, or does not have the schema of this version."""

    def __init__(self) -> None:
        super().__init__(
            "The database does not have the schema of this version; run `ticketing migrate`."
        )


@frozen(kw_only=True)
class Store:
    """An open database that has been migrated. Close it at the end."""

    engine: "Engine"
    events: EventRepository
    tickets: TicketRepository
    public_keys: SqlPublicKeys

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def open_store(settings: Settings, *, pool_size: int = FEW_CONNECTIONS) -> Store:
    """Open the database.

    Raises:
        NotMigrated: It does not exist, or is not of this version.
        StoreUnavailable: It did not answer.
    """
    if settings.sqlite_file is not None and not settings.sqlite_file.exists():
        # Opening it would leave an empty file behind.
        raise NotMigrated
    engine = engine_for(settings.database_url, pool_size=pool_size)
    cache = EventCache(max_age=EVENT_MAX_AGE)
    store = Store(
        engine=engine,
        events=SqlEvents(engine, cache=cache),
        tickets=SqlTickets(engine, cache=cache),
        public_keys=SqlPublicKeys(engine),
    )
    with ExitStack() as undo:
        undo.callback(store.close)
        if not is_current(engine):
            raise NotMigrated
        undo.pop_all()
    return store


def migrate_database(settings: Settings, *, only_empty_sqlite: bool = False) -> bool:
    """Bring the database to this version.

    Args:
        settings: Name the database.
        only_empty_sqlite: Do it only if nothing can be lost and no other process uses it.

    Returns:
        Whether anything was done.

    Raises:
        StoreUnavailable: The database did not answer.
    """
    engine = engine_for(settings.database_url, pool_size=FEW_CONNECTIONS)
    try:
        if is_current(engine):
            return False
        if only_empty_sqlite and (settings.sqlite_file is None or not is_empty(engine)):
            return False
        migrate(engine)
        return True
    finally:
        engine.dispose()
