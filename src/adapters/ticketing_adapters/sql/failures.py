"""What becomes of the errors of drivers and of SQLAlchemy: the one place that knows them.

An outage becomes `StoreUnavailable`. A step that was definitely rolled back because another came
in between is done again. A bug stays what it is.
"""

import sqlite3
from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ticketing_core.errors import StoreUnavailable

MOST_TRIES = 5
"""Each lost try means that another step succeeded; so many in a row are no chance any more."""

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_SERIALIZATION_FAILURE: Final = "40001"
_DEADLOCK_DETECTED: Final = "40P01"
_UNIQUE_VIOLATION: Final = "23505"
_READ_ONLY_TRANSACTION: Final = "25006"

_ROLLED_BACK = frozenset({_SERIALIZATION_FAILURE, _DEADLOCK_DETECTED, _UNIQUE_VIOLATION})

# https://www.sqlite.org/rescode.html: what the machine, not our SQL, is the cause of.
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

_P = ParamSpec("_P")
_R = TypeVar("_R")


def store_step(step: Callable[_P, _R]) -> Callable[_P, _R]:
    """Make a function a step of the store: one transaction, safe to repeat, closed errors.

    A deadlock, a serialization failure and a value that another transaction took first (a unique
    violation) have certainly left no trace, so the step is done again and decides on what is
    there now. If a value is still taken after the last try, our own SQL is wrong, and the
    violation is raised as it is.

    Raises:
        StoreUnavailable: The database did not answer, or not in time; the outcome is unknown.
    """

    @wraps(step)
    def repeated(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        for tries_left in reversed(range(MOST_TRIES)):
            try:
                return step(*args, **kwargs)
            except PoolTimeout as error:
                raise StoreUnavailable("no connection of the pool became free") from error
            except DBAPIError as error:
                if tries_left and _sqlstate(error) in _ROLLED_BACK:
                    continue
                if _is_outage(error):
                    raise StoreUnavailable(_reason(error)) from error
                raise
        raise AssertionError("the last try returns or raises")

    return repeated


def _is_outage(error: DBAPIError) -> bool:
    if error.connection_invalidated:
        return True
    if isinstance(error.orig, sqlite3.Error):
        # Errors of the driver itself have no code.
        code = getattr(error.orig, "sqlite_errorcode", None)
        # The low byte is the kind; the rest says more precisely which (rescode.html).
        return code is not None and code & 0xFF in _SQLITE_OUTAGES
    return (
        isinstance(error, (OperationalError, InterfaceError))
        # A server that became a replica, or whose own data is damaged (class XX).
        or _sqlstate(error) == _READ_ONLY_TRANSACTION
        or (isinstance(error, InternalError) and _sqlstate(error).startswith("XX"))
    )


def _sqlstate(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _reason(error: DBAPIError) -> str:
    """The driver's own words in one line, for logs; never the parameters."""
    return f"{type(error.orig).__name__}: {' '.join(str(error.orig).split())}"
