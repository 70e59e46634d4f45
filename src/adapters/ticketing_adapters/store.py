"""Opens the database: every repository over one engine, and the time that they share."""

from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from ticketing_adapters.extras import needing
from ticketing_adapters.system import SystemClock
from ticketing_core.ports import (
    Admissions,
    Authors,
    Clock,
    EventRepository,
    Installation,
    Outbox,
    StrayRepository,
    TicketRepository,
)

with needing("sql"):
    from ticketing_adapters.sql import (
        DEFAULT_POOL_SIZE,
        DatabaseClock,
        EventCache,
        SchemaTooNew,
        SqlAdmissions,
        SqlAuthors,
        SqlEvents,
        SqlInstallation,
        SqlOutbox,
        SqlPublicKeys,
        SqlStrays,
        SqlTickets,
        TicketObserver,
        engine_for,
        is_usable,
        migrate,
        origin_in,
        unknown_version,
    )

if TYPE_CHECKING:
    from sqlalchemy import Engine

EVENT_MAX_AGE = timedelta(seconds=1)
"""How long an event is cached. A crowd at an event that is sold out, or not on sale yet, then costs
two look-ups a second. Taking places is never decided by the cache."""


class NotMigrated(Exception):
    """The database does not exist, or has a schema that this version cannot use."""


@frozen(kw_only=True)
class Store:
    """An open database that has been migrated. Close it at the end.

    Attributes:
        engine: Its connections, a pool of them.
        public_keys: The public halves of all keys that have signed admission tokens.
        database_clock: The time of PostgreSQL; None for SQLite, which has no time of its own.

    The other attributes are the ports of these names.
    """

    engine: "Engine"
    events: EventRepository
    tickets: TicketRepository
    admissions: Admissions
    authors: Authors
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
    database_url: str,
    *,
    pool_size: int = DEFAULT_POOL_SIZE,
    observer: TicketObserver | None = None,
    migrates: bool = False,
) -> Store:
    """Open a database.

    Args:
        database_url: As for `engine_for`.
        pool_size: The most connections that are open at a time: one for each thread at work.
        observer: Told of each change of a ticket.
        migrates: Bring a database that is of an older version, or new, to this one first.

    Raises:
        ValueError: The address is malformed.
        MissingExtra: The driver is not installed.
        NotMigrated: It does not exist, or is of an older version.
        SchemaTooNew: It is of a newer version that shuts this one out.
        TablesTaken: It is to be migrated, and another program uses it.
        StoreUnavailable: It did not answer.
    """
    with needing("postgresql"):
        engine = engine_for(database_url, pool_size=pool_size)
    with ExitStack() as undo:
        undo.callback(engine.dispose)
        on_sqlite = engine.dialect.name == "sqlite"
        if on_sqlite and not migrates and not Path(engine.url.database or "").exists():
            # Opening it would leave an empty file behind.
            raise NotMigrated
        if not is_usable(engine):
            too_new = unknown_version(engine)
            if too_new is not None:
                raise SchemaTooNew(too_new)
            if not migrates:
                raise NotMigrated
            migrate(engine)
        clock = None if on_sqlite else DatabaseClock(partial(origin_in, engine))
        undo.pop_all()
    cache = EventCache(max_age=EVENT_MAX_AGE)
    return Store(
        engine=engine,
        events=SqlEvents(engine, cache=cache),
        tickets=SqlTickets(engine, cache=cache, observer=observer),
        admissions=SqlAdmissions(engine, cache=cache, observer=observer),
        authors=SqlAuthors(engine),
        strays=SqlStrays(engine),
        installation=SqlInstallation(engine),
        outbox=SqlOutbox(engine),
        public_keys=SqlPublicKeys(engine),
        database_clock=clock,
    )
