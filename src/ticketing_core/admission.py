"""What a QR says at the gate."""

from uuid import UUID

from attrs import frozen

from ticketing_core.ticket import Ticket


@frozen(kw_only=True)
class AdmissionClaims:
    """The facts that an admission token carries, readable without a network.

    A valid token proves that the ticket was issued; whether it was refunded since, or who is
    already inside, only the store knows.
    """

    ticket_code: UUID
    ticket_id: int
    event_id: int
    quantity: int

    @classmethod
    def of(cls, ticket: Ticket) -> "AdmissionClaims":
        """The claims of one ticket."""
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
        qr_code: An image of it, as the encoder makes them.
    """

    token: str
    qr_code: bytes
