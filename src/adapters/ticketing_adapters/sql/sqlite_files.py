"""Sets up connections to a SQLite file: who may read it, its log, and how transactions begin."""

import os
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from threading import Lock
from time import monotonic, sleep
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, event
from sqlalchemy.exc import OperationalError

WRITES = "ticketing_writes"
"""Of a transaction that takes its turn at writing before it reads."""

_PATIENCE = "ticketing_busy_timeout"

_RETRY_INTERVAL_S = 0.001
"""Between two tries to get a SQLite file for writing; a step takes a few times as long."""

_making_file = Lock()


def set_up_sqlite(engine: Engine, *, patience: timedelta) -> None:
    """Set up each connection of the engine. A transaction waits for its turn for ``patience``."""
    event.listen(engine, "do_connect", _make_private_file)
    event.listen(engine, "connect", partial(_set_up, patience=patience))
    event.listen(engine, "begin", partial(_begin, patience=patience))


def _make_private_file(
    _: Dialect, __: object, arguments: tuple[Any, ...], options: dict[str, Any]
) -> None:
    """Make a new file that only this user can read. SQLite makes its other files like it.

    Under a lock: closing a file ends the locks that other connections of the process have on it
    (sqlite.org/howtocorrupt.html, 2.2), so nothing may connect until it is closed.
    """
    if options.get("uri"):
        return
    try:
        with _making_file:
            os.close(os.open(arguments[0], os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        pass
    except OSError as error:
        # SQLite itself would only say that it cannot open the file.
        refused = sqlite3.OperationalError(f"{arguments[0]} cannot be made: {error.strerror}")
        refused.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
        raise refused from error


def _set_up(connection: sqlite3.Connection, _: object, *, patience: timedelta) -> None:
    # Otherwise the driver begins transactions itself, at the first write and always deferred.
    connection.isolation_level = None
    # FULL waits for the disk at each commit: a commit that was answered survives a power cut.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    _retry_while_busy(lambda: _use_write_ahead_log(connection), patience=patience)


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    # The file remembers the mode. Changing it needs the file for this connection alone, and
    # SQLite does not wait for that (sqlite.org/wal.html, "Sometimes Queries Return SQLITE_BUSY
    # In WAL Mode").
    if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        connection.execute("PRAGMA journal_mode = WAL")


def _begin(connection: Connection, *, patience: timedelta) -> None:
    if not connection.get_execution_options().get(WRITES, False):
        _let_sqlite_wait(connection, patience)
        connection.exec_driver_sql("BEGIN")
        return
    # A deferred transaction that turns to writing fails if another one has written since it
    # began; an immediate one waits for its turn before it reads. Not by SQLite's own busy
    # handler: that retries after pauses that grow to a tenth of a second, while a process that
    # has just written takes turn after turn (decision record 14 has the figures).
    _let_sqlite_wait(connection, timedelta(0))
    _retry_while_busy(lambda: connection.exec_driver_sql("BEGIN IMMEDIATE"), patience=patience)


def _let_sqlite_wait(connection: Connection, patience: timedelta) -> None:
    """Set how long SQLite itself waits for the file, unless the connection has it already.

    A transaction that has its turn to write waits for nobody.
    """
    if connection.info.get(_PATIENCE) != patience:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {patience // timedelta(milliseconds=1)}")
        connection.info[_PATIENCE] = patience


def _retry_while_busy(attempt: Callable[[], object], *, patience: timedelta) -> None:
    give_up_at = monotonic() + patience.total_seconds()
    while True:
        try:
            attempt()
        except (sqlite3.OperationalError, OperationalError) as error:
            if not _is_busy(getattr(error, "orig", error)) or monotonic() > give_up_at:
                raise
            sleep(_RETRY_INTERVAL_S)
        else:
            return


def _is_busy(error: BaseException | None) -> bool:
    # The low byte is the primary result code (sqlite.org/rescode.html).
    code = error.sqlite_errorcode if isinstance(error, sqlite3.OperationalError) else 0
    return code & 0xFF == sqlite3.SQLITE_BUSY
