"""Holds free tickets on PostgreSQL in one statement, where `holds` needs four.

Python decides by its last copy of the event, however old that is. The statement takes the places
only if the event has not changed since. What it leaves goes to `holds`, which locks the event and
decides again.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from attrs import evolve
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    CompoundSelect,
    Connection,
    Text,
    any_,
    bindparam,
    cast,
    func,
    insert,
    null,
    select,
    text,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from ticketing_adapters.sql.holds import RESTORING_SINCE
from ticketing_adapters.sql.json_rows import as_text, records
from ticketing_adapters.sql.outbox_tables import outbox
from ticketing_adapters.sql.outbox_writes import DRAFT, messages_of, write_to_each
from ticketing_adapters.sql.patience import patience_of, patiently
from ticketing_adapters.sql.rows import ticket_values, version_values
from ticketing_adapters.sql.tables import events, ticket_history, tickets
from ticketing_adapters.sql.writes import FIRST_ENTRY, FIRST_REASON
from ticketing_core.event import Event
from ticketing_core.reservation import Held, TicketDraft, objection

COMPARED: Final = [each for each in events.c if each not in {events.c.event_id, events.c.kept}]
"""All of an event but its places. The version alone is not enough: after a restore the same one may
have other terms."""

_FILLED: Final = [
    each for each in tickets.c if not each.nullable and each is not tickets.c.ticket_id
]
"""The columns that a new ticket has, if it is free and has no key."""

_ID_TO_COME: Final = 1
"""Stands for the id in a ticket that the statement has not stored yet."""


def needs_lock(event: Event, draft: TicketDraft) -> bool:
    """Return whether the draft must go to `holds`.

    It depends on other tickets, is not free, or is refused by our copy of the event.
    """
    return (
        # Another ticket may have the key, and other tickets of the buyer may count.
        draft.key is not None
        or event.max_per_buyer is not None
        or not draft.price.is_zero
        or objection(event, draft, kept_by_buyer=0, unpaid_by_buyer=0) is not None
    )


def hold_in_one_statement(
    connection: Connection,
    drafts: Sequence[TicketDraft],
    *,
    last_read: Mapping[int, Event],
) -> tuple[Mapping[UUID, Held], Sequence[Event]]:
    """Hold the drafts whose events are as they were last read, and have the places.

    Args:
        connection: To PostgreSQL, where each statement is a transaction.
        drafts: None of them `needs_lock`, and no two have a common key (`conflict_keys`).
        last_read: Their events by id, as this process read them at any time.

    Returns:
        What is held, by ticket code, and the events of these tickets as they are now. Of the other
        drafts nothing is stored.

    Raises:
        IntegrityError: A draft has a ticket already; nothing is stored.
    """
    new = [draft.ticket(_ID_TO_COME) for draft in drafts]
    taken = Counter[int]()
    for draft in drafts:
        taken[draft.event_id] += draft.quantity
    json_parameters = as_text(
        known=[
            {"event_id": event_id, "taken": places, **version_values(last_read[event_id])}
            for event_id, places in taken.items()
        ],
        rows=[ticket_values(ticket) for ticket in new],
        messages=messages_of((None, ticket, ticket.created_at) for ticket in new),
    )
    parameters = {**json_parameters, "event_ids": [*taken], **patience_of(connection)}
    # Rows of two kinds: a new ticket's code and id, and an event's id and what it keeps now.
    stored = connection.execute(_HOLD, parameters).all()
    ids = {row.ticket_code: row.id for row in stored}
    held = {
        draft.ticket_code: Held(draft.ticket(ids[draft.ticket_code]))
        for draft in drafts
        if draft.ticket_code in ids
    }
    updated = [row for row in stored if row.ticket_code is None]
    return held, [evolve(last_read[row.id], kept=row.kept) for row in updated]


def hold_statement(compared: Sequence[Column[Any]] = COMPARED) -> CompoundSelect[Any]:
    """Return the statement, which compares these columns; all of it happens, or nothing.

    It has less than 4,096 characters: psycopg translates longer ones each time.
    """
    known = records("known", [events.c.event_id, Column("taken", BigInteger), *compared]).c
    as_read = tuple_(*[known[column.name] for column in compared])
    # All transactions lock events by rising id, so that they do not deadlock. After a wait
    # PostgreSQL checks the conditions again.
    locked = patiently(
        select(events.c.event_id, known.taken)
        .where(
            events.c.event_id == known.event_id,
            # Without this the planner, which cannot tell how few there are, may read all events.
            events.c.event_id == any_(bindparam("event_ids", type_=ARRAY(BigInteger))),
            tuple_(*compared).is_not_distinct_from(as_read),
            events.c.kept + known.taken <= events.c.capacity,
            RESTORING_SINCE.is_(None),
        )
        .order_by(events.c.event_id)
        .with_for_update(key_share=True, of=events)
    ).cte("locked")
    updated_events = (
        update(events)
        .where(events.c.event_id == locked.c.event_id)
        .values(kept=events.c.kept + locked.c.taken)
        .returning(events.c.event_id, events.c.kept)
        .cte("updated_events")
    )
    rows = records("rows", _FILLED)
    of_locked = rows.c.event_id == locked.c.event_id
    new_tickets = (
        insert(tickets)
        .from_select(_FILLED, select(text("rows.*")).select_from(rows).where(of_locked))
        .returning(tickets.c.ticket_code, tickets.c.event_id, *FIRST_ENTRY)
        .cte("new_tickets")
    )
    history_rows = insert(ticket_history).from_select(
        ticket_history.c.keys(),
        select(*[new_tickets.c[each.name] for each in FIRST_ENTRY], *FIRST_REASON),
    )
    messages = {column.name: column for column in records("messages", DRAFT).c}
    ticket_id = func.jsonb_build_object("ticket_id", new_tickets.c.ticket_id, type_=JSONB)
    data = cast(messages["data"], JSONB).concat(ticket_id)
    outbox_rows = write_to_each(
        messages | {"data": cast(data, outbox.c.data.type)},
        messages["data"]["ticket_code"].as_string() == cast(new_tickets.c.ticket_code, Text),
    )
    return union_all(
        select(
            new_tickets.c.ticket_code, new_tickets.c.ticket_id.label("id"), null().label("kept")
        ),
        select(null(), updated_events.c.event_id, updated_events.c.kept),
    ).add_cte(history_rows.cte("history_rows"), outbox_rows.cte("outbox_rows"))


_HOLD: Final = hold_statement()
