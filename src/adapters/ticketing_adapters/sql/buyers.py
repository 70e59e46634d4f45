"""What buyers keep at events, which their limits are decided on."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from attrs import frozen
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    FromClause,
    Select,
    Text,
    bindparam,
    func,
    literal_column,
    select,
    text,
)

from ticketing_adapters.sql.engine import is_postgresql
from ticketing_adapters.sql.json_rows import as_text, records
from ticketing_adapters.sql.sqlite_statements import DirectStatement
from ticketing_adapters.sql.tables import KEEPS_PLACES, PLACES, UNPAID_PLACES, tickets


def _on_postgresql() -> FromClause:
    return records("buyers", [Column("event_id", BigInteger), Column("buyer", Text)])


def _on_sqlite() -> FromClause:
    each = func.json_each(bindparam("buyers", type_=Text)).table_valued("value")
    columns = [
        literal_column(f"json_extract(value, '$.{name}')", type_).label(name)
        for name, type_ in (("event_id", BigInteger), ("buyer", Text))
    ]
    return select(*columns).select_from(each).subquery("buyers")


def _places(buyers: FromClause) -> Select[*tuple[Any, ...]]:
    """Return the query for a list of buyers, which is the same for any number of them.

    By a subquery for each buyer: in a join, SQLite would go through all tickets of the event.
    """
    own = select(tickets).where(
        tickets.c.event_id == buyers.c.event_id,
        tickets.c.buyer == buyers.c.buyer,
        text(KEEPS_PLACES),
    )
    return select(
        *buyers.c,
        own.with_only_columns(func.sum(PLACES)).scalar_subquery().label("kept"),
        own.with_only_columns(func.sum(UNPAID_PLACES)).scalar_subquery().label("unpaid"),
    )


_ON_POSTGRESQL: Final = _places(_on_postgresql())
_ON_SQLITE: Final = DirectStatement(_places(_on_sqlite()))


@frozen
class KeptByBuyer:
    """The places of one buyer at one event: all that are kept, and those that are not paid yet."""

    kept: int = 0
    unpaid: int = 0


def kept_by_buyers(
    connection: Connection, buyers: Collection[tuple[int, str]]
) -> Mapping[tuple[int, str], KeptByBuyer]:
    """Return what buyers keep. Call it with the locks of the events.

    Args:
        connection: In a transaction.
        buyers: Events, each with the buyer.
    """
    listed = as_text(buyers=[{"event_id": event_id, "buyer": buyer} for event_id, buyer in buyers])
    if is_postgresql(connection):
        rows = connection.execute(_ON_POSTGRESQL, listed).all()
    else:
        rows = _ON_SQLITE.rows(connection, listed)
    return {(row.event_id, row.buyer): KeptByBuyer(row.kept or 0, row.unpaid or 0) for row in rows}
