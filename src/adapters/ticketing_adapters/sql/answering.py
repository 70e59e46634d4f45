"""A PostgreSQL connection that is given up when the server lives but does not answer.

The server's own time-outs do not end everything: a commit that waits for a synchronous standby
which is away, and a server that was frozen, are silent for as long as it lasts.
"""

from datetime import timedelta
from typing import Any, TypeVar

from psycopg import Connection, OperationalError
from psycopg.abc import PQGen
from sqlalchemy import Dialect, Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

Answer = TypeVar("Answer")

_INTERVAL_SECONDS = 0.1
"""The driver's own: how often it looks whether it shall go on."""


class AnsweringConnection(Connection[Any]):
    """Waits for each answer for so long and no longer.

    Whether the unanswered step was done is unknown. Asking the server to stop would be no help:
    a commit that is interrupted while it waits for the standby is said to have succeeded.

    Attributes:
        patience: Seconds for one answer; None to wait for ever.
    """

    patience: float | None = None

    def wait(
        self,
        gen: PQGen[Answer],
        interval: float = _INTERVAL_SECONDS,
        timeout: float | None = None,
    ) -> Answer:
        """See psycopg; after a time-out the connection is closed.

        Raises:
            OperationalError: There was no answer in time.
        """
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except OperationalError as error:
            if error.sqlstate is None:
                # Not the server's words. What it might yet answer is for nobody any more.
                self.pgconn.finish()
            raise


def answer_within(engine: Engine, patience: timedelta) -> None:
    """Let no connection of the engine wait for an answer for longer than that."""

    def connect(
        _dialect: Dialect,
        _record: ConnectionPoolEntry,
        arguments: tuple[Any, ...],
        options: dict[str, Any],
    ) -> AnsweringConnection:
        connection = AnsweringConnection.connect(*arguments, **options)
        connection.patience = patience.total_seconds()
        return connection

    event.listen(engine, "do_connect", connect)
