"""Events and tickets in memory, for tests and demonstrations.

All steps of one `InMemoryEvents` with its `InMemoryTickets` and `InMemoryInstallation` share a
lock, so each is atomic.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from threading import RLock
from uuid import UUID

from attrs import asdict, evolve

from ticketing_core import schedule
from ticketing_core.errors import EventChanged
from ticketing_core.event import Added, Event, EventDraft, IdTaken
from ticketing_core.reservation import (
    RESTORING,
    Held,
    HoldOutcome,
    KeyTaken,
    TicketDraft,
    objection,
)
from ticketing_core.schedule import DueLook
from ticketing_core.ticket import HistoryEntry, Replaced, Stale, Ticket, TicketStatus


class InMemoryEvents:
    """Keeps events in a dictionary."""

    def __init__(self) -> None:
        self.lock = RLock()
        self._by_id: dict[int, Event] = {}
        self.restoring_since: datetime | None = None
        self.last_event_id = self.last_ticket_id = 0

    def add(self, draft: EventDraft) -> Added | IdTaken:
        """See `EventRepository.add`."""
        with self.lock:
            event_id = draft.event_id or self.last_event_id + 1
            if event_id in self._by_id:
                return IdTaken(event_id)
            stored = Event(**(asdict(draft, recurse=False) | {"event_id": event_id, "kept": 0}))
            self._by_id[event_id] = stored
            self.last_event_id = max(self.last_event_id, event_id)
            return Added(stored)

    def by_id(self, event_id: int) -> Event | None:
        """See `EventRepository.by_id`."""
        with self.lock:
            return self._by_id.get(event_id)

    def newest(self, *, before: int | None, limit: int) -> Sequence[Event]:
        """See `EventRepository.newest`."""
        with self.lock:
            ids = sorted(self._by_id, reverse=True)
            return [self._by_id[i] for i in ids if before is None or i < before][:limit]

    def change_kept(self, event_id: int, by: int) -> None:
        """Add places taken, or subtract places freed. For `InMemoryTickets` only."""
        event = self._by_id[event_id]
        kept = event.kept + by
        # A database checks this with a constraint.
        if not 0 <= kept <= event.capacity:
            raise AssertionError(f"event {event_id} would keep {kept} of {event.capacity} places")
        self._by_id[event_id] = evolve(event, kept=kept)


class InMemoryTickets:
    """Keeps tickets, their history and their schedule in dictionaries."""

    def __init__(self, events: InMemoryEvents) -> None:
        self._events = events
        self._lock = events.lock
        self._by_id: dict[int, Ticket] = {}
        self._history: dict[int, tuple[HistoryEntry, ...]] = {}
        self._next_try_at: dict[int, datetime] = {}
        self._tries: dict[int, int] = {}
        self._look_at: dict[int, datetime] = {}

    def hold(self, draft: TicketDraft) -> HoldOutcome:
        """See `TicketRepository.hold`."""
        with self._lock:
            known = self.by_code(draft.ticket_code)
            if known is not None:
                return Held(known)
            if self._events.restoring_since is not None:
                return RESTORING
            taken = self.by_key(draft.buyer, draft.key.value) if draft.key else None
            if taken is not None:
                return KeyTaken(taken)
            event = self._events.by_id(draft.event_id)
            if event is None:
                return EventChanged()
            refused = objection(
                event,
                draft,
                kept_by_buyer=sum(ticket.places for ticket in self._of_buyer(draft)),
                unpaid_by_buyer=sum(
                    ticket.quantity for ticket in self._of_buyer(draft) if _is_unpaid(ticket)
                ),
            )
            if refused is not None:
                return refused
            self._events.last_ticket_id += 1
            ticket = draft.ticket(self._events.last_ticket_id)
            self._events.change_kept(draft.event_id, ticket.places)
            self._write(ticket, at=draft.at, why="reserved", by="buyer")
            return Held(ticket)

    def replace(
        self, old: Ticket, new: Ticket, *, at: datetime, why: str, by: str
    ) -> Replaced | Stale:
        """See `TicketRepository.replace`."""
        with self._lock:
            current = self._by_id.get(old.ticket_id)
            if current is None:
                raise LookupError(f"ticket {old.ticket_id} was never stored")
            if current == new:
                return Replaced(current)
            if current.version != old.version:
                return Stale(current)
            if new.payment_id is not None:
                paid = self.by_payment(new.payment_id)
                if paid is not None and paid.ticket_id != new.ticket_id:
                    raise ValueError(f"payment {new.payment_id} belongs to another ticket")
            self._events.change_kept(new.event_id, new.places - old.places)
            self._write(new, at=at, why=why, by=by)
            return Replaced(new)

    def by_id(self, ticket_id: int) -> Ticket | None:
        """See `TicketRepository.by_id`."""
        with self._lock:
            return self._by_id.get(ticket_id)

    def by_code(self, ticket_code: UUID) -> Ticket | None:
        """See `TicketRepository.by_code`."""
        return self._newest(lambda ticket: ticket.ticket_code == ticket_code)

    def by_key(self, buyer: str, key: str) -> Ticket | None:
        """See `TicketRepository.by_key`."""
        return self._newest(lambda each: (each.buyer, each.key and each.key.value) == (buyer, key))

    def by_checkout(self, checkout_id: str) -> Ticket | None:
        """See `TicketRepository.by_checkout`."""
        return self._newest(
            lambda each: each.checkout is not None and each.checkout.checkout_id == checkout_id
        )

    def by_payment(self, payment_id: str) -> Ticket | None:
        """See `TicketRepository.by_payment`."""
        return self._newest(lambda ticket: ticket.payment_id == payment_id)

    def of_buyer(self, buyer: str, *, before: int | None, limit: int) -> Sequence[Ticket]:
        """See `TicketRepository.of_buyer`."""
        return [
            ticket
            for ticket in self._newest_first()
            if ticket.buyer == buyer and (before is None or ticket.ticket_id < before)
        ][:limit]

    def made_since(self, since: datetime, *, after: int, limit: int) -> Sequence[Ticket]:
        """See `TicketRepository.made_since`."""
        with self._lock:
            return [
                ticket
                for ticket_id, ticket in self._by_id.items()
                if ticket_id > after and ticket.created_at >= since
            ][:limit]

    def paying(self, *, buyer: str, event_id: int) -> Ticket | None:
        """See `TicketRepository.paying`."""
        wanted = (buyer, event_id, TicketStatus.PAYING)
        return self._newest(lambda each: (each.buyer, each.event_id, each.status) == wanted)

    def claim_due(self, *, now: datetime, limit: int) -> Sequence[Ticket]:
        """See `TicketRepository.claim_due`."""
        with self._lock:
            due = sorted(
                (at, ticket_id)
                for ticket_id, at in self._next_try_at.items()
                if schedule.is_due(at, now=now)
            )
            tickets = [self._by_id[ticket_id] for _, ticket_id in due]
            owed = [ticket for ticket in tickets if ticket.status is TicketStatus.REFUNDING]
            unpaid = [ticket for ticket in tickets if ticket.status is not TicketStatus.REFUNDING]
            of_owed = min(len(owed), schedule.owed_share(limit))
            claimed = [*unpaid[: limit - of_owed], *owed][:limit]
            for ticket in claimed:
                lasting = schedule.lease(self._tries[ticket.ticket_id])
                self._next_try_at[ticket.ticket_id] = now + lasting
                self._tries[ticket.ticket_id] += 1
            return claimed

    def next_due(self) -> datetime | None:
        """See `TicketRepository.next_due`."""
        with self._lock:
            return min((*self._next_try_at.values(), *self._look_at.values()), default=None)

    def postpone(self, ticket: Ticket, *, until: datetime) -> None:
        """See `TicketRepository.postpone`."""
        with self._lock:
            current = self._by_id[ticket.ticket_id]
            if current.version == ticket.version and schedule.due_at(current) is not None:
                self._next_try_at[ticket.ticket_id] = until
                self._tries[ticket.ticket_id] = 0

    def look_again(self, ticket_ids: Collection[int], *, at: datetime) -> None:
        """See `TicketRepository.look_again`."""
        with self._lock:
            known = set(ticket_ids) & set(self._by_id)
            self._look_at.update(dict.fromkeys(known, schedule.new_note(at)))

    def claim_looks(self, *, now: datetime, limit: int) -> Sequence[DueLook]:
        """See `TicketRepository.claim_looks`."""
        with self._lock:
            due = sorted(
                (at, ticket_id)
                for ticket_id, at in self._look_at.items()
                if schedule.is_due(at, now=now)
            )
            for _, ticket_id in due[:limit]:
                claims = self._tries[ticket_id]
                self._look_at[ticket_id] = schedule.claimed_note(now, claims=claims)
                self._tries[ticket_id] += 1
            return [
                DueLook(ticket=self._by_id[ticket_id], look_at=self._look_at[ticket_id])
                for _, ticket_id in due[:limit]
            ]

    def clear_look(self, look: DueLook) -> None:
        """See `TicketRepository.clear_look`."""
        with self._lock:
            if self._look_at.get(look.ticket.ticket_id) == look.look_at:
                del self._look_at[look.ticket.ticket_id]
                self._tries[look.ticket.ticket_id] = 0

    def newest_checkout(self) -> str | None:
        """See `TicketRepository.newest_checkout`."""
        newest = self._newest(lambda ticket: ticket.checkout is not None)
        return newest.checkout.checkout_id if newest and newest.checkout else None

    def owing(self, *, after: int, limit: int) -> Sequence[Ticket]:
        """See `TicketRepository.owing`."""
        with self._lock:
            return [
                ticket
                for ticket_id, ticket in self._by_id.items()
                if ticket_id > after and ticket.status is TicketStatus.REFUNDING
            ][:limit]

    def places_are_due(self, *, event_id: int, now: datetime) -> bool:
        """See `TicketRepository.places_are_due`."""
        with self._lock:
            return any(
                _hold_is_over(self._by_id[ticket_id], now=now)
                and self._by_id[ticket_id].event_id == event_id
                and (at <= now or self._tries[ticket_id])
                for ticket_id, at in self._next_try_at.items()
            )

    def history(self, ticket_id: int) -> Sequence[HistoryEntry]:
        """See `TicketRepository.history`."""
        with self._lock:
            return self._history.get(ticket_id, ())

    def _newest_first(self) -> Iterator[Ticket]:
        with self._lock:
            tickets = list(self._by_id.values())
        return reversed(tickets)

    def _newest(self, fits: Callable[[Ticket], bool]) -> Ticket | None:
        return next(filter(fits, self._newest_first()), None)

    def _of_buyer(self, draft: TicketDraft) -> Iterator[Ticket]:
        for ticket in self._by_id.values():
            if ticket.buyer == draft.buyer and ticket.event_id == draft.event_id:
                yield ticket

    def _write(self, ticket: Ticket, *, at: datetime, why: str, by: str) -> None:
        self._by_id[ticket.ticket_id] = ticket
        entry = HistoryEntry(version=ticket.version, status=ticket.status, at=at, why=why, by=by)
        self._history[ticket.ticket_id] = (*self._history.get(ticket.ticket_id, ()), entry)
        self._next_try_at.pop(ticket.ticket_id, None)
        self._tries[ticket.ticket_id] = 0
        due_at = schedule.due_at(ticket)
        if due_at is not None:
            self._next_try_at[ticket.ticket_id] = due_at


def _is_unpaid(ticket: Ticket) -> bool:
    return ticket.status in (TicketStatus.RESERVED, TicketStatus.PAYING)


def _hold_is_over(ticket: Ticket, *, now: datetime) -> bool:
    return _is_unpaid(ticket) and ticket.held_until is not None and ticket.held_until <= now
