"""Leases in SQL, for work that only one of all processes may do."""

from datetime import datetime, timedelta

from sqlalchemy import Engine, insert, select, update

from ticketing_adapters.sql.engine import writing
from ticketing_adapters.sql.failures import store_step
from ticketing_adapters.sql.installation_tables import leases
from ticketing_core.schedule import lease_is_free


class SqlLeases:
    """The `Leases` in an SQL database.

    Args:
        engine: From `engine_for`, of a migrated database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @store_step
    def acquire(
        self,
        name: str,
        *,
        holder: str,
        now: datetime,
        lasting: timedelta,
        at_most: timedelta | None = None,
    ) -> bool:
        """See `Leases.acquire`."""
        # Of two holders that want a new name, the second waits at the row, or fails at the primary
        # key and decides again (`store_step`).
        current = select(leases).where(leases.c.name == name).with_for_update()
        taken = {"holder": holder, "held_until": now + lasting}
        with writing(self._engine) as connection:
            row = connection.execute(current).one_or_none()
            if row is None:
                connection.execute(insert(leases), taken | {"name": name})
            elif row.holder == holder or lease_is_free(
                ends=row.held_until, now=now, at_most=at_most or lasting
            ):
                connection.execute(update(leases).where(leases.c.name == name), taken)
            else:
                return False
        return True
