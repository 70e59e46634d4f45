"""A PostgreSQL connection that gives up on a server which is connected but does not answer.

The server's own time-outs do not end everything: a commit that waits for a synchronous standby
which is away, and a server that was frozen, stay silent for as long as it lasts.
"""

from typing import Any, TypeVar

from psycopg import Connection, OperationalError
from psycopg.abc import PQGen

T = TypeVar("T")

_INTERVAL_SECONDS = 0.1
"""The driver's default: how often it checks for a signal while it waits."""


class TimeoutConnection(Connection[Any]):
    """Closes itself when an answer takes longer than `answer_timeout`.

    The outcome of the unanswered statement is unknown. Cancelling it would not help: the server
    reports a commit as done if it is cancelled while it waits for the standby.

    Attributes:
        answer_timeout: Seconds for one answer; None waits forever.
    """

    answer_timeout: float | None = None

    def wait(
        self, gen: PQGen[T], interval: float = _INTERVAL_SECONDS, timeout: float | None = None
    ) -> T:
        """See psycopg; after a time-out the connection is closed.

        Raises:
            OperationalError: There was no answer in time.
        """
        try:
            return super().wait(gen, interval, self.answer_timeout if timeout is None else timeout)
        except OperationalError as error:
            if error.sqlstate is None:
                # The error is not the server's own: its late answer must reach no other caller.
                self.pgconn.finish()
            raise
