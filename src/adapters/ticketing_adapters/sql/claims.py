"""The schedule of tickets in SQL: what is due, what has to be looked at, and the claims of both."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from itertools import count
from typing import Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    case,
    literal,
    or_,
    select,
    text,
    update,
)

from ticketing_adapters.sql.declarations import Instant
from ticketing_adapters.sql.rows import ticket_of
from ticketing_adapters.sql.tables import KEEPS_UNPAID_PLACES, NOTED, OWES_REFUND, tickets
from ticketing_core.schedule import (
    FARTHEST_TRY,
    LONGEST_LEASE,
    DueLook,
    claimed_note,
    lease,
    new_note,
    owed_share,
)
from ticketing_core.ticket import Ticket

_LEASE_GROWS_UNTIL: Final = next(claims for claims in count() if lease(claims) == LONGEST_LEASE)


def claim_due(connection: Connection, *, now: datetime, limit: int) -> Sequence[Ticket]:
    """See `TicketRepository.claim_due`."""
    unpaid_share = limit - owed_share(limit)
    unpaid = _lock_due(connection, KEEPS_UNPAID_PLACES, now=now, limit=unpaid_share)
    owed = _lock_due(connection, OWES_REFUND, now=now, limit=limit - len(unpaid))
    if len(unpaid) == unpaid_share and len(unpaid) + len(owed) < limit:
        unpaid = _lock_due(connection, KEEPS_UNPAID_PLACES, now=now, limit=limit - len(owed))
    claimed = [*unpaid, *owed]
    if claimed:
        # The rows are locked, so nothing else has changed them.
        lease_end = by_claims(tickets.c.tries, lambda claims: now + lease(claims))
        connection.execute(
            update(tickets)
            .where(tickets.c.ticket_id.in_([ticket.ticket_id for ticket in claimed]))
            .values(next_try_at=lease_end, tries=tickets.c.tries + 1)
        )
    return claimed


def next_due(connection: Connection) -> datetime | None:
    """See `TicketRepository.next_due`."""
    queues = (
        (KEEPS_UNPAID_PLACES, tickets.c.next_try_at),
        (OWES_REFUND, tickets.c.next_try_at),
        (NOTED, tickets.c.look_at),
    )
    # One query for each index.
    earliest = [
        select(at).where(text(queue)).order_by(at).limit(1).scalar_subquery()
        for queue, at in queues
    ]
    found = connection.execute(select(*earliest)).one()
    return min((at for at in found if at is not None), default=None)


def postpone(connection: Connection, ticket: Ticket, *, until: datetime) -> None:
    """See `TicketRepository.postpone`."""
    connection.execute(
        update(tickets)
        .where(
            tickets.c.ticket_id == ticket.ticket_id,
            tickets.c.version == ticket.version,
            tickets.c.next_try_at.is_not(None),
        )
        .values(next_try_at=until, tries=0)
    )


def places_are_due(connection: Connection, *, event_id: int, now: datetime) -> bool:
    """See `TicketRepository.places_are_due`."""
    # A ticket that is being settled now was claimed. One that waits for a bank was postponed,
    # which sets the number of claims back to zero.
    due = select(tickets.c.ticket_id).where(
        tickets.c.event_id == event_id,
        text(KEEPS_UNPAID_PLACES),
        tickets.c.held_until <= now,
        tickets.c.next_try_at.is_not(None),
        or_(tickets.c.next_try_at <= now, tickets.c.tries > 0),
    )
    return connection.execute(select(due.exists())).scalar_one()


def look_again(connection: Connection, ticket_ids: Collection[int], *, at: datetime) -> None:
    """See `TicketRepository.look_again`."""
    ids = select(tickets.c.ticket_id).where(tickets.c.ticket_id.in_(ticket_ids))
    # By rising id, as everywhere, so that steps do not wait for one another in a circle.
    in_order = ids.order_by(tickets.c.ticket_id).with_for_update(key_share=True)
    known = connection.execute(in_order).scalars().all()
    connection.execute(
        update(tickets).where(tickets.c.ticket_id.in_(known)).values(look_at=new_note(at))
    )


def claim_looks(connection: Connection, *, now: datetime, limit: int) -> Sequence[DueLook]:
    """See `TicketRepository.claim_looks`."""
    locked = _lock_due(connection, NOTED, by=tickets.c.look_at, now=now, limit=limit)
    if not locked:
        return []
    claim = (
        update(tickets)
        .where(tickets.c.ticket_id.in_([ticket.ticket_id for ticket in locked]))
        .values(
            look_at=by_claims(tickets.c.tries, lambda claims: claimed_note(now, claims=claims)),
            tries=tickets.c.tries + 1,
        )
        .returning(tickets.c.ticket_id, tickets.c.look_at)
    )
    notes = {row.ticket_id: row.look_at for row in connection.execute(claim)}
    return [DueLook(ticket=ticket, look_at=notes[ticket.ticket_id]) for ticket in locked]


def clear_look(connection: Connection, look: DueLook) -> None:
    """See `TicketRepository.clear_look`."""
    # All notes of a batch are the same. With `=`, PostgreSQL finds the ticket by the index of the
    # notes, as its statistics know of none, and reads the whole batch for each ticket.
    is_the_claimed_one = tickets.c.look_at.is_not_distinct_from(look.look_at)
    connection.execute(
        update(tickets)
        .where(tickets.c.ticket_id == look.ticket.ticket_id, is_the_claimed_one)
        .values(look_at=None, tries=0)
    )


def _lock_due(
    connection: Connection,
    queue: str,
    *,
    now: datetime,
    limit: int,
    by: Column[datetime | None] = tickets.c.next_try_at,
) -> Sequence[Ticket]:
    """Lock and return tickets of a queue that are due, the longest waiting first."""
    locked: list[Ticket] = []
    # Two queries: for one with OR, PostgreSQL reads all that waits between the two ranges.
    for due in (by <= now, by > now + FARTHEST_TRY):
        query = select(tickets).where(text(queue), due).order_by(by, tickets.c.ticket_id)
        # A ticket that another process is claiming or changing now is in good hands.
        query = query.with_for_update(skip_locked=True, key_share=True)
        locked += map(ticket_of, connection.execute(query.limit(limit - len(locked))))
    return locked


def by_claims(tries: Column[int], end: Callable[[int], datetime]) -> ColumnElement[datetime]:
    """Return the end of a claim after so many claims in a row."""
    ends = {claims: literal(end(claims), Instant) for claims in range(_LEASE_GROWS_UNTIL)}
    return case(ends, value=tries, else_=literal(end(_LEASE_GROWS_UNTIL), Instant))
