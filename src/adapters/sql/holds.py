"""Taking places: the statements of `SqlTickets.hold`, inside the one transaction it opens."""

from typing import Any, Final

from sqlalchemy import (
    Connection,
    Insert,
    Row,
    Update,
    and_,
    bindparam,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from adapters.sql.engine import is_postgresql
from adapters.sql.rows import event_of, ticket_of, ticket_values
from adapters.sql.tables import PLACES, events, ticket_history, tickets
from ticketing_core.reservation import (
    EventChanged,
    Held,
    HoldOutcome,
    KeyTaken,
    TicketDraft,
    objection,
)
from ticketing_core.ticket import Ticket

_NO_ID_YET: Final = 1
"""The store gives the id; until then the other values of the ticket need any one to stand in."""

_KNOWN = select(tickets).where(
    or_(
        tickets.c.ticket_code == bindparam("ticket_code"),
        and_(
            tickets.c.buyer == bindparam("buyer"),
            tickets.c.idempotency_key == bindparam("key"),
        ),
    )
)
# The weakest lock that lets one transaction at a time decide: the one that changing `kept` takes
# anyway. SQLite has locked the whole file by now.
_LOCKED_EVENT = (
    select(events).where(events.c.event_id == bindparam("event_id")).with_for_update(key_share=True)
)
_KEPT_BY_BUYER = select(func.coalesce(func.sum(PLACES), 0)).where(
    tickets.c.event_id == bindparam("event_id"), tickets.c.buyer == bindparam("buyer")
)


def hold_in(connection: Connection, draft: TicketDraft) -> HoldOutcome:
    """Decide and write, in a transaction that nobody has decided anything in yet.

    The event's row is locked before anything is decided that others could change, and every
    such decision reads in a later statement: at READ COMMITTED a statement that waited for the
    lock still sees what was true before the wait.

    Two holds of one code or one key at different events do not meet at that row. The slower one
    then fails at the unique constraint, is rolled back and decides again (`store_step`).
    """
    known = _known(connection, draft)
    if known is not None:
        # A repeat does not queue for the event.
        return known
    row = connection.execute(_LOCKED_EVENT, {"event_id": draft.event_id}).one_or_none()
    if row is None:
        return EventChanged()
    event = event_of(row)
    kept_by_buyer = 0
    if event.max_per_buyer is not None:
        asked = {"event_id": draft.event_id, "buyer": draft.buyer}
        kept_by_buyer = connection.execute(_KEPT_BY_BUYER, asked).scalar_one()
    refused = objection(event, draft, kept_by_buyer=kept_by_buyer)
    if refused is not None:
        # A double click may have waited for its own first half, which took the last place.
        return _known(connection, draft) or refused
    return Held(draft.ticket(_write(connection, draft.ticket(_NO_ID_YET))))


def _known(connection: Connection, draft: TicketDraft) -> Held | KeyTaken | None:
    asked = {
        "ticket_code": draft.ticket_code,
        "buyer": draft.buyer,
        "key": None if draft.key is None else draft.key.value,
    }
    found = [ticket_of(row) for row in connection.execute(_KNOWN, asked)]
    for ticket in found:
        if ticket.ticket_code == draft.ticket_code:
            return Held(ticket)
    return KeyTaken(found[0]) if found else None


# Names of parameters: SQLAlchemy keeps those of the columns for itself.
_TICKET_PARAMETERS = {
    column.name: bindparam(f"ticket_{column.name}", type_=column.type)
    for column in tickets.c
    if column is not tickets.c.ticket_id
}
_INSERT_TICKET: Insert = insert(tickets).values(_TICKET_PARAMETERS)
_TAKE_PLACES: Update = (
    update(events)
    .where(events.c.event_id == bindparam("ticket_event_id"))
    .values(kept=events.c.kept + bindparam("places"))
)
_HISTORY_COLUMNS = ["version", "status", "at", "why", "by"]
_FIRST_ENTRY = [
    bindparam("ticket_version", type_=tickets.c.version.type),
    bindparam("ticket_status", type_=tickets.c.status.type),
    bindparam("ticket_created_at", type_=tickets.c.created_at.type),
    literal("reserved"),
    literal("buyer"),
]


def _in_one_statement() -> Insert:
    """All that a hold writes: one round trip while others wait for the event's row."""
    ticket = _INSERT_TICKET.returning(tickets.c.ticket_id).cte("new_ticket")
    return (
        insert(ticket_history)
        .from_select(["ticket_id", *_HISTORY_COLUMNS], select(ticket.c.ticket_id, *_FIRST_ENTRY))
        .add_cte(_TAKE_PLACES.cte("taken"))
        .returning(ticket_history.c.ticket_id)
    )


_POSTGRESQL_WRITE = _in_one_statement()
_INSERT_TICKET_WITH_ID = _INSERT_TICKET.returning(tickets.c.ticket_id)
_INSERT_FIRST_ENTRY = insert(ticket_history).from_select(
    ["ticket_id", *_HISTORY_COLUMNS],
    select(bindparam("ticket_id", type_=tickets.c.ticket_id.type), *_FIRST_ENTRY),
)


def _write(connection: Connection, ticket: Ticket) -> int:
    """Take the places, store the ticket and the first line of its history; its id."""
    values: dict[str, Any] = {
        f"ticket_{name}": value for name, value in ticket_values(ticket).items()
    }
    values["places"] = ticket.places
    if is_postgresql(connection):
        return _only_number(connection.execute(_POSTGRESQL_WRITE, values).one())
    ticket_id = _only_number(connection.execute(_INSERT_TICKET_WITH_ID, values).one())
    connection.execute(_TAKE_PLACES, values)
    connection.execute(_INSERT_FIRST_ENTRY, values | {"ticket_id": ticket_id})
    return ticket_id


def _only_number(row: Row[int]) -> int:
    return row[0]
