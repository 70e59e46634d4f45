"""Runs the migrations with Alembic.

Only a migration imports this: loading Alembic takes a fifth of the start of a command.
"""

import logging
from collections.abc import Callable, Iterator

from sqlalchemy import Connection

# At INFO Alembic logs its plugins when it is imported, and a preamble at each run.
logging.getLogger("alembic").setLevel(logging.WARNING)

from alembic import command  # noqa: E402 - it logs while it is imported
from alembic.config import Config  # noqa: E402 - as above
from alembic.script import ScriptDirectory  # noqa: E402 - as above


def upgrade(connection: Connection, version: str) -> None:
    """Migrate up to a version, in the transaction of this connection."""
    command.upgrade(_config_on(connection), version)


def downgrade(connection: Connection, version: str) -> None:
    """Migrate down to a version, in the transaction of this connection."""
    command.downgrade(_config_on(connection), version)


def scripts() -> ScriptDirectory:
    """Return all migrations."""
    return ScriptDirectory.from_config(config())


def preparations(version: str) -> Iterator[tuple[str, Callable[[Connection], None]]]:
    """Yield what to do before migrations up to a version, and at which version to do it."""
    for script in reversed([*scripts().iterate_revisions(version, "base")]):
        beforehand = getattr(script.module, "beforehand", None)
        if beforehand is not None:
            yield str(script.down_revision), beforehand


def config() -> Config:
    """Return where the migrations are."""
    made = Config()
    made.set_main_option("script_location", "ticketing_adapters.sql:migrations")
    return made


def _config_on(connection: Connection) -> Config:
    made = config()
    # migrations/env.py works on it.
    made.attributes["connection"] = connection
    return made
