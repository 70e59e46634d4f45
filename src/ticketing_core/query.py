"""Which tickets to find."""

from uuid import UUID

from attrs import frozen

from ticketing_core.ticket import Ticket, TicketStatus


@frozen(kw_only=True)
class TicketQuery:
    """Finds the tickets that meet all conditions. A condition that is None is met by every ticket.

    Attributes:
        buyer: Tickets of exactly this buyer.
        buyer_prefix: Tickets whose buyer starts with this text; upper and lower case count.
        ticket_code: The ticket with this code.
        checkout_id: The ticket with this checkout.
        payment_id: The ticket with this payment.
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
        """Return whether the ticket meets all conditions."""
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
