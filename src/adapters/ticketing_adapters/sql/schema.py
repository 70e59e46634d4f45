"""Migrates the schema, and checks a database before a service uses it."""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Text, column, func, inspect, select, table, update

from ticketing_adapters.sql.engine import is_postgresql, migrating, reading, writing
from ticketing_adapters.sql.failures import store_step
from ticketing_adapters.sql.installation_tables import installation
from ticketing_adapters.sql.tables import metadata
from ticketing_core.errors import StoreUnavailable

VERSIONS: Sequence[str] = ("0003", "0002", "0001")
"""Of the schema, the newest first: one for each file in `migrations/versions`."""

MIGRATION_LOCK_TIMEOUT = timedelta(minutes=1)
"""How long one migration waits for another. Longer than a step's: no buyer waits for it."""

TABLE_LOCK_TIMEOUT = timedelta(seconds=5)
"""How long a migration waits for a table, such as for a dump to end. Sales queue behind it and
wait for up to twice as long (`LOCK_TIMEOUT`), so none fails."""

_PAUSE_SECONDS = 0.1
"""Between two tries to be the one that migrates."""

# Any number that no other advisory lock in this database has.
_TRY_TO_LOCK = f"SELECT pg_try_advisory_xact_lock({0x7469636B_0002})"

# SQLite checks foreign keys during migrations only here (`engine.migrating`).
_BROKEN_KEYS = "PRAGMA foreign_key_check"


class SchemaTooNew(Exception):
    """The schema is of a version that this code does not know."""

    def __init__(self, installed: str) -> None:
        super().__init__(
            f"The database is at schema version {installed}, which this program does not know. "
            "Either a newer version of it has migrated the database: run that one. Or another "
            "program's Alembic uses this database: give each a database or a schema of its own."
        )


class TablesTaken(Exception):
    """Another program has tables of our names in this database."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(
            f"The database has tables of another program: {', '.join(sorted(names))}. "
            "Use another database or, on PostgreSQL, a schema of its own."
        )


FOR_PROGRAMS_SINCE = "_for_"
"""Between the number of an additive migration and that of the oldest version whose programs may go
on: those of 0003 with a schema of `0004_for_0003`. A plain number shuts out all older programs."""

_VERSION_TABLE = "alembic_version"
_INSTALLED = select(column("version_num", Text)).select_from(table(_VERSION_TABLE))


@store_step
def migrate(engine: Engine, *, to: str = "head") -> None:
    """Migrate the schema up to a version, by default the newest, in one transaction.

    On PostgreSQL a migration that has a function ``beforehand`` begins another one. Before it, this
    function does what sales must not wait for, such as building an index concurrently, on a
    connection in which each statement commits. It may end at any point, and then runs again.

    Any number of processes may call this at the same time: one migrates, the others find it done.

    Raises:
        SchemaTooNew: A newer version has migrated it.
        TablesTaken: Another program uses it.
        StoreUnavailable: The database did not answer, or another migration takes too long.
    """
    from ticketing_adapters.sql import revisions  # noqa: PLC0415 - see there

    if engine.dialect.name == "postgresql":
        for before, beforehand in revisions.preparations(to):
            _run(revisions.upgrade, engine, before)
            _prepare(beforehand, engine, installed=before)
    _run(revisions.upgrade, engine, to)


@store_step
def migrate_back(engine: Engine, *, to: str) -> None:
    """Migrate the schema down to an older version, in one transaction.

    What the older version cannot hold is lost, or raises an error and changes nothing.

    Raises:
        StoreUnavailable: The database did not answer, or another migration takes too long.
    """
    from ticketing_adapters.sql import revisions  # noqa: PLC0415 - see there

    _run(revisions.downgrade, engine, to)


def _run(migration: Callable[[Connection, str], None], engine: Engine, version: str) -> None:
    with migrating(engine) as connection:
        if is_postgresql(connection):
            _lock_out_other_migrations(connection)
        installed = _installed(connection)
        if installed is None:
            _refuse_foreign_tables(connection)
        elif installed not in VERSIONS:
            raise SchemaTooNew(installed)
        migration(connection, version)
        if not is_postgresql(connection) and connection.exec_driver_sql(_BROKEN_KEYS).all():
            raise AssertionError("the migration broke a foreign key")


def _prepare(beforehand: Callable[[Connection], None], engine: Engine, *, installed: str) -> None:
    with migrating(engine) as locked:
        _lock_out_other_migrations(locked)
        # Nothing is asked of it meanwhile.
        _set(locked, "idle_in_transaction_session_timeout", timedelta())
        # This statement has no parameters, so no snapshot of it is left: see below.
        if _installed(locked) != installed:
            return
        with engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            # Its settings outlive a transaction, so nothing else may use it afterwards.
            connection.detach()
            _let_statements_take_long(connection, in_transaction=False)
            # No sale waits behind what this may wait for, such as the end of a dump.
            _set(connection, "lock_timeout", MIGRATION_LOCK_TIMEOUT, in_transaction=False)
            beforehand(connection)


@store_step
def is_empty(engine: Engine) -> bool:
    """Return whether the database has no tables at all.

    Raises:
        StoreUnavailable: The database did not answer.
    """
    with reading(engine) as connection:
        return not inspect(connection).get_table_names()


@store_step
def is_usable(engine: Engine) -> bool:
    """Return whether this code can use the schema: it has its version, or a newer one allows it.

    Raises:
        StoreUnavailable: The database did not answer.
    """
    with reading(engine) as connection:
        installed = _installed(connection)
    if installed in {None, *VERSIONS}:
        return installed == VERSIONS[0]
    # Of a newer program, whose migrations nobody here knows. Only its name can say it.
    _, _, oldest = str(installed).partition(FOR_PROGRAMS_SINCE)
    return oldest in {version.partition(FOR_PROGRAMS_SINCE)[0] for version in VERSIONS}


@store_step
def unknown_version(engine: Engine) -> str | None:
    """Return the version of the schema if this code does not know it, else None.

    Raises:
        StoreUnavailable: The database did not answer.
    """
    with reading(engine) as connection:
        installed = _installed(connection)
    return None if installed in VERSIONS else installed


@store_step
def installation_id(engine: Engine) -> UUID:
    """Return the random id of this installation. The first migration makes it, once and for all.

    Raises:
        StoreUnavailable: The database did not answer.
    """
    with reading(engine) as connection:
        found: UUID = connection.execute(select(installation.c.installation_id)).scalar_one()
    return found


_NEED_ROOM = (
    "SET LOCAL temp_tablespaces = ''",
    "SET LOCAL work_mem = '64kB'",
    "SELECT count(*) FROM generate_series(1, 10000)",
)
"""Make PostgreSQL write 140 kB into a file and remove it. On a full disk it still changes a row
while the row's page has room, but takes no new row. The list does not fit into the least memory
that can be set, so it becomes a temporary file, on the disk of the database."""


@store_step
def try_to_write(engine: Engine) -> None:
    """Write what is there already, which changes nothing but needs all that writing needs.

    Raises:
        StoreUnavailable: The database did not answer, is full or takes no changes, or the role may
            not change the tables.
    """
    with writing(engine) as connection:
        if is_postgresql(connection):
            for statement in _NEED_ROOM:
                connection.exec_driver_sql(statement)
        else:
            # SQLite writes no row that stays the same, but always this number of the file's owner,
            # which nothing here uses (sqlite.org/pragma.html#pragma_user_version).
            owner = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            connection.exec_driver_sql(f"PRAGMA user_version = {owner}")
        unchanged = {"installation_id": installation.c.installation_id}
        connection.execute(update(installation).values(unchanged))


def _lock_out_other_migrations(connection: Connection) -> None:
    _let_statements_take_long(connection)
    # The other one may be building an index, which waits for all older snapshots to go: that of a
    # statement that waits, and of the last one that was sent with parameters.
    give_up_at = time.monotonic() + MIGRATION_LOCK_TIMEOUT.total_seconds()
    while not connection.exec_driver_sql(_TRY_TO_LOCK).scalar_one():
        if time.monotonic() > give_up_at:
            raise StoreUnavailable("another migration takes too long")
        time.sleep(_PAUSE_SECONDS)
    _set(connection, "lock_timeout", TABLE_LOCK_TIMEOUT)


def _let_statements_take_long(connection: Connection, *, in_transaction: bool = True) -> None:
    # Loads the driver, which a service on SQLite does not need.
    from ticketing_adapters.sql.answer_timeout import TimeoutConnection  # noqa: PLC0415 - as above

    driver: Any = connection.connection.dbapi_connection
    if isinstance(driver, TimeoutConnection):
        driver.answer_timeout = None
    _set(connection, "statement_timeout", timedelta(), in_transaction=in_transaction)


def _set(
    connection: Connection, name: str, value: timedelta, *, in_transaction: bool = True
) -> None:
    milliseconds = str(value // timedelta(milliseconds=1))
    connection.execute(select(func.set_config(name, milliseconds, in_transaction)))


def _installed(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    version: str | None = connection.execute(_INSTALLED).scalar_one_or_none()
    return version


def _refuse_foreign_tables(connection: Connection) -> None:
    taken = {*inspect(connection).get_table_names()} & {*metadata.tables}
    if taken:
        raise TablesTaken(taken)
