"""The database as it is once nothing moves any more, read by plain SQL.

Nothing of the code that is measured is used to read it.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from attrs import frozen
from sqlalchemy import BindParameter, bindparam, create_engine, text

_EVENTS = text("""
    SELECT events.event_id, capacity, kept, COALESCE(SUM(
        CASE
            WHEN status IN ('reserved', 'paying', 'issued') THEN quantity
            WHEN status IN ('refunding', 'refunded') THEN admitted
            ELSE 0
        END), 0) AS places
    FROM events LEFT JOIN tickets ON tickets.event_id = events.event_id
    GROUP BY events.event_id, capacity, kept
""")
_LAST_ID = text("SELECT COALESCE(MAX(ticket_id), 0) FROM tickets")
_BUT_FOR: BindParameter[Any] = bindparam("but_for_events", expanding=True)
_TICKETS = text("""
    SELECT ticket_id, ticket_code, event_id, buyer, quantity, status, checkout_id
    FROM tickets WHERE ticket_id > :after AND event_id NOT IN :but_for_events
""").bindparams(_BUT_FOR)
_BAD_HISTORIES = text("""
    SELECT ticket_id FROM tickets
    WHERE ticket_id > :after AND event_id NOT IN :but_for_events AND version <> (
        SELECT COUNT(*) FROM ticket_history WHERE ticket_history.ticket_id = tickets.ticket_id)
""").bindparams(_BUT_FOR)


@frozen(kw_only=True)
class EventRow:
    """An event. `places` is what its tickets add up to, `kept` what it says itself."""

    event_id: int
    capacity: int
    kept: int
    places: int


@frozen(kw_only=True)
class TicketRow:
    """A ticket."""

    ticket_id: int
    ticket_code: str
    event_id: int
    buyer: str
    quantity: int
    status: str
    checkout_id: str | None


@frozen(kw_only=True)
class Books:
    """All events, and the tickets that are audited.

    Attributes:
        bad_histories: Tickets whose history has not one entry for each version.
    """

    events: Sequence[EventRow]
    tickets: Sequence[TicketRow]
    bad_histories: Sequence[int] = ()


def last_ticket_id(database_url: str) -> int:
    """The largest id of a ticket so far; zero where there is none."""
    engine = create_engine(database_url)
    try:
        with engine.connect() as connection:
            return int(connection.execute(_LAST_ID).scalar_one())
    finally:
        engine.dispose()


def read_books(database_url: str, *, after: int = 0, but_for_events: Sequence[int] = ()) -> Books:
    """Read a database. Nobody may be writing to it.

    Args:
        database_url: Which one.
        after: Only tickets with larger ids are audited.
        but_for_events: The tickets of these are not; they are only added up.
    """
    engine = create_engine(database_url)
    asked = {"after": after, "but_for_events": list(but_for_events)}
    try:
        with engine.connect() as connection:
            return Books(
                events=[EventRow(**row) for row in connection.execute(_EVENTS).mappings()],
                tickets=[
                    TicketRow(**{**row, "ticket_code": str(UUID(str(row["ticket_code"])))})
                    for row in connection.execute(_TICKETS, asked).mappings()
                ],
                bad_histories=connection.execute(_BAD_HISTORIES, asked).scalars().all(),
            )
    finally:
        engine.dispose()
