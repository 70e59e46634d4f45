"""The schema's life: migrating it, and what a service asks of its database before it serves."""

import logging
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from sqlalchemy import Connection, Engine, Text, column, func, inspect, select, table

from ticketing_adapters.sql.engine import is_postgresql, reading, writing
from ticketing_adapters.sql.failures import store_step
from ticketing_adapters.sql.tables import Instant, installation

# Alembic tells at INFO what it is made of when it is imported, and what every run begins with.
logging.getLogger("alembic").setLevel(logging.WARNING)

from alembic import command  # noqa: E402 - it speaks while it is imported
from alembic.config import Config  # noqa: E402 - as above
from alembic.script import ScriptDirectory  # noqa: E402 - as above

MIGRATION_LOCK_TIMEOUT = timedelta(minutes=1)
"""How long one migration waits for another. Longer than any lock of a step: it can wait."""

# Any number that no other advisory lock of this database has.
_MIGRATING = 0x7469636B_0002

_VERSION_TABLE = "alembic_version"
_INSTALLED = select(column("version_num", Text)).select_from(table(_VERSION_TABLE))


@store_step
def migrate(engine: Engine) -> None:
    """Bring the schema to the newest version: all of it, or nothing.

    Any number of processes may do this at the same time; the second finds it done.

    Raises:
        StoreUnavailable: The database did not answer, or somebody else migrates for too long.
    """
    with writing(engine) as connection:
        if is_postgresql(connection):
            _be_alone(connection)
        config = _config()
        # migrations/env.py works on this connection, inside this transaction.
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@store_step
def is_empty(engine: Engine) -> bool:
    """Whether the database has no tables at all.

    Raises:
        StoreUnavailable: The database did not answer.
    """
    with reading(engine) as connection:
        return not inspect(connection).get_table_names()


@store_step
def is_current(engine: Engine) -> bool:
    """Whether the schema is exactly the one that this code was written for.

    Raises:
        StoreUnavailable: The database did not answer.
    """
    with reading(engine) as connection:
        if not inspect(connection).has_table(_VERSION_TABLE):
            return False
        return connection.execute(_INSTALLED).scalar_one_or_none() == _newest_version()


@store_step
def installation_id(engine: Engine) -> UUID:
    """The random id of this installation: made by the first migration, the same ever after.

    Raises:
        StoreUnavailable: The database did not answer.
    """
    with reading(engine) as connection:
        found: UUID = connection.execute(select(installation.c.installation_id)).scalar_one()
    return found


@store_step
def clock_difference(engine: Engine, now: datetime) -> timedelta:
    """How far the database server's clock is ahead of ours (negative: behind).

    The way there counts as difference. SQLite has no clock but ours.

    Args:
        engine: From `engine_for`.
        now: The present instant by our clock.

    Raises:
        StoreUnavailable: The database did not answer.
    """
    with reading(engine) as connection:
        if not is_postgresql(connection):
            return timedelta(0)
        theirs = connection.execute(select(func.clock_timestamp(type_=Instant))).scalar_one()
    return theirs - now


def _be_alone(connection: Connection) -> None:
    # Only those with PostgreSQL load its driver.
    from ticketing_adapters.sql.answering import AnsweringConnection  # noqa: PLC0415 - as above

    # A migration of a large table may take long, and has to wait for the one before it. Nobody
    # else shall get the connection afterwards.
    driver = connection.connection.driver_connection
    connection.detach()
    if isinstance(driver, AnsweringConnection):
        driver.patience = None
    for setting, value in (
        ("lock_timeout", f"{MIGRATION_LOCK_TIMEOUT.seconds}s"),
        ("statement_timeout", "0"),
    ):
        connection.execute(select(func.set_config(setting, value, True)))
    connection.execute(select(func.pg_advisory_xact_lock(_MIGRATING)))


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "ticketing_adapters.sql:migrations")
    return config


@cache
def _newest_version() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()
