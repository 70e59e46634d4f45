"""What organizers read about the tickets of one event, in SQL.

For tickets of any status, the range of each status is read from an index, and all are merged. So a
page reads as many rows as it returns, and one more for each status.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Select,
    and_,
    func,
    literal_column,
    select,
    text,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from ticketing_adapters.sql.declarations import by_code_point
from ticketing_adapters.sql.engine import reading
from ticketing_adapters.sql.failures import store_step
from ticketing_adapters.sql.records import SUMS, histories, sums_in
from ticketing_adapters.sql.rows import (
    is_above,
    is_below,
    is_storable_id,
    is_storable_text,
    ticket_of,
)
from ticketing_adapters.sql.tables import IS_DISPUTED, tickets
from ticketing_core.changes import HistoryEntry
from ticketing_core.sums import SPAN, SpansPage, SpanSums
from ticketing_core.ticket import Ticket, TicketStatus

_T = tickets.c
_Order = Callable[[Any], Sequence[ColumnElement[Any]]]

_SPAN_SECONDS = int(SPAN.total_seconds())

_LAST_CODE_POINT = 0x10FFFF
_BEFORE_SURROGATES, _AFTER_SURROGATES = 0xD7FF, 0xE000


class _SpanNumber(FunctionElement[int]):
    """How many spans there were between 1970 and an instant."""

    type = BigInteger()
    inherit_cache = True


@compiles(_SpanNumber, "postgresql")
def _of_instant(element: _SpanNumber, compiler: SQLCompiler, **options: Any) -> str:
    instant = compiler.process(element.clauses, **options)
    return f"CAST(floor(extract(epoch FROM {instant}) / {_SPAN_SECONDS}) AS bigint)"


@compiles(_SpanNumber, "sqlite")
def _of_text(element: _SpanNumber, compiler: SQLCompiler, **options: Any) -> str:
    instant = compiler.process(element.clauses, **options)
    # Without the fraction of a second, which SQLite would round up.
    seconds = f"CAST(strftime('%s', substr({instant}, 1, 19)) AS INTEGER)"
    return f"{seconds} / {_SPAN_SECONDS}"


_SPAN = _SpanNumber(_T.created_at).label("span")


class SqlEventTickets:
    """The `EventTickets` in an SQL database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @store_step
    def of_buyers(
        self,
        event_id: int,
        *,
        prefix: str,
        status: TicketStatus | None,
        after: tuple[str, int] | None,
        limit: int,
    ) -> Sequence[Ticket]:
        """See `EventTickets.of_buyers`."""
        if not (is_storable_id(event_id) and is_storable_text(prefix)):
            return []
        key = tuple_(by_code_point(_T.buyer), _T.ticket_id)
        later = true() if after is None else key > tuple_(*after)
        which = and_(_T.event_id == event_id, _begins_with(prefix), later)
        with reading(self._engine) as connection:
            return _page(connection, which, status=status, order=_by_buyer, limit=limit)

    @store_step
    def owing_of(self, event_id: int, *, after: int, limit: int) -> Sequence[Ticket]:
        """See `EventTickets.owing_of`."""
        if not is_storable_id(event_id):
            return []
        which = and_(_T.event_id == event_id, is_above(_T.ticket_id, after))
        owed = TicketStatus.REFUNDING
        with reading(self._engine) as connection:
            return _page(connection, which, status=owed, order=_by_id, limit=limit)

    @store_step
    def disputed(self, event_id: int, *, after: int, limit: int) -> Sequence[Ticket]:
        """See `EventTickets.disputed`."""
        if not is_storable_id(event_id):
            return []
        found = select(tickets).where(
            _T.event_id == event_id, text(IS_DISPUTED), is_above(_T.ticket_id, after)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(found.order_by(_T.ticket_id).limit(limit))
            return [ticket_of(row) for row in rows]

    @store_step
    def histories(self, ticket_ids: Collection[int]) -> Mapping[int, Sequence[HistoryEntry]]:
        """See `EventTickets.histories`."""
        with reading(self._engine) as connection:
            return histories(connection, ticket_ids)

    @store_step
    def sums_of(self, event_id: int, *, after: int, limit: int) -> SpansPage:
        """See `EventTickets.sums_of`."""
        if not is_storable_id(event_id):
            return SpansPage([], None)
        with reading(self._engine) as connection:
            return _sums_of(connection, event_id, after=after, limit=limit)


def newest(
    connection: Connection,
    event_id: int,
    *,
    status: TicketStatus | None,
    before: int | None,
    limit: int,
) -> Sequence[Ticket]:
    """Return at most ``limit`` tickets of an event, the largest id first."""
    which = and_(_T.event_id == event_id, is_below(_T.ticket_id, before))
    return _page(connection, which, status=status, order=_newest, limit=limit)


def _newest(columns: Any) -> Sequence[ColumnElement[Any]]:
    return (columns.ticket_id.desc(),)


def _by_id(columns: Any) -> Sequence[ColumnElement[Any]]:
    return (columns.ticket_id,)


def _by_buyer(columns: Any) -> Sequence[ColumnElement[Any]]:
    return (by_code_point(columns.buyer), columns.ticket_id)


def _page(
    connection: Connection,
    which: ColumnElement[bool],
    *,
    status: TicketStatus | None,
    order: _Order,
    limit: int,
) -> Sequence[Ticket]:
    found = select(tickets).order_by(*order(_T))
    if status is not None:
        found = found.where(which, _T.status == status.value).limit(limit)
    else:
        # In a statement of its own: as a subquery of the other one, PostgreSQL may read all
        # tickets to join them.
        ids = connection.execute(_merged(which, order=order, limit=limit)).scalars().all()
        if not ids:
            return []
        found = found.where(_T.ticket_id.in_(ids))
    return [ticket_of(row) for row in connection.execute(found)]


def _merged(which: ColumnElement[bool], *, order: _Order, limit: int) -> Select[Any]:
    """Return the statement for the first ids in this order, of all statuses."""
    columns = [_T.ticket_id, _T.buyer] if order is _by_buyer else [_T.ticket_id]
    of_each = [
        select(*columns)
        .where(which, _T.status == literal_column(f"'{status.value}'"))
        .order_by(*order(_T))
        .limit(limit)
        .subquery()
        for status in TicketStatus
    ]
    merged = union_all(*(select(each) for each in of_each)).subquery()
    return select(merged.c.ticket_id).order_by(*order(merged.c)).limit(limit)


def _begins_with(prefix: str) -> ColumnElement[bool]:
    """Return the condition that the buyer starts with the prefix, as a range of the index."""
    buyer, end = by_code_point(_T.buyer), _end_of(prefix)
    return and_(buyer >= prefix, true() if end is None else buyer < end)


def _end_of(prefix: str) -> str | None:
    """Return the first text after all texts with this prefix; None if there is none."""
    kept = prefix.rstrip(chr(_LAST_CODE_POINT))
    if not kept:
        return None
    last = ord(kept[-1])
    following = _AFTER_SURROGATES if last == _BEFORE_SURROGATES else last + 1
    return kept[:-1] + chr(following)


def _sums_of(connection: Connection, event_id: int, *, after: int, limit: int) -> SpansPage:
    which = and_(_T.event_id == event_id, is_above(_T.ticket_id, after))
    following = _merged(which, order=_by_id, limit=limit + 1).limit(1).offset(limit)
    beyond: int | None = connection.execute(following).scalar_one_or_none()
    statuses = ", ".join(f"'{status.value}'" for status in TicketStatus)
    # All statuses are listed, so that the index finds the range of ids of each.
    which = and_(which, text(f"status IN ({statuses})"))
    sums = select(_SPAN, *(func.sum(each).label(name) for name, each in SUMS.items()))
    rows = connection.execute(sums.where(which, is_below(_T.ticket_id, beyond)).group_by(_SPAN))
    spans = [
        SpanSums(since=datetime.fromtimestamp(row.span * _SPAN_SECONDS, UTC), sums=sums_in(row))
        for row in rows
    ]
    return SpansPage(
        sorted(spans, key=lambda each: each.since), None if beyond is None else beyond - 1
    )
