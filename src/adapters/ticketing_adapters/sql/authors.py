"""The authors of stored records, in SQL."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Engine, and_, select, update

from ticketing_adapters.sql.engine import reading, writing
from ticketing_adapters.sql.failures import store_step
from ticketing_adapters.sql.gate_table import admissions
from ticketing_adapters.sql.rows import is_above, is_storable_text
from ticketing_adapters.sql.tables import event_history, ticket_history
from ticketing_core.authored import Authored

_RECORDS: Final = {
    Authored.TICKET_CHANGES: (ticket_history, ticket_history.c.ticket_id),
    Authored.EVENT_CHANGES: (event_history, event_history.c.event_id),
    Authored.SCANS: (admissions, admissions.c.number),
}
"""Each table, and the first column of its primary key. Authors have no index: it would slow down
each change, and names are rarely erased."""


class SqlAuthors:
    """The `Authors` in an SQL database.

    Args:
        engine: From `engine_for`, of a migrated database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @store_step
    def rename(
        self, names: Mapping[str, str], *, of: Authored, after: int, limit: int
    ) -> int | None:
        """See `Authors.rename`."""
        table, key = _RECORDS[of]
        names = {old: new for old, new in names.items() if is_storable_text(old)}
        rest = is_above(key, after)
        with reading(self._engine) as connection:
            last: int | None = connection.scalar(
                select(key).where(rest).order_by(key).offset(limit - 1).limit(1)
            )
            page = rest if last is None else and_(rest, key <= last)
            written = select(key).where(page, table.c.by.in_(names)).limit(1)
            found = connection.scalar(written) is not None
        # Most pages have none of these authors, and on SQLite all sales wait while somebody writes.
        if found:
            with writing(self._engine) as connection:
                for old, new in names.items():
                    connection.execute(update(table).where(page, table.c.by == old).values(by=new))
        return last
