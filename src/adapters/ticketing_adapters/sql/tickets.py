"""Tickets in SQL: what changes them, and their schedule (`claims`)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Engine, bindparam, select
from sqlalchemy.exc import IntegrityError, OperationalError

from ticketing_adapters.sql import claims
from ticketing_adapters.sql.batching import Batcher
from ticketing_adapters.sql.cache import EventCache
from ticketing_adapters.sql.changes import replace_all
from ticketing_adapters.sql.engine import reading, writing, writing_at_once
from ticketing_adapters.sql.failures import is_lock_timeout, is_second_payment, store_step
from ticketing_adapters.sql.holds import conflict_keys, hold_all
from ticketing_adapters.sql.lanes import BLOCKED, Blocked, Lanes, lanes_at_once
from ticketing_adapters.sql.look_ups import SqlTicketLookUps
from ticketing_adapters.sql.observer import Guarded, TicketObserver
from ticketing_adapters.sql.one_statement import hold_in_one_statement, needs_lock
from ticketing_adapters.sql.rows import (
    is_storable_id,
)
from ticketing_adapters.sql.tables import (
    tickets,
)
from ticketing_adapters.sql.writes import BUYER, RESERVED, Change
from ticketing_core.changes import Replaced, Stale
from ticketing_core.reservation import Held, HoldOutcome, TicketDraft
from ticketing_core.schedule import DueLook
from ticketing_core.ticket import Ticket

_BY_IDS: Final = select(tickets).where(
    tickets.c.ticket_id.in_(bindparam("ticket_ids", expanding=True))
)


class SqlTickets(SqlTicketLookUps):
    """The `TicketRepository` in an SQL database.

    Holds that come at the same time share a transaction, and so do changes and look-ups by id
    (`batching`). While an event is locked, its callers wait by themselves (`lanes`).

    Args:
        engine: From `engine_for`, of a migrated database.
        cache: Shared with the `SqlEvents` of the same database; by default each look-up
            reads the database.
        observer: Hears of each change.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        cache: EventCache | None = None,
        observer: TicketObserver | None = None,
    ) -> None:
        super().__init__(engine)
        self._observer = Guarded(observer)
        self._cache = cache or EventCache()
        at_once = lanes_at_once(engine)
        self._holds: Lanes[TicketDraft, HoldOutcome] = Lanes(
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
        outcome = self._holds.run(draft)
        if isinstance(outcome, Held):
            self._observer.changed(None, outcome.ticket, why=RESERVED, by=BUYER)
        return outcome

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
        if isinstance(outcome, Replaced) and outcome.ticket is new:
            self._observer.changed(old, new, why=why, by=by)
        return outcome

    def by_id(self, ticket_id: int) -> Ticket | None:
        """See `TicketRepository.by_id`."""
        return self._look_ups.run(ticket_id) if is_storable_id(ticket_id) else None

    @store_step
    def _hold_all(
        self, drafts: Sequence[TicketDraft], *, patience: timedelta | None = None
    ) -> Sequence[HoldOutcome | Blocked]:
        self._observer.batch("hold", len(drafts))
        held = self._hold_in_one_statement(drafts, patience=patience)
        rest = [draft for draft in drafts if draft.ticket_code not in held]
        try:
            behind_lock = self._hold_behind_lock(rest, patience=patience)
        except OperationalError as error:
            if not held or patience is None or not is_lock_timeout(error):
                raise
            # The others have their tickets, which must not wait for this lock.
            return [held.get(draft.ticket_code, BLOCKED) for draft in drafts]
        decided = dict(zip([draft.ticket_code for draft in rest], behind_lock, strict=True))
        return [held.get(draft.ticket_code) or decided[draft.ticket_code] for draft in drafts]

    def _hold_in_one_statement(
        self, drafts: Sequence[TicketDraft], *, patience: timedelta | None
    ) -> Mapping[UUID, Held]:
        last_read = self._cache.last_read({draft.event_id for draft in drafts})
        fitting = [
            draft
            for draft in drafts
            if draft.event_id in last_read and not needs_lock(last_read[draft.event_id], draft)
        ]
        if not fitting:
            return {}
        with writing_at_once(self._engine, patience=patience) as connection:
            if connection is None:
                return {}
            as_of = self._cache.now()
            try:
                held, events = hold_in_one_statement(connection, fitting, last_read=last_read)
            except IntegrityError:
                # One has a ticket already, which is looked for behind the lock.
                return {}
        self._cache.put(events, as_of=as_of)
        return held

    def _hold_behind_lock(
        self, drafts: Sequence[TicketDraft], *, patience: timedelta | None
    ) -> Sequence[HoldOutcome]:
        if not drafts:
            return []
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
        self._observer.batch("change", len(changes))
        with writing(self._engine, patience=patience) as connection:
            outcomes, events = replace_all(connection, changes)
            as_of = self._cache.now()
        self._cache.put(events, as_of=as_of)
        return outcomes

    @store_step
    def _by_ids(self, ticket_ids: Sequence[int]) -> Sequence[Ticket | None]:
        self._observer.batch("look_up", len(ticket_ids))
        found = self._all(_BY_IDS, {"ticket_ids": list(set(ticket_ids))})
        by_id = {ticket.ticket_id: ticket for ticket in found}
        return [by_id.get(ticket_id) for ticket_id in ticket_ids]

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
