"""How connections to PostgreSQL get their settings, also through PgBouncer.

A pooler refuses or ignores what the start of a connection asks for, and in its transaction mode one
client's `SET` reaches others. So the settings are asked for at the start, which costs nothing, and
where they did not arrive, each transaction sets them for itself (`engine.writing`).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from psycopg import OperationalError
from sqlalchemy import Dialect, Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from ticketing_adapters.sql.answer_timeout import TimeoutConnection

_REFUSED = "unsupported startup parameter"
"""PgBouncer's words (pgbouncer.org/config.html, `ignore_startup_parameters`)."""

_MARK = ("IntervalStyle", "iso_8601")
"""A setting that nothing here depends on, and whose value the server reports at the start of a
session (postgresql.org/docs, "Asynchronous Operations"). Only settings that arrived change it."""

_ISOLATION = r"-c default_transaction_isolation=read\ committed"
"""Of a statement that is a transaction of its own. With a stricter one it would go on with what it
saw before it waited for a lock."""


class SessionConnection(TimeoutConnection):
    """A connection that knows what its transactions have to set.

    Attributes:
        of_transaction: The settings that each transaction makes; empty if the session has them.
    """

    of_transaction: Mapping[str, str] = {}


def set_up_sessions(
    engine: Engine, settings: Mapping[str, str], *, options: str, answer_timeout: timedelta
) -> None:
    """Give every new connection of the engine these settings and time-out.

    Args:
        engine: Has made no connection yet.
        settings: By name.
        options: More of them, as libpq's ``options`` of the URL; they come first in rank, but
            cannot change the isolation.
        answer_timeout: See `TimeoutConnection`.
    """

    def connect(
        _dialect: Dialect, _record: ConnectionPoolEntry, _arguments: Any, parameters: dict[str, Any]
    ) -> SessionConnection:
        asked = {**settings, _MARK[0]: _MARK[1]}
        # Of two values for one setting the last one counts.
        ours = " ".join(f"-c {name}={value}" for name, value in asked.items())
        # Otherwise `SET` below would begin a transaction.
        parameters = parameters | {"autocommit": True}
        try:
            made = SessionConnection.connect(
                **parameters | {"options": f"{ours} {options} {_ISOLATION}"}
            )
        except OperationalError as error:
            if _REFUSED not in str(error):
                raise
            made = SessionConnection.connect(**parameters | {"options": options})
        made.answer_timeout = answer_timeout.total_seconds()
        if made.info.parameter_status(_MARK[0]) != _MARK[1]:
            made.of_transaction = settings
            # They stay behind on the server's connection, which the pooler gives to other clients.
            made.prepare_threshold = None
            # Look-ups depend on it. PgBouncer keeps this setting for each client.
            made.execute(f"SET TimeZone = '{settings['TimeZone']}'")
        return made

    event.listen(engine, "do_connect", connect)
