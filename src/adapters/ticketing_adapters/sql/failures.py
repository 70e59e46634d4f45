"""Handles the errors of SQLAlchemy and the drivers; no other module knows them.

An outage becomes `StoreUnavailable`. A step that another transaction forced to roll back is
repeated. A bug is raised unchanged.
"""

import re
import sqlite3
from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ticketing_core.errors import StoreUnavailable

MAX_TRIES = 5
"""Each lost try means that another step succeeded; this many in a row are not bad luck any more."""

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_SERIALIZATION_FAILURE: Final = "40001"
_DEADLOCK_DETECTED: Final = "40P01"
_UNIQUE_VIOLATION: Final = "23505"
_READ_ONLY_TRANSACTION: Final = "25006"
_LOCK_NOT_AVAILABLE: Final = "55P03"
_INSUFFICIENT_PRIVILEGE: Final = "42501"
_NO_SCHEMA: Final = "3F000"

_RIGHT_MISSING = frozenset({_INSUFFICIENT_PRIVILEGE, _NO_SCHEMA})
"""A role that may not use the schema sees none."""

_ROLLED_BACK = frozenset({_SERIALIZATION_FAILURE, _DEADLOCK_DETECTED, _UNIQUE_VIOLATION})

# https://www.sqlite.org/rescode.html: caused by the machine, not by the adapter's SQL.
_SQLITE_OUTAGES = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    }
)

_TEMPORARY_FILE = re.compile(r"pgsql_tmp\d+\.\d+")
"""PostgreSQL numbers them. One cause has to read the same each time, or the log fills."""

_P = ParamSpec("_P")
_R = TypeVar("_R")


def store_step(step: Callable[_P, _R]) -> Callable[_P, _R]:
    """Decorate a step of the store: a function that runs one transaction and is safe to repeat.

    After a deadlock, a serialization failure or a unique violation (another transaction was first
    to take a value) the transaction has certainly left no trace. So the step is repeated and
    decides on what is there now. A value that is still taken at the last try means that the
    adapter's SQL is wrong, and the violation is raised unchanged.

    Raises:
        StoreUnavailable: The database did not answer, or not in time; the outcome is unknown.
    """

    @wraps(step)
    def repeated(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        for tries_left in reversed(range(MAX_TRIES)):
            try:
                return step(*args, **kwargs)
            except PoolTimeout as error:
                raise _unavailable("no connection of the pool became free") from error
            except DBAPIError as error:
                if tries_left and _sqlstate(error) in _ROLLED_BACK:
                    continue
                if _is_outage(error):
                    raise _unavailable(_reason(error)) from error
                raise
        raise AssertionError("the last try returns or raises")

    return repeated


def _unavailable(reason: str) -> StoreUnavailable:
    error = StoreUnavailable(reason)
    # Its text is for buyers. A traceback shows the note.
    error.add_note(reason)
    return error


def is_second_payment(error: IntegrityError) -> bool:
    """Return whether a row was refused because another ticket has its payment."""
    # PostgreSQL names the index, SQLite the column.
    refused = ("uq_tickets_payment_id", "UNIQUE constraint failed: tickets.payment_id")
    return any(words in str(error.orig) for words in refused)


def is_lock_timeout(error: BaseException | None) -> bool:
    """Return whether a transaction gave up waiting for a row of PostgreSQL; it was rolled back."""
    return isinstance(error, DBAPIError) and _sqlstate(error) == _LOCK_NOT_AVAILABLE


def lacks_right(error: StoreUnavailable) -> bool:
    """Return whether the database refused the role."""
    cause = error.__cause__
    return isinstance(cause, DBAPIError) and _sqlstate(cause) in _RIGHT_MISSING


def _is_outage(error: DBAPIError) -> bool:
    if error.connection_invalidated:
        return True
    if isinstance(error.orig, sqlite3.Error):
        # Errors that the driver itself raises have no code.
        code = getattr(error.orig, "sqlite_errorcode", None)
        # The low byte is the primary result code; the rest of an extended code is detail.
        return code is not None and code & 0xFF in _SQLITE_OUTAGES
    return (
        isinstance(error, (OperationalError, InterfaceError))
        # The server became a replica, a right is missing, or data is damaged (class XX).
        or _sqlstate(error) in {_READ_ONLY_TRANSACTION, *_RIGHT_MISSING}
        or (isinstance(error, InternalError) and _sqlstate(error).startswith("XX"))
    )


def _sqlstate(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _reason(error: DBAPIError) -> str:
    """Return the driver's message in one line, for logs; it never holds the parameters."""
    what = "a right is missing" if _sqlstate(error) in _RIGHT_MISSING else type(error.orig).__name__
    message = _TEMPORARY_FILE.sub("pgsql_tmp", str(error.orig))
    return f"{what}: {' '.join(message.split())}"
