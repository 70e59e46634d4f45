"""Tickets in memory, for tests and demonstrations.

All steps of one `InMemoryEvents` with its `InMemoryTickets` and `InMemoryInstallation` share a
lock, so each is atomic.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from attrs import evolve

from ticketing_core import schedule
from ticketing_core.changes import HistoryEntry, Replaced, Stale
from ticketing_core.errors import EventChanged
from ticketing_core.message import ticket_message
from ticketing_core.query import TicketQuery
from ticketing_core.reservation import (
    RESTORING,
    Held,
    HoldOutcome,
    KeyTaken,
    TicketDraft,
    objection,
)
from ticketing_core.schedule import DueLook
from ticketing_core.sums import SumsPage, ToRefund, sums_page
from ticketing_core.testing.event_tickets import InMemoryEventTickets
from ticketing_core.testing.events import InMemoryEvents
from ticketing_core.ticket import KEEPS_ALL_PLACES, UNPAID, Ticket, TicketStatus


class InMemoryTickets(InMemoryEventTickets):
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
                    ticket.quantity for ticket in self._of_buyer(draft) if ticket.status in UNPAID
                ),
            )
            if refused is not None:
                return refused
            self._events.last_ticket_id += 1
            ticket = draft.ticket(self._events.last_ticket_id)
            self._events.change_kept(draft.event_id, ticket.places)
            self.write(ticket, at=draft.at, why="reserved", by="buyer")
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
            self.write(new, at=at, why=why, by=by)
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
        return self.find(TicketQuery(buyer=buyer), before=before, limit=limit)

    def find(self, query: TicketQuery, *, before: int | None, limit: int) -> Sequence[Ticket]:
        """See `TicketRepository.find`."""
        found = filter(query.fits, self._newest_first())
        return [each for each in found if before is None or each.ticket_id < before][:limit]

    def report(self, *, since: datetime, until: datetime, event_id: int | None) -> SumsPage:
        """See `TicketRepository.report`."""
        return sums_page(self._newest_first(), since=since, until=until, event_id=event_id)

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
            tickets = [self._by_id[each] for each in _due(self._next_try_at, now=now)]
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
            due = _due(self._look_at, now=now)[:limit]
            for ticket_id in due:
                claims = self._tries[ticket_id]
                self._look_at[ticket_id] = schedule.claimed_note(now, claims=claims)
                self._tries[ticket_id] += 1
            return [DueLook(ticket=self._by_id[each], look_at=self._look_at[each]) for each in due]

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

    def keeping_all(
        self, event_id: int, *, held_after: datetime | None = None, limit: int
    ) -> Sequence[Ticket]:
        """See `TicketRepository.keeping_all`."""
        with self._lock:
            return [
                ticket
                for ticket in self._of_event(event_id)
                if ticket.status in KEEPS_ALL_PLACES
                and not (held_after and _hold_is_over(ticket, now=held_after))
            ][:limit]

    def to_refund(self, event_id: int) -> ToRefund:
        """See `TicketRepository.to_refund`."""
        with self._lock:
            return ToRefund.of(self._of_event(event_id))

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

    def _of_event(self, event_id: int) -> Iterator[Ticket]:
        return (ticket for ticket in self._by_id.values() if ticket.event_id == event_id)

    def _of_buyer(self, draft: TicketDraft) -> Iterator[Ticket]:
        return (ticket for ticket in self._of_event(draft.event_id) if ticket.buyer == draft.buyer)

    def rename_authors(self, names: Mapping[str, str]) -> None:
        """Give the authors of changes other names. For `InMemoryAuthors` only."""
        for ticket_id, changes in self._history.items():
            self._history[ticket_id] = tuple(
                evolve(each, by=names.get(each.by, each.by)) for each in changes
            )

    def write(self, ticket: Ticket, *, at: datetime, why: str, by: str) -> None:
        """Store a version of a ticket, with its history and its message.

        For `InMemoryAdmissions` only.
        """
        message = ticket_message(self._by_id.get(ticket.ticket_id), ticket, at=at)
        if message is not None:
            self._events.tell(message)
        self._by_id[ticket.ticket_id] = ticket
        entry = HistoryEntry(version=ticket.version, status=ticket.status, at=at, why=why, by=by)
        self._history[ticket.ticket_id] = (*self._history.get(ticket.ticket_id, ()), entry)
        self._next_try_at.pop(ticket.ticket_id, None)
        self._tries[ticket.ticket_id] = 0
        due_at = schedule.due_at(ticket)
        if due_at is not None:
            self._next_try_at[ticket.ticket_id] = due_at


def _due(times: Mapping[int, datetime], *, now: datetime) -> Sequence[int]:
    """Return the tickets whose time has come, the earliest first."""
    due = sorted((at, each) for each, at in times.items() if schedule.is_due(at, now=now))
    return [ticket_id for _, ticket_id in due]


def _hold_is_over(ticket: Ticket, *, now: datetime) -> bool:
    return ticket.status in UNPAID and ticket.held_until is not None and ticket.held_until <= now
