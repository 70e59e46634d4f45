"""Changes of tickets by compare-and-swap; many share one transaction."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from attrs import evolve
from sqlalchemy import Connection, select

from ticketing_adapters.sql.patience import SHORT, RowLock
from ticketing_adapters.sql.rows import event_of, ticket_of
from ticketing_adapters.sql.tables import events, tickets
from ticketing_adapters.sql.writes import Change, write_changes
from ticketing_core.changes import Replaced, Stale
from ticketing_core.event import Event
from ticketing_core.ticket import Ticket

# The same order as in `holds`: events before tickets, and both by rising id. A hold may have to
# wait there until it is known whether a change frees the idempotency key.
LOCKED_EVENTS: Final = RowLock(select(events), by=events.c.event_id)
LOCKED_TICKETS: Final = RowLock(select(tickets), by=tickets.c.ticket_id)


def replace_all(
    connection: Connection, changes: Sequence[Change]
) -> tuple[Sequence[Replaced | Stale | None], Sequence[Event]]:
    """Compare and swap each ticket.

    Args:
        connection: In a transaction that has just begun.
        changes: At most one of each ticket.

    Returns:
        The outcomes in the order of the changes, None for a ticket that was never stored; and
        the events whose number of kept places may have changed, as they are now.
    """
    locked = {}
    changing = sorted({change.new.event_id for change in changes if change.freed})
    if changing:
        rows = LOCKED_EVENTS.rows(connection, changing)
        locked = {row.event_id: event_of(row) for row in rows}
    ids = sorted(change.new.ticket_id for change in changes)
    # The buyers of the events wait meanwhile.
    rows = LOCKED_TICKETS.rows(connection, ids, patience=SHORT if locked else None)
    stored = {row.ticket_id: ticket_of(row) for row in rows}
    outcomes = [_decide(change, stored.get(change.new.ticket_id)) for change in changes]
    swapped = [
        change
        for change, outcome in zip(changes, outcomes, strict=True)
        if isinstance(outcome, Replaced) and stored[change.new.ticket_id] != change.new
    ]
    if not swapped:
        return outcomes, list(locked.values())
    taken: Counter[int] = Counter()
    for change in swapped:
        taken[change.new.event_id] -= change.freed
    write_changes(connection, swapped, taken=taken)
    return outcomes, [
        evolve(event, kept=event.kept + taken[event.event_id]) for event in locked.values()
    ]


def _decide(change: Change, stored: Ticket | None) -> Replaced | Stale | None:
    if stored is None:
        return None
    if stored == change.new:
        # Not `change.new` itself: nothing is written, and nobody is told of it again.
        return Replaced(stored)
    if stored.version == change.old.version:
        return Replaced(change.new)
    return Stale(stored)
