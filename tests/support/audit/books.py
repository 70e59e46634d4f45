"""Reads the books: the database by plain SQL, and the payments from the sandbox.

None of the code under test is used, so that its mistakes cannot hide themselves.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from attrs import field, frozen
from sqlalchemy import BindParameter, Engine, bindparam, text

from ticketing_service.sandbox import Sandbox

_EVENTS = text("""
    SELECT events.event_id, capacity, kept, cancelled_at IS NOT NULL AS is_cancelled, COALESCE(SUM(
        CASE
            WHEN status IN ('reserved', 'paying', 'issued') THEN quantity
            WHEN status IN ('refunding', 'refunded') THEN admitted
            ELSE 0
        END), 0) AS places
    FROM events LEFT JOIN tickets ON tickets.event_id = events.event_id
    GROUP BY events.event_id, capacity, kept, cancelled_at
""")
_EXCEPT: BindParameter[Any] = bindparam("except_events", expanding=True)
_TICKETS = text("""
    SELECT ticket_id, ticket_code, event_id, buyer, quantity, total_minor, refunded_minor, status,
        version, checkout_id, idempotency_key, admitted, excess
    FROM tickets WHERE ticket_id > :after AND event_id NOT IN :except_events ORDER BY ticket_id
""").bindparams(_EXCEPT)
_HISTORY = text("""
    SELECT ticket_id, version, status FROM ticket_history
    WHERE ticket_id > :after ORDER BY ticket_id, version
""")
_SCANS = text("""
    SELECT scan_id, kind, ticket_id, people, outcome, offline FROM admissions
    WHERE ticket_id > :after ORDER BY number
""")


def _canonical(value: object) -> str:
    # SQLite has no type for a UUID.
    return str(UUID(str(value)))


@frozen(kw_only=True)
class EventRow:
    """An event. `kept` is its own count of places, `places` the sum over its tickets."""

    event_id: int
    capacity: int
    kept: int
    places: int
    is_cancelled: bool = field(converter=bool)


@frozen(kw_only=True)
class TicketRow:
    """A ticket; amounts in minor units. `history` has the status of each version."""

    ticket_id: int
    ticket_code: str = field(converter=_canonical)
    event_id: int
    buyer: str
    quantity: int
    total_minor: int
    refunded_minor: int
    status: str
    version: int
    checkout_id: str | None
    idempotency_key: str | None
    admitted: int
    excess: int
    history: Sequence[tuple[int, str]]


@frozen(kw_only=True)
class ScanRow:
    """What is stored of a scan at a gate."""

    scan_id: str = field(converter=_canonical)
    kind: str
    ticket_id: int
    people: int
    outcome: str
    offline: bool = field(converter=bool)


@frozen(kw_only=True)
class Payment:
    """A checkout at the gateway, and where its money is; amounts in minor units."""

    checkout_id: str
    ticket_code: str = field(converter=_canonical)
    is_open: bool
    captured: int
    given_back: int


@frozen(kw_only=True)
class Books:
    """Database and gateway at a moment at which nothing moves.

    Attributes:
        scans: In the order in which they were stored.
        payments: By checkout id; empty where the gateway keeps no books.
    """

    events: Sequence[EventRow]
    tickets: Sequence[TicketRow]
    scans: Sequence[ScanRow] = ()
    payments: Mapping[str, Payment] = field(factory=dict)


def read_books(
    engine: Engine,
    sandbox: Sandbox | None = None,
    *,
    after: int = 0,
    except_events: Sequence[int] = (),
) -> Books:
    """Read the books while nothing writes to them.

    Args:
        engine: The database.
        sandbox: The gateway, if it keeps books.
        after: Read only tickets with larger ids.
        except_events: Leave out the tickets of these events; their places are still counted.
    """
    history: dict[int, list[tuple[int, str]]] = defaultdict(list)
    chosen = {"after": after, "except_events": list(except_events)}
    with engine.connect() as connection:
        for ticket_id, version, status in connection.execute(_HISTORY, {"after": after}):
            history[ticket_id].append((version, status))
        tickets = [
            TicketRow(**row, history=history[row["ticket_id"]])
            for row in connection.execute(_TICKETS, chosen).mappings()
        ]
        scans = [ScanRow(**row) for row in connection.execute(_SCANS, {"after": after}).mappings()]
    payments = _payments(sandbox) if sandbox else {}
    return Books(events=read_events(engine), tickets=tickets, scans=scans, payments=payments)


def read_events(engine: Engine) -> Sequence[EventRow]:
    """Read the events in one statement: it sees one moment, whatever happens meanwhile."""
    with engine.connect() as connection:
        return [EventRow(**row) for row in connection.execute(_EVENTS).mappings()]


def _payments(sandbox: Sandbox) -> Mapping[str, Payment]:
    payments = {}
    for session in sandbox.sessions():
        charge = sandbox.charge(session.id)
        payments[session.id] = Payment(
            checkout_id=session.id,
            ticket_code=session.params["metadata"]["ticket_code"],
            is_open=session.status == "open",
            captured=0 if charge is None else charge.refundable,
            given_back=0 if charge is None else charge.amount_refunded,
        )
    return payments
