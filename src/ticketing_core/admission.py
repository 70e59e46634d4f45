"""What a buyer shows at the gate, and what the token in it says."""

from uuid import UUID

from attrs import frozen

from ticketing_core.ticket import Ticket


@frozen(kw_only=True)
class AdmissionClaims:
    """The facts that an admission token carries, readable without a network.

    A valid token proves that the ticket was issued. Only the store knows whether it was refunded
    since, and who is already inside.

    Attributes:
        ticket_code: The ticket's code, which cannot be guessed.
        ticket_id: The ticket.
        event_id: The event that it is for.
        quantity: For how many people.
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
    """What the buyer shows at the gate. It is made when it is needed, and not stored.

    Attributes:
        token: The signed text, some 200 ASCII characters.
        qr_code: The image of its QR code: a PNG, or what else the encoder draws.
    """

    token: str
    qr_code: bytes
