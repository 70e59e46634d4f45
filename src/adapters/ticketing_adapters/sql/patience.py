"""Bounds how long a transaction waits for rows, by the statement that locks them.

On PostgreSQL a setting of its own would cost each step a round trip. SQLite locks no rows.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, Result, Select, Text, bindparam, func

from ticketing_adapters.sql.engine import PATIENCE, is_postgresql

SHORT: Final = timedelta(milliseconds=250)
"""How long a step waits for a row while others wait for it: several times as long as a step of
another process takes."""

_LOCK_TIMEOUT: Final = "lock_timeout"
_SHORTER: Final = func.coalesce(
    bindparam("patience", type_=Text), func.current_setting(_LOCK_TIMEOUT)
)


def patiently(locking: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Return a query for PostgreSQL that sets the time-out until the end of the transaction.

    PostgreSQL locks the rows that the conditions have let through, so this one comes first
    (postgresql.org/docs, "SELECT", "The Locking Clause"). Execute it with `patience_of`.
    """
    return locking.where(func.set_config(_LOCK_TIMEOUT, _SHORTER, True).is_not(None))


def patience_of(connection: Connection, patience: timedelta | None = None) -> dict[str, str | None]:
    """Return the parameter of `patiently`; without a patience the session's time-out stays."""
    patience = patience or connection.get_execution_options().get(PATIENCE)
    if patience is None:
        return {"patience": None}
    return {"patience": str(patience // timedelta(milliseconds=1))}


class RowLock:
    """A query that locks the rows which it returns.

    Args:
        query: Has a locking clause, which SQLite ignores.
    """

    def __init__(self, query: Select[*tuple[Any, ...]]) -> None:
        self._query = query
        self._patient = patiently(query)

    def rows(
        self,
        connection: Connection,
        parameters: Mapping[str, Any],
        *,
        patience: timedelta | None = None,
    ) -> Result[Any]:
        """Lock the rows and return them; with ``patience`` in place of the connection's own."""
        if is_postgresql(connection):
            waits = patience_of(connection, patience)
            return connection.execute(self._patient, {**parameters, **waits})
        return connection.execute(self._query, parameters)
