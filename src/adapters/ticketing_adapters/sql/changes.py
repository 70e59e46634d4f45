"""Changes of tickets by compare-and-swap: many in the one transaction that they share."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from attrs import evolve, frozen
from sqlalchemy import Connection, bindparam, select

from ticketing_adapters.sql.rows import event_of, ticket_of
from ticketing_adapters.sql.tables import events, tickets
from ticketing_adapters.sql.writes import write_changes
from ticketing_core.event import Event
from ticketing_core.ticket import Replaced, Stale, Ticket

# As in `holds`: the event before the ticket, and both in the order of their ids. There a new
# ticket may have to wait until it is known whether a change frees its idempotency key.
_LOCKED_EVENTS: Final = (
    select(events)
    .where(events.c.event_id.in_(bindparam("event_ids", expanding=True)))
    .order_by(events.c.event_id)
    .with_for_update(key_share=True)
)
_LOCKED_TICKETS: Final = (
    select(tickets)
    .where(tickets.c.ticket_id.in_(bindparam("ticket_ids", expanding=True)))
    .order_by(tickets.c.ticket_id)
    .with_for_update(key_share=True)
)


@frozen(kw_only=True)
class Change:
    """A change as `TicketRepository.replace` is asked for it."""

    old: Ticket
    new: Ticket
    at: datetime
    why: str
    by: str

    @property
    def freed(self) -> int:
        """Places it gives back; fewer than none where it takes some."""
        return self.old.places - self.new.places


def replace_all(
    connection: Connection, changes: Sequence[Change]
) -> tuple[Sequence[Replaced | Stale | None], Sequence[Event]]:
    """Compare and swap each, in a transaction that has just begun.

    Args:
        connection: In a transaction of its own.
        changes: No two of one ticket.

    Returns:
        The answers in the order of the changes, None for a ticket that was never stored, and
        those events as they are now that places were given back to.
    """
    seen = {}
    freeing = sorted({change.new.event_id for change in changes if change.freed})
    if freeing:
        rows = connection.execute(_LOCKED_EVENTS, {"event_ids": freeing})
        seen = {row.event_id: event_of(row) for row in rows}
    ids = sorted(change.new.ticket_id for change in changes)
    stored = connection.execute(_LOCKED_TICKETS, {"ticket_ids": ids})
    by_id = {row.ticket_id: ticket_of(row) for row in stored}
    answers = [_decided(change, by_id.get(change.new.ticket_id)) for change in changes]
    swapped = [
        change
        for change, answer in zip(changes, answers, strict=True)
        if isinstance(answer, Replaced) and by_id[change.new.ticket_id] != change.new
    ]
    if swapped:
        taken: Counter[int] = Counter()
        for change in swapped:
            taken[change.new.event_id] -= change.freed
        write_changes(connection, swapped, taken=taken)
        seen = {
            event_id: evolve(event, kept=event.kept + taken[event_id])
            for event_id, event in seen.items()
        }
    return answers, list(seen.values())


def _decided(change: Change, stored: Ticket | None) -> Replaced | Stale | None:
    if stored is None:
        return None
    if stored == change.new or stored.version == change.old.version:
        return Replaced(change.new)
    return Stale(stored)
