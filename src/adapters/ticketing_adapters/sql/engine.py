"""Engines for the two databases, and the two kinds of transaction that the adapter opens.

Nothing here waits forever: every wait for a connection, a lock or an answer has an end.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from time import monotonic, sleep
from typing import Any

from sqlalchemy import URL, Connection, Dialect, Engine, QueuePool, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, InvalidatePoolError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

DEFAULT_POOL_SIZE = 10
"""Connections of one process: as many steps as two cores keep busy, while a PostgreSQL with its
default of 100 connections still serves several processes."""

LOCK_TIMEOUT = timedelta(seconds=10)
"""For a row, for SQLite's one writer, or for a connection of the pool. A step takes milliseconds:
whoever waits this long sees an outage, and a buyer does not look at a spinner any longer."""

STATEMENT_TIMEOUT = timedelta(seconds=15)
"""Longer than `LOCK_TIMEOUT`, which tells better what went wrong."""

ANSWER_TIMEOUT = timedelta(seconds=20)
"""For any answer at all, longer than `STATEMENT_TIMEOUT`, which the server keeps to if it can."""

IDLE_TRANSACTION_TIMEOUT = timedelta(seconds=30)
"""A process that froze inside a step would else keep the event's row locked for everybody."""

IDLE_BEFORE_PING = timedelta(seconds=1)
"""A connection that was used within this time is not asked whether it lives: in a rush that would
be one round trip in five. One that was idle for longer may have outlived its server."""

CONNECT_TIMEOUT = timedelta(seconds=5)

_POLL_INTERVAL_S = 0.01
"""Between two tries to change the mode of a SQLite file, which takes about as long."""

_TURN_INTERVAL_S = 0.001
"""Between two tries to begin writing a SQLite file; a step takes some of them."""

_SQLITE = frozenset({"sqlite", "sqlite+pysqlite"})
_POSTGRESQL = frozenset({"postgresql", "postgresql+psycopg"})
_WRITES = "ticketing_writes"
_LAST_USED = "ticketing_last_used"


def engine_for(url: str, *, pool_size: int = DEFAULT_POOL_SIZE) -> Engine:
    """Make an engine whose connections keep the promises that the repositories rely on.

    SQLite gets a write-ahead log, ``synchronous=FULL`` and foreign keys; PostgreSQL gets READ
    COMMITTED, a writable server and time-outs, unless the URL's own parameters say otherwise.
    No connection is made yet. Do not share an engine with a forked process.

    Args:
        url: ``sqlite:///file`` or ``postgresql://…`` (the driver is psycopg 3).
        pool_size: The most connections that are open at a time; who needs one more waits.

    Raises:
        ValueError: The URL is malformed, names another database, or SQLite in memory.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        # Without the cause: a malformed URL may hold a password.
        raise ValueError(
            "the database URL must look like sqlite:///file or postgresql://user@host/name"
        ) from None
    if parsed.drivername in _SQLITE:
        return _sqlite_engine(parsed, pool_size=pool_size)
    if parsed.drivername in _POSTGRESQL:
        return _postgresql_engine(parsed, pool_size=pool_size)
    raise ValueError(f"the database must be sqlite:// or postgresql://, not {parsed.drivername}://")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection for look-ups; each statement sees all that was committed before it."""
    with engine.connect() as connection:
        if is_postgresql(connection):
            # A single SELECT needs no BEGIN and COMMIT around it: two round trips less.
            connection.execution_options(isolation_level="AUTOCOMMIT")
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Give a connection inside a transaction that commits at the end, or leaves no trace."""
    with engine.connect() as connection:
        connection.execution_options(**{_WRITES: True})
        with connection.begin():
            yield connection


def is_postgresql(connection: Connection) -> bool:
    """Whether the other database is spoken to."""
    return connection.dialect.name == "postgresql"


def _sqlite_engine(url: URL, *, pool_size: int) -> Engine:
    database = url.database or ":memory:"
    if ":memory:" in database or url.query.get("mode") == "memory":
        raise ValueError(
            "SQLite in memory is another database in each connection, and is gone with the"
            " process; name a file: sqlite:///ticketing.db"
        )
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=LOCK_TIMEOUT.total_seconds(),
        # The pool hands a connection to one thread at a time, though not always the same.
        connect_args={"check_same_thread": False, "timeout": LOCK_TIMEOUT.total_seconds()},
        # Buyers' names do not belong into logs.
        hide_parameters=True,
    )
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _: object) -> None:
    # The driver would begin transactions by itself, at the first write and always deferred.
    connection.isolation_level = None
    # FULL waits for the disk at each commit: an answered commit survives a power cut.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    _use_write_ahead_log(connection)


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Set the mode that the file remembers, if nobody has; several may come at once.

    Changing it needs the file for oneself, and SQLite does not wait for that by itself
    (sqlite.org/wal.html, "Sometimes Queries Return SQLITE_BUSY In WAL Mode").
    """
    give_up_at = monotonic() + LOCK_TIMEOUT.total_seconds()
    while True:
        try:
            if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
                connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or monotonic() > give_up_at:
                raise
            sleep(_POLL_INTERVAL_S)


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that turns to writing fails if anybody has written since it began;
    # an immediate one waits for its turn before it reads.
    if connection.get_execution_options().get(_WRITES, False):
        _begin_in_turn(connection)
    else:
        connection.exec_driver_sql("BEGIN")


def _begin_in_turn(connection: Connection) -> None:
    """Begin to write, soon after the writer before is done.

    SQLite itself asks again after pauses that grow to a tenth of a second. Meanwhile a process
    that has just written takes turn after turn, and the buyers of another one wait.
    """
    give_up_at = monotonic() + LOCK_TIMEOUT.total_seconds()
    connection.exec_driver_sql("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            except OperationalError as error:
                if not _is_busy(error.orig) or monotonic() > give_up_at:
                    raise
                sleep(_TURN_INTERVAL_S)
            else:
                return
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {_milliseconds(LOCK_TIMEOUT)}")


def _is_busy(error: BaseException | None) -> bool:
    # The low byte is the kind (sqlite.org/rescode.html).
    code = error.sqlite_errorcode if isinstance(error, sqlite3.OperationalError) else 0
    return code & 0xFF == sqlite3.SQLITE_BUSY


def _postgresql_engine(url: URL, *, pool_size: int) -> Engine:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=LOCK_TIMEOUT.total_seconds(),
        # `hold` decides on what it reads after it got the lock; a snapshot for the whole
        # transaction would show it what was true before.
        isolation_level="READ COMMITTED",
        connect_args=_libpq_parameters(url),
        # Buyers' names do not belong into logs.
        hide_parameters=True,
    )
    # Only those with PostgreSQL load its driver.
    from ticketing_adapters.sql.answering import answer_within  # noqa: PLC0415 - as above

    answer_within(engine, ANSWER_TIMEOUT)
    event.listen(engine, "checkin", _note_when_used)
    event.listen(engine, "checkout", partial(_ping_after_idling, engine.dialect))
    return engine


def _note_when_used(_: object, record: ConnectionPoolEntry) -> None:
    record.info[_LAST_USED] = monotonic()


def _ping_after_idling(
    dialect: Dialect, connection: DBAPIConnection, record: ConnectionPoolEntry, _: object
) -> None:
    """Replace a connection that died while nobody used it.

    Without this a restart of the server fails the first step of every process that outlived it.
    """
    idle = monotonic() - record.info.get(_LAST_USED, monotonic())
    if idle < IDLE_BEFORE_PING.total_seconds():
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        # The pool then discards it and all that are as old.
        raise InvalidatePoolError from error


def _libpq_parameters(url: URL) -> dict[str, Any]:
    """Parameters of the connection (postgresql.org/docs, "Parameter Key Words")."""
    settings = {
        "lock_timeout": _milliseconds(LOCK_TIMEOUT),
        "statement_timeout": _milliseconds(STATEMENT_TIMEOUT),
        "idle_in_transaction_session_timeout": _milliseconds(IDLE_TRANSACTION_TIMEOUT),
        # Instants near the end of the calendar cannot be read in every zone.
        "timezone": "UTC",
    }
    ours = " ".join(f"-c {name}={value}" for name, value in settings.items())
    wait = _milliseconds(STATEMENT_TIMEOUT)
    defaults = {
        "connect_timeout": str(int(CONNECT_TIMEOUT.total_seconds())),
        # A network that went silent is noticed by us: the server's time-outs do not come through.
        "tcp_user_timeout": str(wait),
        "keepalives_idle": "5",
        "keepalives_interval": "5",
        "keepalives_count": "2",
        # A replica may be behind, and nothing is decided on old rows.
        "target_session_attrs": "read-write",
    }
    wished = {name: value for name, value in defaults.items() if name not in url.query}
    theirs = url.query.get("options", "")
    if not isinstance(theirs, str):
        theirs = " ".join(theirs)
    # The last of two equal settings counts.
    return wished | {"options": f"{ours} {theirs}".strip()}


def _milliseconds(duration: timedelta) -> int:
    return duration // timedelta(milliseconds=1)
