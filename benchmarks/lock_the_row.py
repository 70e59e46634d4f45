"""The usual way to sell from a row: lock it, look, write, commit, one transaction a request.

It does the same work as the product, and shows what the product gains by its own way.
"""

from sqlalchemy import Connection, Engine, insert, or_, select, update

from ticketing_adapters.sql import SqlTickets
from ticketing_adapters.sql.buyers import KeptByBuyer, kept_by_buyers
from ticketing_adapters.sql.rows import event_of, ticket_of, ticket_values
from ticketing_adapters.sql.tables import events, ticket_history, tickets
from ticketing_core.errors import EventChanged
from ticketing_core.reservation import Held, HoldOutcome, KeyTaken, TicketDraft, objection

_NO_ID_YET = 1
"""Stands in for the id of a new ticket until the database gives it one."""


class LockTheRow(SqlTickets):
    """The product's store, with another `hold`."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._pool = engine

    def hold(self, draft: TicketDraft) -> HoldOutcome:
        """See `TicketRepository.hold`."""
        with self._pool.begin() as connection:
            locked = select(events).where(events.c.event_id == draft.event_id).with_for_update()
            row = connection.execute(locked).one_or_none()
            if row is None:
                return EventChanged()
            known = _known(connection, draft)
            if known is not None:
                return known
            event = event_of(row)
            buyer = (draft.event_id, draft.buyer)
            is_limited = event.max_per_buyer is not None or not event.is_free
            found = kept_by_buyers(connection, [buyer]) if is_limited else {}
            own = found.get(buyer, KeptByBuyer())
            refused = objection(event, draft, kept_by_buyer=own.kept, unpaid_by_buyer=own.unpaid)
            return refused or _write(connection, draft)


def _known(connection: Connection, draft: TicketDraft) -> Held | KeyTaken | None:
    same = tickets.c.ticket_code == draft.ticket_code
    if draft.key is not None:
        key = tickets.c.idempotency_key == draft.key.value
        same = or_(same, (tickets.c.buyer == draft.buyer) & key)
    row = connection.execute(select(tickets).where(same)).first()
    if row is None:
        return None
    ticket = ticket_of(row)
    return Held(ticket) if ticket.ticket_code == draft.ticket_code else KeyTaken(ticket)


def _write(connection: Connection, draft: TicketDraft) -> Held:
    ticket = draft.ticket(_NO_ID_YET)
    added = insert(tickets).values(ticket_values(ticket)).returning(tickets.c.ticket_id)
    ticket_id = connection.execute(added).scalar_one()
    connection.execute(
        update(events)
        .where(events.c.event_id == draft.event_id)
        .values(kept=events.c.kept + ticket.places)
    )
    connection.execute(
        insert(ticket_history).values(
            ticket_id=ticket_id,
            version=ticket.version,
            status=ticket.status.value,
            at=ticket.created_at,
            why="reserved",
            by="buyer",
        )
    )
    return Held(draft.ticket(ticket_id))
