"""The methods of the repository of tickets that only read, in SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Column, Select, bindparam, select, text

from ticketing_adapters.sql import event_tickets, records
from ticketing_adapters.sql.engine import reading
from ticketing_adapters.sql.event_tickets import SqlEventTickets
from ticketing_adapters.sql.failures import store_step
from ticketing_adapters.sql.rows import (
    is_above,
    is_below,
    is_storable_id,
    is_storable_text,
    ticket_of,
)
from ticketing_adapters.sql.tables import (
    HAS_CHECKOUT,
    KEEPS_PLACES,
    OWES_REFUND,
    tickets,
)
from ticketing_core.changes import HistoryEntry
from ticketing_core.query import TicketQuery
from ticketing_core.sums import SumsPage, ToRefund
from ticketing_core.ticket import Ticket, TicketStatus


def _by(*columns: Column[Any]) -> Select[*tuple[Any, ...]]:
    """Return a query by values. To build it takes longer than to execute it."""
    return select(tickets).where(*(each == bindparam(each.name) for each in columns))


_BY_CODE: Final = _by(tickets.c.ticket_code)
_BY_KEY: Final = _by(tickets.c.buyer, tickets.c.idempotency_key)
_BY_CHECKOUT: Final = _by(tickets.c.checkout_id)
_BY_PAYMENT: Final = _by(tickets.c.payment_id)


class SqlTicketLookUps(SqlEventTickets):
    """The part of the `TicketRepository` that only reads."""

    @store_step
    def by_code(self, ticket_code: UUID) -> Ticket | None:
        """See `TicketRepository.by_code`."""
        return self._first(_BY_CODE, {"ticket_code": ticket_code})

    @store_step
    def by_key(self, buyer: str, key: str) -> Ticket | None:
        """See `TicketRepository.by_key`."""
        if not (is_storable_text(buyer) and is_storable_text(key)):
            return None
        return self._first(_BY_KEY, {"buyer": buyer, "idempotency_key": key})

    @store_step
    def by_checkout(self, checkout_id: str) -> Ticket | None:
        """See `TicketRepository.by_checkout`."""
        if not is_storable_text(checkout_id):
            return None
        return self._first(_BY_CHECKOUT, {"checkout_id": checkout_id})

    @store_step
    def by_payment(self, payment_id: str) -> Ticket | None:
        """See `TicketRepository.by_payment`."""
        if not is_storable_text(payment_id):
            return None
        return self._first(_BY_PAYMENT, {"payment_id": payment_id})

    @store_step
    def of_buyer(self, buyer: str, *, before: int | None, limit: int) -> Sequence[Ticket]:
        """See `TicketRepository.of_buyer`."""
        if not is_storable_text(buyer):
            return []
        page = select(tickets).where(
            tickets.c.buyer == buyer, is_below(tickets.c.ticket_id, before)
        )
        return self._all(page.order_by(tickets.c.ticket_id.desc()).limit(limit))

    @store_step
    def made_since(self, since: datetime, *, after: int, limit: int) -> Sequence[Ticket]:
        """See `TicketRepository.made_since`."""
        with reading(self._engine) as connection:
            return records.made_since(connection, since=since, after=after, limit=limit)

    @store_step
    def paying(self, *, buyer: str, event_id: int) -> Ticket | None:
        """See `TicketRepository.paying`."""
        if not (is_storable_text(buyer) and is_storable_id(event_id)):
            return None
        waiting = select(tickets).where(
            tickets.c.event_id == event_id,
            tickets.c.buyer == buyer,
            tickets.c.status == TicketStatus.PAYING.value,
            # For the index; the sum keeps PostgreSQL from going through all tickets of the buyer.
            text(KEEPS_PLACES),
        )
        newest = (tickets.c.ticket_id + 0).desc()
        return self._first(waiting.order_by(newest).limit(1))

    @store_step
    def newest_checkout(self) -> str | None:
        """See `TicketRepository.newest_checkout`."""
        newest = select(tickets.c.checkout_id).where(text(HAS_CHECKOUT))
        newest = newest.order_by(tickets.c.ticket_id.desc()).limit(1)
        with reading(self._engine) as connection:
            return connection.execute(newest).scalar_one_or_none()

    @store_step
    def owing(self, *, after: int, limit: int) -> Sequence[Ticket]:
        """See `TicketRepository.owing`."""
        # Of millions of tickets few owe a refund. The sum keeps both databases from going through
        # all of them by id.
        by_id = tickets.c.ticket_id + 0
        owed = select(tickets).where(text(OWES_REFUND), is_above(by_id, after))
        return self._all(owed.order_by(by_id).limit(limit))

    @store_step
    def keeping_all(
        self, event_id: int, *, held_after: datetime | None = None, limit: int
    ) -> Sequence[Ticket]:
        """See `TicketRepository.keeping_all`."""
        if not is_storable_id(event_id):
            return []
        return self._all(records.keeping_all(event_id, held_after=held_after, limit=limit))

    @store_step
    def to_refund(self, event_id: int) -> ToRefund:
        """See `TicketRepository.to_refund`."""
        if not is_storable_id(event_id):
            return ToRefund.of([])
        with reading(self._engine) as connection:
            return records.to_refund(connection, event_id)

    @store_step
    def history(self, ticket_id: int) -> Sequence[HistoryEntry]:
        """See `TicketRepository.history`."""
        return self.histories([ticket_id]).get(ticket_id, [])

    @store_step
    def find(self, query: TicketQuery, *, before: int | None, limit: int) -> Sequence[Ticket]:
        """See `TicketRepository.find`."""
        event_id, status = query.event_id, query.status
        if event_id is not None and query == TicketQuery(event_id=event_id, status=status):
            if not is_storable_id(event_id):
                return []
            with reading(self._engine) as connection:
                return event_tickets.newest(
                    connection, event_id, status=status, before=before, limit=limit
                )
        statement = records.found(query, before=before, limit=limit)
        return [] if statement is None else self._all(statement)

    @store_step
    def report(self, *, since: datetime, until: datetime, event_id: int | None) -> SumsPage:
        """See `TicketRepository.report`."""
        with reading(self._engine) as connection:
            return records.report(connection, since=since, until=until, event_id=event_id)

    def _first(
        self, query: Select[*tuple[Any, ...]], parameters: Mapping[str, Any] | None = None
    ) -> Ticket | None:
        found = self._all(query, parameters)
        return found[0] if found else None

    def _all(
        self, query: Select[*tuple[Any, ...]], parameters: Mapping[str, Any] | None = None
    ) -> list[Ticket]:
        with reading(self._engine) as connection:
            return [ticket_of(row) for row in connection.execute(query, parameters)]
