"""What tickets a person looks for."""

from uuid import UUID

from attrs import frozen

from ticketing_core.ticket import Ticket, TicketStatus


@frozen(kw_only=True)
class TicketQuery:
    """Which tickets to find: those that fit all of the conditions that are given.

    Attributes:
        buyer: Exactly this buyer.
        buyer_prefix: Buyers whose text begins like this, in the same case.
        ticket_code: The ticket with this code.
        checkout_id: The ticket that has this checkout stored.
        payment_id: The ticket that has this payment stored.
        event_id: Tickets of this event.
        status: Tickets with this status.
    """

    buyer: str | None = None
    buyer_prefix: str | None = None
    ticket_code: UUID | None = None
    checkout_id: str | None = None
    payment_id: str | None = None
    event_id: int | None = None
    status: TicketStatus | None = None

    def fits(self, ticket: Ticket) -> bool:
        """Return whether the ticket fits all conditions."""
        checkout_id = None if ticket.checkout is None else ticket.checkout.checkout_id
        return (
            self.buyer in (None, ticket.buyer)
            and ticket.buyer.startswith(self.buyer_prefix or "")
            and self.ticket_code in (None, ticket.ticket_code)
            and self.checkout_id in (None, checkout_id)
            and self.payment_id in (None, ticket.payment_id)
            and self.event_id in (None, ticket.event_id)
            and self.status in (None, ticket.status)
        )
