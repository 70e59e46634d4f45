"""Naive ways to tell of a change in another step than that of the change."""

from datetime import datetime
from typing import Any

from attrs import frozen

from ticketing_core import BoxOffice, Ticket
from ticketing_core.message import ticket_message
from ticketing_core.testing import InMemoryTickets
from ticketing_core.ticket import TicketStatus
from ticketing_core.use_cases.refund import voided


class TellsOfRefundsApart(InMemoryTickets):
    """A refund makes no message by itself."""

    def write(self, ticket: Ticket, *, at: datetime, why: str, by: str) -> None:
        """See `InMemoryTickets.write`."""
        tell = self._events.tell
        if ticket.status is TicketStatus.REFUNDED:
            self._events.tell = print
        super().write(ticket, at=at, why=why, by=by)
        self._events.tell = tell

    def announce(self, old: Ticket, new: Ticket, *, at: datetime) -> None:
        """Write the message of a change, in a step of its own."""
        message = ticket_message(old, new, at=at)
        assert message is not None
        self._events.tell(message)


@frozen(kw_only=True)
class Announces(BoxOffice):
    """Refunds free tickets, and writes the message before or after."""

    first: bool

    def refund(self, *, ticket_id: int, **others: Any) -> Ticket:
        """See `BackOffice.refund`."""
        store: Any = self.tickets
        old = store.by_id(ticket_id)
        new = voided(old, at=self.clock.now())
        if self.first:
            store.announce(old, new, at=self.clock.now())
        refunded = super().refund(ticket_id=ticket_id, **others)
        if not self.first:
            store.announce(old, new, at=self.clock.now())
        return refunded
