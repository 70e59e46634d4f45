"""Broken stores of events and broken organizers, for the controls of the simulator."""

from collections.abc import Callable, Container, Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import evolve, frozen

from ticketing_core import Event, Organizer, Ticket, TicketStatus
from ticketing_core.changes import Replaced
from ticketing_core.errors import (
    CapacityBelowKept,
    EventCancelled,
    EventChanged,
    PurchaseRefused,
    SaleClosed,
)
from ticketing_core.event import Edited, EditedMeanwhile
from ticketing_core.payment import Paid
from ticketing_core.reservation import TicketDraft, objection
from ticketing_core.testing import InMemoryEvents, InMemoryTickets
from ticketing_core.use_cases.unwind import WHY

# --- stores ---------------------------------------------------------------------------------------


class ComparesWithTheSeen(InMemoryEvents):
    """Compares the capacity with the places that were kept when the event was read."""

    def replace(
        self, old: Event, new: Event, *, at: datetime, why: str, by: str
    ) -> Edited | EditedMeanwhile | CapacityBelowKept:
        """See `EventRepository.replace`."""
        current = self._by_id[old.event_id]
        if new.capacity < old.kept:
            return CapacityBelowKept(old.kept)
        if current.version != old.version:
            return EditedMeanwhile(current)
        new = evolve(new, kept=current.kept)
        self._write(current, new, at=at, why=why, by=by)
        return Edited(new)


class LastEditWins(InMemoryEvents):
    """Compares no version."""

    def replace(
        self, old: Event, new: Event, *, at: datetime, why: str, by: str
    ) -> Edited | EditedMeanwhile | CapacityBelowKept:
        """See `EventRepository.replace`."""
        current = self._by_id[old.event_id]
        new = evolve(new, version=current.version + 1)
        return super().replace(current, new, at=at, why=why, by=by)


class UnwindsInAnyOrder(InMemoryTickets):
    """Finds all tickets that are good, also those that nothing can be done about."""

    def keeping_all(
        self, event_id: int, *, held_after: datetime | None = None, limit: int
    ) -> Sequence[Ticket]:
        """See `TicketRepository.keeping_all`."""
        del held_after
        return super().keeping_all(event_id, limit=limit)


def blind_to(*refusals: type[PurchaseRefused]) -> Callable[..., PurchaseRefused | None]:
    """Return an objection that does not know these."""

    def decide(event: Event, draft: TicketDraft, **counted: int) -> PurchaseRefused | None:
        for refusal in refusals:
            changes: dict[type[PurchaseRefused], dict[str, Any]] = {
                EventCancelled: {"cancelled_at": None},
                SaleClosed: {"closes_at": None},
                EventChanged: {"price": draft.price},
            }
            event = evolve(event, **changes[refusal])
        return objection(event, draft, **counted)

    return decide


# --- organizers -----------------------------------------------------------------------------------


@frozen(kw_only=True)
class RepricesOrders(Organizer):
    """Changes the total of tickets that are not paid yet with the price."""

    def change_event(
        self,
        event_id: int,
        terms: Mapping[str, Any],
        *,
        version: int,
        by: str,
        scope: Container[int] | None = None,
    ) -> Event:
        """See `Organizer.change_event`."""
        event = Organizer.change_event(self, event_id, terms, version=version, by=by, scope=scope)
        now = self.clock.now()
        for ticket in self.tickets.keeping_all(event_id, limit=9):
            if ticket.status is not TicketStatus.ISSUED:
                new = ticket.marked(total=event.price.times(ticket.quantity))
                self.tickets.replace(ticket, new, at=now, why="another price", by=by)
        return event


@frozen(kw_only=True)
class UnwindsEach(Organizer):
    """For variants that unwind each ticket in their own way."""

    def unwind(self, *, limit: int, by: str) -> int:
        """See `Organizer.unwind`."""
        unwound = 0
        for event in self.events.unwinding():
            page = self.tickets.keeping_all(event.event_id, limit=limit)
            for ticket in page:
                unwound += isinstance(self._unwind(ticket, event, by=by), Replaced)
            if not page:
                self._end(event, by=by)
        return unwound

    def _unwind(self, ticket: Ticket, event: Event, *, by: str) -> object:
        del event
        return self._store(ticket, ticket.refunding(at=self.clock.now()), by=by)

    def _end(self, event: Event, *, by: str) -> None:
        now = self.clock.now()
        self.events.replace(event, event.unwound(at=now), at=now, why="unwound", by=by)

    def _store(self, old: Ticket, new: Ticket, *, by: str) -> object:
        return self.tickets.replace(old, new, at=self.clock.now(), why=WHY, by=by)


@frozen(kw_only=True)
class GivesBackItself(UnwindsEach):
    """Refunds at the gateway, and stores afterwards that the ticket is void."""

    def _unwind(self, ticket: Ticket, event: Event, *, by: str) -> object:
        if ticket.checkout is not None and ticket.status is TicketStatus.ISSUED:
            seen = self.gateway.look_up(ticket.checkout.checkout_id)
            if isinstance(seen, Paid):
                self.gateway.refund(seen, key=ticket.refund_key)
        return super()._unwind(ticket, event, by=by)


@frozen(kw_only=True)
class GivesUpFirst(UnwindsEach):
    """Gives unpaid tickets up, and leaves their checkouts open."""

    def _unwind(self, ticket: Ticket, event: Event, *, by: str) -> object:
        if ticket.status is TicketStatus.ISSUED:
            return super()._unwind(ticket, event, by=by)
        return self._store(ticket, ticket.expired(), by=by)


@frozen(kw_only=True)
class CountsOnlyThePage(Organizer):
    """Takes an empty page for the end."""

    def unwind(self, *, limit: int, by: str) -> int:
        """See `Organizer.unwind`."""
        unwinding = self.events.unwinding()
        unwound = Organizer.unwind(self, limit=limit, by=by)
        now = self.clock.now()
        for event in unwinding if unwound < limit else ():
            self.events.replace(event, event.unwound(at=now), at=now, why="unwound", by=by)
        return unwound


@frozen(kw_only=True)
class CancelsInOneStep(Organizer):
    """Voids all tickets at once when it cancels, and has nothing to go on with after a crash."""

    def cancel_event(
        self,
        event_id: int,
        *,
        version: int,
        refund_total_minor: int,
        by: str,
        scope: Container[int] | None = None,
    ) -> Event:
        """See `Organizer.cancel_event`."""
        event = Organizer.cancel_event(
            self,
            event_id,
            version=version,
            refund_total_minor=refund_total_minor,
            by=by,
            scope=scope,
        )
        for ticket in self.tickets.keeping_all(event_id, limit=9):
            if ticket.status is TicketStatus.ISSUED:
                new = ticket.refunding(at=self.clock.now())
                self.tickets.replace(ticket, new, at=self.clock.now(), why=WHY, by=by)
        return event

    def unwind(self, *, limit: int, by: str) -> int:
        """See `Organizer.unwind`. It is done already."""
        del limit, by
        return 0
