"""Time slots in SQL: how often all processes of an installation together may do something."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, bindparam, func, insert, select, update

from ticketing_adapters.sql.engine import is_postgresql, writing
from ticketing_adapters.sql.failures import store_step
from ticketing_adapters.sql.installation_tables import pace
from ticketing_core.ports import Clock

BURST = timedelta(seconds=0.2)
"""How far back slots that nobody took may still be used. Without it each delay of a thread would
lose a slot; at 25 a second it lets five calls begin at once."""

FARTHEST = timedelta(seconds=20)
"""A row that is farther ahead was written while the clock was ahead, and is not believed. Callers
take slots at most some seconds ahead, and clocks differ by a second or two."""

_SECOND = timedelta(seconds=1)


class SqlPace:
    """Hands out slots, in a short transaction of its own. Safe to use from several threads.

    Args:
        engine: From `engine_for`, of a migrated database.
        clock: The time of the installation, the same for all processes.
    """

    def __init__(self, engine: Engine, *, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    @store_step
    def take(
        self, rates: Mapping[str, float], *, count: int, within: timedelta
    ) -> Sequence[timedelta] | timedelta:
        """Take the next ``count`` slots that keep several limits at once.

        Args:
            rates: The limits: slots a second by name. Names appear in the database on first use.
            count: How many slots to take.
            within: Take nothing if the first slot is farther ahead; zero takes only what is free
                now.

        Returns:
            How long to wait for each slot, the earliest first; or how far ahead the first slot is,
            if nothing was taken.

        Raises:
            StoreUnavailable: The database did not answer; the slots may have been taken.
        """
        with writing(self._engine) as connection:
            known = _locked(connection, rates)
            # After waiting for the rows: others may have taken slots by a later time meanwhile.
            now = self._clock.now()
            first = {name: _first(known.get(name), now=now) for name in rates}
            ahead = max(first.values()) - now
            if ahead > within:
                return ahead
            rows = [
                {"name": name, "next_at": first[name] + _SECOND / rate * count}
                for name, rate in rates.items()
            ]
            moved = update(pace).where(pace.c.operation == bindparam("name"))
            new = insert(pace).values(operation=bindparam("name"))
            for statement, is_known in ((moved, True), (new, False)):
                of_kind = [row for row in rows if (row["name"] in known) is is_known]
                if of_kind:
                    connection.execute(statement, of_kind)
        return [
            max(first[name] + _SECOND / rate * number for name, rate in rates.items()) - now
            for number in range(count)
        ]


def _locked(connection: Connection, names: Mapping[str, object]) -> Mapping[str, datetime]:
    if is_postgresql(connection):
        # All calls of all processes pass through one row, which would stay locked until the commit
        # has reached the disk. Losing the last slots in a crash costs nothing.
        connection.execute(select(func.set_config("synchronous_commit", "off", True)))
    # In one order, so that two processes never wait for each other.
    rows = (
        select(pace.c.operation, pace.c.next_at)
        .where(pace.c.operation.in_(names))
        .order_by(pace.c.operation)
        .with_for_update()
    )
    return {row.operation: row.next_at for row in connection.execute(rows)}


def _first(next_at: datetime | None, *, now: datetime) -> datetime:
    earliest = now - BURST
    if next_at is None or next_at > now + FARTHEST:
        return earliest
    return max(next_at, earliest)
