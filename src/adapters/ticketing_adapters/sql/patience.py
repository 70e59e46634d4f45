"""Bounds how long a transaction waits for rows, by the statement that locks them.

On PostgreSQL a setting of its own would cost each step a round trip. SQLite locks no rows.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Column, Connection, Select, Text, bindparam, func

from ticketing_adapters.sql.engine import PATIENCE, is_postgresql
from ticketing_adapters.sql.json_rows import each_of
from ticketing_adapters.sql.sqlite_statements import DirectStatement

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
    """A query that locks the rows which it returns, by rising id.

    Args:
        query: Of all rows.
        by: The column with the ids.
    """

    def __init__(self, query: Select[*tuple[Any, ...]], *, by: Column[int]) -> None:
        # The weakest lock that a change of the row takes anyway. SQLite ignores it.
        query = query.order_by(by).with_for_update(key_share=True)
        self._on_postgresql = patiently(query.where(by.in_(bindparam("ids", expanding=True))))
        self._on_sqlite = DirectStatement(query.where(by.in_(each_of("ids"))))

    def rows(
        self, connection: Connection, ids: Sequence[int], *, patience: timedelta | None = None
    ) -> Sequence[Any]:
        """Lock the rows and return them; with ``patience`` in place of the connection's own."""
        if is_postgresql(connection):
            waits = patience_of(connection, patience)
            return connection.execute(self._on_postgresql, {"ids": ids, **waits}).all()
        return self._on_sqlite.rows(connection, {"ids": ids})
