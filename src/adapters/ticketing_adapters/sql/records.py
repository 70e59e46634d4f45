"""Queries that find tickets, add them up and read their history."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, select, text

from ticketing_adapters.sql.rows import (
    AnyRow,
    history_entry_of,
    is_above,
    is_below,
    is_storable_id,
    is_storable_text,
    ticket_of,
)
from ticketing_adapters.sql.tables import KEEPS_ALL, KEEPS_PLACES, PLACES, ticket_history, tickets
from ticketing_core.changes import HistoryEntry
from ticketing_core.query import TicketQuery
from ticketing_core.sums import STILL_CAPTURED, EventSums, Sums, SumsPage, ToRefund
from ticketing_core.ticket import Ticket, TicketStatus

_T = tickets.c
_GONE = _T.refunded_minor + _T.charged_back_minor + _T.paid_back_minor
_LEFT = _T.total_minor - _GONE
_CAPTURED = _T.disputed | _T.status.in_(
    [each.value for each in TicketStatus if each in STILL_CAPTURED]
)
_ISSUED = _T.status == TicketStatus.ISSUED.value

SUMS: dict[str, ColumnElement[int]] = {
    "kept": PLACES,
    "sold": case((_ISSUED, _T.quantity), else_=0),
    "admitted": _T.admitted,
    "excess": _T.excess,
    "taken": case((_CAPTURED | (_LEFT < 0), _T.total_minor), else_=_GONE),
    "earned": case((_ISSUED | (_LEFT < 0), _LEFT), else_=0),
    "refunded": _T.refunded_minor,
    "charged_back": _T.charged_back_minor,
    "owed": case((_CAPTURED & ~_ISSUED & (_LEFT > 0), _LEFT), else_=0),
    "paid_back_otherwise": _T.paid_back_minor,
}
"""`Sums.of` in SQL."""


def found(query: TicketQuery, *, before: int | None, limit: int) -> Select[*tuple[Any, ...]] | None:
    """Return the statement that finds the tickets, or None if no row can fit."""
    texts = (query.buyer, query.buyer_prefix, query.checkout_id, query.payment_id)
    if not all(is_storable_text(text) for text in texts if text is not None):
        return None
    if query.event_id is not None and not is_storable_id(query.event_id):
        return None
    conditions = {
        _T.buyer: query.buyer,
        _T.ticket_code: query.ticket_code,
        _T.checkout_id: query.checkout_id,
        _T.payment_id: query.payment_id,
        _T.event_id: query.event_id,
        _T.status: query.status and query.status.value,
    }
    page = select(tickets).where(is_below(_T.ticket_id, before))
    for column, value in conditions.items():
        if value is not None:
            page = page.where(column == value)
    if query.buyer_prefix:
        # Not LIKE, which ignores case on SQLite.
        start = func.substr(_T.buyer, 1, len(query.buyer_prefix))
        page = page.where(start == query.buyer_prefix)
    return page.order_by(_T.ticket_id.desc()).limit(limit)


def made_since(
    connection: Connection, *, since: datetime, after: int, limit: int
) -> Sequence[Ticket]:
    """See `TicketRepository.made_since`."""
    made = _T.created_at >= since
    page = select(tickets).where(made).order_by(_T.ticket_id).limit(limit)
    if after < 1:
        # Both databases would read all older tickets by id to find the first one. The offset
        # prevents the same plan for this query.
        of_these = select(_T.ticket_id).where(made).offset(0).subquery()
        first = connection.execute(select(func.min(of_these.c.ticket_id))).scalar_one()
        if first is None:
            return []
        after = first - 1
    rows = connection.execute(page.where(is_above(_T.ticket_id, after)))
    return [ticket_of(row) for row in rows]


def histories(
    connection: Connection, ticket_ids: Collection[int]
) -> Mapping[int, Sequence[HistoryEntry]]:
    """See `EventTickets.histories`."""
    key = (ticket_history.c.ticket_id, ticket_history.c.version)
    changes = select(ticket_history).where(key[0].in_(filter(is_storable_id, ticket_ids)))
    found: dict[int, list[HistoryEntry]] = {}
    for row in connection.execute(changes.order_by(*key)):
        found.setdefault(row.ticket_id, []).append(history_entry_of(row))
    return found


def report(
    connection: Connection, *, since: datetime, until: datetime, event_id: int | None
) -> SumsPage:
    """See `TicketRepository.report`."""
    made = (_T.created_at >= since, _T.created_at < until)
    group = (_T.event_id, _T.currency)
    sums = [func.sum(each).label(name) for name, each in SUMS.items()]
    page = select(*group, *sums).where(*made).group_by(*group).order_by(*group)
    if event_id is not None:
        # The addition keeps both databases from reading all tickets of the event for each day.
        page = page.where(_T.event_id + 0 == event_id)
    later = select(func.min(_T.created_at)).where(_T.created_at >= until)
    nothing = event_id is not None and not is_storable_id(event_id)
    lines = [] if nothing else [_line(row) for row in connection.execute(page)]
    return SumsPage(lines, connection.execute(later).scalar_one())


def sums_in(row: AnyRow) -> Sums:
    """Return the sums of a row that has a column for each of `SUMS`."""
    # The sum of integers is a decimal on PostgreSQL.
    return Sums(**{name: int(getattr(row, name)) for name in SUMS})


def _line(row: AnyRow) -> EventSums:
    return EventSums(event_id=row.event_id, currency=row.currency, sums=sums_in(row))


def keeping_all(
    event_id: int, *, held_after: datetime | None, limit: int
) -> Select[*tuple[Any, ...]]:
    """Return the statement that finds tickets which keep all of their places."""
    # The first condition is for the index. The addition keeps both databases from reading all
    # tickets by id.
    by_id = _T.ticket_id + 0
    page = select(tickets).where(_T.event_id == event_id, text(KEEPS_PLACES), text(KEEPS_ALL))
    if held_after is not None:
        page = page.where(_ISSUED | (_T.held_until > held_after))
    return page.order_by(by_id).limit(limit)


def to_refund(connection: Connection, event_id: int) -> ToRefund:
    """Add up what the ISSUED tickets of an event would give back."""
    sums = select(
        func.count(), func.coalesce(func.sum(case((_LEFT > 0, _LEFT), else_=0)), 0)
    ).where(_T.event_id == event_id, text(KEEPS_PLACES), _ISSUED)
    count, amount = connection.execute(sums).one()
    return ToRefund(tickets=count, amount_minor=int(amount))
