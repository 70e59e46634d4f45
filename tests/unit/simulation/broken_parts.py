"""Stores and a gateway that break a promise, for the controls of the simulator."""

from datetime import datetime
from typing import Any

from attrs import evolve

from ticketing_core import Ticket
from ticketing_core.changes import Replaced, Stale
from ticketing_core.payment import GivenBack, Paid, RefundOutcome
from ticketing_core.reservation import Held, TicketDraft
from ticketing_core.testing import FakeGateway, InMemoryEvents, InMemoryTickets
from ticketing_core.testing.fake_checkout import FakeRefund, RefundStatus


class Unconstrained(InMemoryEvents):
    """A store without the constraint that would prevent overselling."""

    def change_kept(self, event_id: int, by: int) -> None:
        """See `InMemoryEvents.change_kept`."""
        event = self._by_id[event_id]
        self._by_id[event_id] = evolve(event, kept=event.kept + by)


class HoldsWithoutChecking(InMemoryTickets):
    """Its hold checks nothing."""

    def hold(self, draft: TicketDraft) -> Held:
        """See `TicketRepository.hold`."""
        ticket = draft.ticket(len(self._by_id) + 1)
        self._events.change_kept(draft.event_id, ticket.places)
        self.write(ticket, at=draft.at, why="reserved", by="buyer")
        return Held(ticket)


class SkipsTheComparison(InMemoryTickets):
    """The last write wins."""

    def replace(
        self, old: Ticket, new: Ticket, *, at: datetime, why: str, by: str
    ) -> Replaced | Stale:
        """See `TicketRepository.replace`."""
        self._events.change_kept(new.event_id, new.places - old.places)
        self.write(new, at=at, why=why, by=by)
        return Replaced(new)


class PaysOutByTransfer(FakeGateway):
    """Not broken, only strict: each refund is a transfer, and only its key prevents a second one.

    Card payments forgive a second refund (nothing is captured any more); transfers do not.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._sent: set[str] = set()

    def refund(self, paid: Paid, *, key: str) -> RefundOutcome:
        """See `PaymentGateway.refund`."""
        if key not in self._sent:
            self._sent.add(key)
            (record,) = self.checkouts_of(paid.ticket_code)
            record.refunds.append(FakeRefund(paid.ours.amount_minor, RefundStatus.SUCCEEDED))
        return GivenBack()
