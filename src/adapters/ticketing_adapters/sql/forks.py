"""Keeps a forked process from using the connections of its parent."""

import os
from typing import Any, Final

from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

_PROCESS: Final = "ticketing_process"

_inherited: Final[list[DBAPIConnection]] = []
"""Kept for ever: closing a SQLite connection after a fork can damage the database
(sqlite.org/howtocorrupt.html, 2.6)."""


def keep_from_forks(engine: Engine) -> None:
    """Replace a connection that another process has made: both would read each other's answers."""
    event.listen(engine, "connect", _note_process)
    event.listen(engine, "checkout", _refuse_inherited)


def _note_process(_: object, record: ConnectionPoolEntry) -> None:
    record.info[_PROCESS] = os.getpid()


def _refuse_inherited(connection: DBAPIConnection, record: Any, fairy: Any) -> None:
    if record.info[_PROCESS] == os.getpid():
        return
    _inherited.append(connection)
    # Not closed by the pool (docs.sqlalchemy.org, "Using Connection Pools with Multiprocessing").
    record.dbapi_connection = fairy.dbapi_connection = None
    raise DisconnectionError("the connection belongs to another process")
