"""Tickets in SQL: holds, changes, look-ups and the history. The schedule is in `claims`."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Select, func, select, text
from sqlalchemy.exc import IntegrityError

from ticketing_adapters.sql import claims
from ticketing_adapters.sql.batching import Batcher
from ticketing_adapters.sql.cache import EventCache
from ticketing_adapters.sql.changes import replace_all
from ticketing_adapters.sql.engine import reading, writing
from ticketing_adapters.sql.failures import is_second_payment, store_step
from ticketing_adapters.sql.holds import conflict_keys, hold_all
from ticketing_adapters.sql.lanes import Lanes, lanes_at_once
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
    ticket_history,
    tickets,
)
from ticketing_adapters.sql.writes import Change
from ticketing_core.reservation import HoldOutcome, TicketDraft
from ticketing_core.schedule import DueLook
from ticketing_core.ticket import HistoryEntry, Replaced, Stale, Ticket, TicketStatus


class SqlTickets:
    """The `TicketRepository` in an SQL database.

    Holds that come at the same time share a transaction, and so do changes and look-ups by id
    (`batching`). While an event is locked, its callers wait by themselves (`lanes`).

    Args:
        engine: From `engine_for`, of a migrated database.
        cache: Shared with the `SqlEvents` of the same database; by default nothing is cached.
    """

    def __init__(self, engine: Engine, *, cache: EventCache | None = None) -> None:
        self._engine = engine
        self._cache = cache or EventCache()
        at_once = lanes_at_once(engine)
        self._holds = Lanes(
            self._hold_all,
            lane=lambda draft: draft.event_id,
            conflict_keys=conflict_keys,
            at_once=at_once,
        )
        self._changes = Lanes(
            self._replace_all,
            lane=lambda change: change.new.event_id,
            conflict_keys=lambda change: (change.new.ticket_id,),
            at_once=at_once,
        )
        self._look_ups = Batcher(self._by_ids)

    def hold(self, draft: TicketDraft) -> HoldOutcome:
        """See `TicketRepository.hold`."""
        return self._holds.run(draft)

    def replace(
        self, old: Ticket, new: Ticket, *, at: datetime, why: str, by: str
    ) -> Replaced | Stale:
        """See `TicketRepository.replace`."""
        try:
            outcome = self._changes.run(Change(old=old, new=new, at=at, why=why, by=by))
        except IntegrityError as error:
            if is_second_payment(error):
                raise ValueError(f"payment {new.payment_id} belongs to another ticket") from error
            raise
        if outcome is None:
            raise LookupError(f"ticket {new.ticket_id} was never stored")
        return outcome

    def by_id(self, ticket_id: int) -> Ticket | None:
        """See `TicketRepository.by_id`."""
        return self._look_ups.run(ticket_id) if is_storable_id(ticket_id) else None

    @store_step
    def _hold_all(
        self, drafts: Sequence[TicketDraft], *, patience: timedelta | None = None
    ) -> Sequence[HoldOutcome]:
        try:
            return self._try_hold_all(drafts, may_repeat=False, patience=patience)
        except IntegrityError:
            # The transaction was rolled back.
            return self._try_hold_all(drafts, may_repeat=True, patience=patience)

    def _try_hold_all(
        self, drafts: Sequence[TicketDraft], *, may_repeat: bool, patience: timedelta | None
    ) -> Sequence[HoldOutcome]:
        with writing(self._engine, patience=patience) as connection:
            outcomes, events = hold_all(connection, drafts, may_repeat=may_repeat)
            # Nothing else can change the events before the commit.
            as_of = self._cache.now()
        self._cache.put(events, as_of=as_of)
        return outcomes

    @store_step
    def _replace_all(
        self, changes: Sequence[Change], *, patience: timedelta | None = None
    ) -> Sequence[Replaced | Stale | None]:
        with writing(self._engine, patience=patience) as connection:
            outcomes, events = replace_all(connection, changes)
            as_of = self._cache.now()
        self._cache.put(events, as_of=as_of)
        return outcomes

    @store_step
    def _by_ids(self, ticket_ids: Sequence[int]) -> Sequence[Ticket | None]:
        found = self._all(select(tickets).where(tickets.c.ticket_id.in_(set(ticket_ids))))
        by_id = {ticket.ticket_id: ticket for ticket in found}
        return [by_id.get(ticket_id) for ticket_id in ticket_ids]

    @store_step
    def by_code(self, ticket_code: UUID) -> Ticket | None:
        """See `TicketRepository.by_code`."""
        return self._first(select(tickets).where(tickets.c.ticket_code == ticket_code))

    @store_step
    def by_key(self, buyer: str, key: str) -> Ticket | None:
        """See `TicketRepository.by_key`."""
        if not (is_storable_text(buyer) and is_storable_text(key)):
            return None
        named = (tickets.c.buyer == buyer, tickets.c.idempotency_key == key)
        return self._first(select(tickets).where(*named))

    @store_step
    def by_checkout(self, checkout_id: str) -> Ticket | None:
        """See `TicketRepository.by_checkout`."""
        if not is_storable_text(checkout_id):
            return None
        return self._first(select(tickets).where(tickets.c.checkout_id == checkout_id))

    @store_step
    def by_payment(self, payment_id: str) -> Ticket | None:
        """See `TicketRepository.by_payment`."""
        if not is_storable_text(payment_id):
            return None
        return self._first(select(tickets).where(tickets.c.payment_id == payment_id))

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
        made = tickets.c.created_at >= since
        page = select(tickets).where(made).order_by(tickets.c.ticket_id).limit(limit)
        with reading(self._engine) as connection:
            if after < 1:
                # Both databases would go through all older tickets by id to find the first. The
                # offset keeps them from planning this query like that, too.
                of_these = select(tickets.c.ticket_id).where(made).offset(0).subquery()
                first = connection.execute(select(func.min(of_these.c.ticket_id))).scalar_one()
                if first is None:
                    return []
                after = first - 1
            rows = connection.execute(page.where(is_above(tickets.c.ticket_id, after)))
            return [ticket_of(row) for row in rows]

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
    def claim_due(self, *, now: datetime, limit: int) -> Sequence[Ticket]:
        """See `TicketRepository.claim_due`."""
        with writing(self._engine) as connection:
            return claims.claim_due(connection, now=now, limit=limit)

    @store_step
    def next_due(self) -> datetime | None:
        """See `TicketRepository.next_due`."""
        with reading(self._engine) as connection:
            return claims.next_due(connection)

    @store_step
    def postpone(self, ticket: Ticket, *, until: datetime) -> None:
        """See `TicketRepository.postpone`."""
        with writing(self._engine) as connection:
            claims.postpone(connection, ticket, until=until)

    @store_step
    def look_again(self, ticket_ids: Collection[int], *, at: datetime) -> None:
        """See `TicketRepository.look_again`."""
        storable = {ticket_id for ticket_id in ticket_ids if is_storable_id(ticket_id)}
        with writing(self._engine) as connection:
            claims.look_again(connection, storable, at=at)

    @store_step
    def claim_looks(self, *, now: datetime, limit: int) -> Sequence[DueLook]:
        """See `TicketRepository.claim_looks`."""
        with writing(self._engine) as connection:
            return claims.claim_looks(connection, now=now, limit=limit)

    @store_step
    def clear_look(self, look: DueLook) -> None:
        """See `TicketRepository.clear_look`."""
        with writing(self._engine) as connection:
            claims.clear_look(connection, look)

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

    def places_are_due(self, *, event_id: int, now: datetime) -> bool:
        """See `TicketRepository.places_are_due`."""
        if not is_storable_id(event_id):
            return False
        cached = self._cache.places_are_due
        return cached.get(event_id, lambda: self._places_are_due(event_id, now=now)) or False

    @store_step
    def _places_are_due(self, event_id: int, *, now: datetime) -> bool:
        with reading(self._engine) as connection:
            return claims.places_are_due(connection, event_id=event_id, now=now)

    @store_step
    def history(self, ticket_id: int) -> Sequence[HistoryEntry]:
        """See `TicketRepository.history`."""
        if not is_storable_id(ticket_id):
            return []
        changes = select(ticket_history).where(ticket_history.c.ticket_id == ticket_id)
        with reading(self._engine) as connection:
            return [
                HistoryEntry(
                    version=row.version,
                    status=TicketStatus(row.status),
                    at=row.at,
                    why=row.why,
                    by=row.by,
                )
                for row in connection.execute(changes.order_by(ticket_history.c.version))
            ]

    def _first(self, query: Select[*tuple[Any, ...]]) -> Ticket | None:
        found = self._all(query)
        return found[0] if found else None

    def _all(self, query: Select[*tuple[Any, ...]]) -> list[Ticket]:
        with reading(self._engine) as connection:
            return [ticket_of(row) for row in connection.execute(query)]
