"""What a buyer shows at the gate, and what the token in it says."""

from uuid import UUID

from attrs import frozen

from ticketing_core.ticket import Ticket


@frozen(kw_only=True)
class AdmissionClaims:
    """The facts that an admission token carries, readable without a network.

    A valid token proves that the ticket was issued. Only the store knows whether it was refunded
    since, and who is already inside.
    """

    ticket_code: UUID
    ticket_id: int
    event_id: int
    quantity: int

    @classmethod
    def of(cls, ticket: Ticket) -> "AdmissionClaims":
        """Return the claims of a ticket."""
        return cls(
            ticket_code=ticket.ticket_code,
            ticket_id=ticket.ticket_id,
            event_id=ticket.event_id,
            quantity=ticket.quantity,
        )


@frozen(kw_only=True)
class Admission:
    """What the buyer shows at the gate.

    Attributes:
        token: The signed text.
        qr_code: The image of its QR code, in the format of the encoder.
    """

    token: str
    qr_code: bytes
