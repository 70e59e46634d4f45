"""The books of both sides as they are: rows read by plain SQL, and money read from the sandbox.

Nothing of the code under test is used to read them.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from attrs import frozen
from sqlalchemy import Engine, text

from ticketing_service.sandbox import Sandbox

_EVENTS = text("""
    SELECT event_id, capacity, kept,
        (SELECT COALESCE(SUM(
            CASE
                WHEN status IN ('reserved', 'paying', 'issued') THEN quantity
                WHEN status IN ('refunding', 'refunded') THEN admitted
                ELSE 0
            END), 0)
         FROM tickets WHERE tickets.event_id = events.event_id) AS places
    FROM events
""")
_TICKETS = text("""
    SELECT ticket_id, ticket_code, event_id, buyer, quantity, total_minor, refunded_minor, status,
        version, checkout_id, idempotency_key
    FROM tickets
""")
_HISTORY = text("SELECT ticket_id, version, status FROM ticket_history ORDER BY ticket_id, version")


@frozen(kw_only=True)
class EventRow:
    """An event. `places` is what its tickets add up to, `kept` what it says itself."""

    event_id: int
    capacity: int
    kept: int
    places: int


@frozen(kw_only=True)
class TicketRow:
    """A ticket; money in minor units. `history` has its versions with their statuses."""

    ticket_id: int
    ticket_code: UUID
    event_id: int
    buyer: str
    quantity: int
    total_minor: int
    refunded_minor: int
    status: str
    version: int
    checkout_id: str | None
    key: str | None
    history: Sequence[tuple[int, str]]


@frozen(kw_only=True)
class Payment:
    """A checkout at the gateway, and what of its money is where; in minor units."""

    checkout_id: str
    ticket_code: UUID
    is_open: bool
    captured: int
    given_back: int


@frozen(kw_only=True)
class Books:
    """Both sides at one moment at which nothing moves."""

    events: Sequence[EventRow]
    tickets: Sequence[TicketRow]
    payments: Mapping[str, Payment]


def read_books(engine: Engine, sandbox: Sandbox) -> Books:
    """Read all of it."""
    with engine.connect() as connection:
        history: dict[int, list[tuple[int, str]]] = {}
        for row in connection.execute(_HISTORY):
            history.setdefault(row.ticket_id, []).append((row.version, row.status))
        tickets = [
            TicketRow(
                ticket_id=row.ticket_id,
                # SQLite has no type for it.
                ticket_code=UUID(str(row.ticket_code)),
                event_id=row.event_id,
                buyer=row.buyer,
                quantity=row.quantity,
                total_minor=row.total_minor,
                refunded_minor=row.refunded_minor,
                status=row.status,
                version=row.version,
                checkout_id=row.checkout_id,
                key=row.idempotency_key,
                history=history.get(row.ticket_id, []),
            )
            for row in connection.execute(_TICKETS)
        ]
    return Books(events=read_events(engine), tickets=tickets, payments=_payments(sandbox))


def read_events(engine: Engine) -> Sequence[EventRow]:
    """Read the events in one statement: it sees one moment, whatever happens meanwhile."""
    with engine.connect() as connection:
        return [
            EventRow(event_id=row.event_id, capacity=row.capacity, kept=row.kept, places=row.places)
            for row in connection.execute(_EVENTS)
        ]


def _payments(sandbox: Sandbox) -> Mapping[str, Payment]:
    payments = {}
    for session in sandbox.sessions():
        charge = sandbox.charge(session.id)
        payments[session.id] = Payment(
            checkout_id=session.id,
            ticket_code=UUID(session.asked["metadata"]["ticket_code"]),
            is_open=session.status == "open",
            captured=0 if charge is None else charge.refundable,
            given_back=0 if charge is None else charge.amount_refunded,
        )
    return payments
