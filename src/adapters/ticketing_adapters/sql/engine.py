"""Engines for SQLite and PostgreSQL, and the two kinds of transaction that the adapter opens.

Every wait for a connection, a lock or an answer has a time-out.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Any

from sqlalchemy import URL, Connection, Dialect, Engine, QueuePool, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

from ticketing_adapters.sql.forks import keep_from_forks
from ticketing_adapters.sql.sqlite_files import WRITES, set_up_sqlite

DEFAULT_POOL_SIZE = 10
"""Connections of one process: enough to keep two cores busy, and few enough that a PostgreSQL with
its default of 100 connections serves several processes."""

LOCK_TIMEOUT = timedelta(seconds=10)
"""For a row, for SQLite's one writer, or for a connection of the pool. A step takes milliseconds:
a wait this long is an outage, and no buyer watches a spinner for longer."""

STATEMENT_TIMEOUT = timedelta(seconds=15)
"""Longer than `LOCK_TIMEOUT`, whose error says better what went wrong."""

ANSWER_TIMEOUT = timedelta(seconds=20)
"""For any answer at all. Longer than `STATEMENT_TIMEOUT`, which a healthy server applies itself."""

IDLE_TRANSACTION_TIMEOUT = timedelta(seconds=30)
"""Otherwise a process that froze inside a step would keep the event's row locked for all others."""

IDLE_BEFORE_PING = timedelta(seconds=1)
"""A connection that was idle for longer may have outlived its server, and is pinged before its use.
SQLAlchemy's `pool_pre_ping` pings each time, which costs too much (decision record 14)."""

CONNECT_TIMEOUT = timedelta(seconds=5)

_SQLITE = frozenset({"sqlite", "sqlite+pysqlite"})
# Hosts of databases hand out the last one.
_POSTGRESQL = frozenset({"postgresql", "postgresql+psycopg", "postgres"})
PATIENCE = "ticketing_patience"
"""The execution option of a transaction with the longest that it waits for a row."""
_LAST_USED = "ticketing_last_used"


def engine_for(url: str, *, pool_size: int = DEFAULT_POOL_SIZE) -> Engine:
    """Return an engine whose connections have the settings that the repositories rely on.

    SQLite gets a write-ahead log, ``synchronous=FULL`` and foreign keys; PostgreSQL gets READ
    COMMITTED, a writable server and time-outs, unless the URL's own parameters say otherwise.
    No connection is made yet. A forked process opens connections of its own; fork while no step
    runs, since a lock that a thread of the other process holds would be held for ever.

    Args:
        url: ``sqlite:///file``, ``postgresql://…`` or ``postgres://…`` (the driver is psycopg 3).
        pool_size: The most connections that are open at a time; a step that needs another waits.

    Raises:
        ValueError: The URL is malformed, names another database, or SQLite in memory; or the pool
            has no connection.
    """
    if pool_size < 1:
        raise ValueError("pool_size must be at least 1")
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
    """Provide a connection for look-ups. Each statement sees all that was committed before it."""
    with engine.connect() as connection:
        if is_postgresql(connection):
            # A single SELECT needs no BEGIN and COMMIT around it: two round trips less.
            connection.execution_options(isolation_level="AUTOCOMMIT")
        yield connection


@contextmanager
def writing(engine: Engine, *, patience: timedelta | None = None) -> Iterator[Connection]:
    """Provide a connection in a transaction, which commits at the end or leaves no trace.

    Args:
        engine: From `engine_for`.
        patience: The longest wait for a row; None for `LOCK_TIMEOUT`. The statements that lock
            rows apply it (`patience`).
    """
    with engine.connect() as connection, _transaction(connection, patience=patience):
        yield connection


@contextmanager
def writing_at_once(engine: Engine, *, patience: timedelta | None) -> Iterator[Connection | None]:
    """Provide a connection to PostgreSQL each of whose statements is a transaction of its own.

    Such a statement cannot get the settings of a connection through a pooler, so there is none for
    it, nor for SQLite. See `writing` for the arguments.
    """
    if engine.dialect.name != "postgresql":
        yield None
        return
    with reading(engine) as connection:
        connection.execution_options(**{PATIENCE: patience})
        yield None if _settings_of_transaction(connection) else connection


@contextmanager
def migrating(engine: Engine) -> Iterator[Connection]:
    """Provide a transaction as `writing` does, on a connection that nothing else uses afterwards.

    SQLite checks no foreign keys in it: to change a table, a migration replaces it by another one
    of the same name (sqlite.org/lang_altertable.html, 7). Within a transaction this setting cannot
    be changed.
    """
    with engine.connect() as connection:
        connection.detach()
        driver: Any = connection.connection.dbapi_connection
        if is_postgresql(connection):
            # The snapshot of a prepared statement stays until the next one, and a migration that
            # builds an index waits for all snapshots of those that wait for it (`schema`).
            driver.prepare_threshold = None
        else:
            # Not by the connection itself, which would begin a transaction.
            driver.execute("PRAGMA foreign_keys = OFF")
        with _transaction(connection):
            yield connection


@contextmanager
def _transaction(connection: Connection, *, patience: timedelta | None = None) -> Iterator[None]:
    connection.execution_options(**{WRITES: True, PATIENCE: patience})
    with connection.begin():
        # Not by a listener of the engine: one is enough to make each statement slower.
        settings = _settings_of_transaction(connection)
        if settings:
            made = "; ".join(f"SET LOCAL {name} = '{value}'" for name, value in settings.items())
            connection.exec_driver_sql(made)
        yield


def _settings_of_transaction(connection: Connection) -> Mapping[str, str]:
    """Return what each transaction has to set; only a connection through a pooler has any."""
    driver: Any = connection.connection.dbapi_connection
    settings: Mapping[str, str] = getattr(driver, "of_transaction", {})
    return settings


def is_postgresql(connection: Connection) -> bool:
    """Return whether the connection is to PostgreSQL."""
    return connection.dialect.name == "postgresql"


def _pool(pool_size: int) -> dict[str, Any]:
    return {
        "poolclass": QueuePool,
        "pool_size": pool_size,
        "max_overflow": 0,
        "pool_timeout": LOCK_TIMEOUT.total_seconds(),
        # Buyers' names do not belong in logs.
        "hide_parameters": True,
    }


def _sqlite_engine(url: URL, *, pool_size: int) -> Engine:
    database = url.database or ":memory:"
    if ":memory:" in database or url.query.get("mode") == "memory":
        raise ValueError(
            "SQLite in memory is a separate database in each connection and is lost with the"
            " process; name a file: sqlite:///ticketing.db"
        )
    # The pool gives a connection to one thread at a time, though not always to the same.
    connect_args = {"check_same_thread": False, "timeout": LOCK_TIMEOUT.total_seconds()}
    engine = create_engine(url, connect_args=connect_args, **_pool(pool_size))
    set_up_sqlite(engine, patience=LOCK_TIMEOUT)
    keep_from_forks(engine)
    return engine


def _postgresql_engine(url: URL, *, pool_size: int) -> Engine:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        # `hold` decides on what it reads after it has the lock. With a snapshot for the whole
        # transaction it would read what was true before.
        isolation_level="READ COMMITTED",
        connect_args=_libpq_parameters(url),
        **_pool(pool_size),
    )
    # Loads the driver, which a service on SQLite does not need.
    from ticketing_adapters.sql.sessions import set_up_sessions  # noqa: PLC0415 - as above

    settings = {
        "lock_timeout": str(_milliseconds(LOCK_TIMEOUT)),
        "statement_timeout": str(_milliseconds(STATEMENT_TIMEOUT)),
        "idle_in_transaction_session_timeout": str(_milliseconds(IDLE_TRANSACTION_TIMEOUT)),
        # In some zones instants near the end of the calendar cannot be read.
        "TimeZone": "UTC",
    }
    options = url.query.get("options", "")
    if not isinstance(options, str):
        options = " ".join(options)
    set_up_sessions(engine, settings, options=options, answer_timeout=ANSWER_TIMEOUT)
    keep_from_forks(engine)
    event.listen(engine, "checkin", _note_when_used)
    event.listen(engine, "checkout", partial(_ping_after_idling, engine.dialect))
    return engine


def _note_when_used(_: object, record: ConnectionPoolEntry) -> None:
    record.info[_LAST_USED] = monotonic()


def _ping_after_idling(
    dialect: Dialect, connection: DBAPIConnection, record: ConnectionPoolEntry, _: object
) -> None:
    """Replace a connection that died while it was idle.

    Otherwise a restart of the server fails the first steps of every process.
    """
    idle = monotonic() - record.info.get(_LAST_USED, monotonic())
    if idle < IDLE_BEFORE_PING.total_seconds():
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        # The pool then discards this connection and all that are as old.
        raise InvalidatePoolError from error


def _libpq_parameters(url: URL) -> dict[str, Any]:
    """Return the connection's parameters (postgresql.org/docs, "Parameter Key Words")."""
    wait = _milliseconds(STATEMENT_TIMEOUT)
    defaults = {
        "connect_timeout": str(int(CONNECT_TIMEOUT.total_seconds())),
        # The client has to notice a silent network: the server's time-outs do not get through.
        "tcp_user_timeout": str(wait),
        "keepalives_idle": "5",
        "keepalives_interval": "5",
        "keepalives_count": "2",
        # A replica may be behind, and no step may decide on old rows.
        "target_session_attrs": "read-write",
    }
    return {name: value for name, value in defaults.items() if name not in url.query}


def _milliseconds(duration: timedelta) -> int:
    return duration // timedelta(milliseconds=1)
