"""The state of the installation in SQL, and the gap in the ids that a restore leaves."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Engine, bindparam, func, select, text, update

from ticketing_adapters.sql.engine import is_postgresql, reading, writing
from ticketing_adapters.sql.failures import store_step
from ticketing_adapters.sql.installation_tables import installation
from ticketing_adapters.sql.tables import events, tickets
from ticketing_core.installation import InstallationState, last_skipped_id, next_epoch

# Nothing locks a row of `events` meanwhile, so no hold is under way. PostgreSQL takes the lock of a
# statement's table before the statement's snapshot: a hold that had to wait here sees what this
# transaction has committed. A lock of every row would not do that, since a hold that waits for a
# row goes on with its old snapshot. Reads go on.
_LOCK_OUT_HOLDS = text("LOCK TABLE events IN EXCLUSIVE MODE")

_LAST_ON_SQLITE = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
_FORGET_ON_SQLITE = text("DELETE FROM sqlite_sequence WHERE name = :name")
_REMEMBER_ON_SQLITE = text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)")


class SqlInstallation:
    """The `Installation` in an SQL database.

    Args:
        engine: From `engine_for`, of a migrated database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @store_step
    def state(self) -> InstallationState:
        """See `Installation.state`."""
        columns = select(
            installation.c.news_position, installation.c.restoring_since, installation.c.epoch
        )
        with reading(self._engine) as connection:
            row = connection.execute(columns).one()
        return InstallationState(
            news_position=row.news_position,
            restoring_since=row.restoring_since,
            epoch=row.epoch,
        )

    @store_step
    def move_news_position(self, to: datetime) -> None:
        """See `Installation.move_news_position`."""
        with writing(self._engine) as connection:
            connection.execute(update(installation).values(news_position=to))

    @store_step
    def begin_restore(self, *, at: datetime) -> None:
        """See `Installation.begin_restore`."""
        stored = select(installation.c.epoch).where(installation.c.restoring_since.is_(None))
        with writing(self._engine) as connection:
            _lock_out_holds(connection)
            # Another restore that begins now waits for that lock.
            epoch = connection.execute(stored).scalar_one_or_none()
            if epoch is not None:
                begun = {"restoring_since": at, "epoch": next_epoch(epoch, at=at)}
                connection.execute(update(installation).values(begun))

    @store_step
    def skip_ids(self, *, named: int, gap: int) -> None:
        """See `Installation.skip_ids`."""
        with writing(self._engine) as connection:
            # A hold takes its ids before it is refused.
            _lock_out_holds(connection)
            for column, known in ((tickets.c.ticket_id, named), (events.c.event_id, 0)):
                stored = connection.execute(select(func.max(column))).scalar_one() or 0
                given = _last_given(connection, column)
                _give_next(connection, column, after=last_skipped_id(known, stored, given, gap=gap))

    @store_step
    def end_restore(self) -> None:
        """See `Installation.end_restore`."""
        with writing(self._engine) as connection:
            connection.execute(update(installation).values(restoring_since=None))


def _lock_out_holds(connection: Connection) -> None:
    """Wait for the holds under way; those that come later wait for the end of this transaction.

    SQLite has one writer at a time anyway.
    """
    if is_postgresql(connection):
        connection.execute(_LOCK_OUT_HOLDS)


def _last_given(connection: Connection, column: Column[Any]) -> int:
    """Return the last id that was given, or 0."""
    if is_postgresql(connection):
        # The only way to read a sequence whose name is a parameter. `_give_next` follows.
        following: int = connection.execute(select(func.nextval(_sequence(column)))).scalar_one()
        return following - 1
    row = connection.execute(_LAST_ON_SQLITE, {"name": column.table.name}).scalar_one_or_none()
    return row or 0


def _give_next(connection: Connection, column: Column[Any], *, after: int) -> None:
    """Let the database give the id that follows."""
    if is_postgresql(connection):
        connection.execute(
            select(func.setval(_sequence(column), bindparam("next"), False)), {"next": after + 1}
        )
        return
    name = {"name": column.table.name}
    connection.execute(_FORGET_ON_SQLITE, name)
    connection.execute(_REMEMBER_ON_SQLITE, {**name, "last": after})


def _sequence(column: Column[Any]) -> Any:
    return func.pg_get_serial_sequence(column.table.name, column.name)
