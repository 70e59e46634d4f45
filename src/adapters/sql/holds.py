"""Taking places: many holds decided and written in the one transaction that they share."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Final

from attrs import evolve, field, frozen
from sqlalchemy import Connection, bindparam, func, or_, select, tuple_

from adapters.sql.rows import event_of, ticket_of
from adapters.sql.tables import PLACES, events, tickets
from adapters.sql.writes import next_ticket_ids, write_new
from ticketing_core.event import Event
from ticketing_core.reservation import (
    EventChanged,
    Held,
    HoldOutcome,
    KeyTaken,
    Objection,
    TicketDraft,
    objection,
)
from ticketing_core.ticket import Ticket

# The weakest lock that lets one transaction at a time decide: the one that changing `kept` takes
# anyway. In the order of ids, so that two transactions never wait for each other. SQLite has
# locked the whole file by now.
_LOCKED_EVENTS: Final = (
    select(events)
    .where(events.c.event_id.in_(bindparam("event_ids", expanding=True)))
    .order_by(events.c.event_id)
    .with_for_update(key_share=True)
)
_BY_CODE: Final = tickets.c.ticket_code.in_(bindparam("codes", expanding=True))
_BY_KEY: Final = tuple_(tickets.c.buyer, tickets.c.idempotency_key).in_(
    bindparam("keys", expanding=True)
)
_KNOWN_BY_CODE: Final = select(tickets).where(_BY_CODE)
_KNOWN_BY_CODE_OR_KEY: Final = select(tickets).where(or_(_BY_CODE, _BY_KEY))
_KEPT_BY_BUYERS: Final = (
    select(tickets.c.event_id, tickets.c.buyer, func.sum(PLACES).label("kept"))
    .where(
        tuple_(tickets.c.event_id, tickets.c.buyer).in_(bindparam("event_buyers", expanding=True))
    )
    .group_by(tickets.c.event_id, tickets.c.buyer)
)


def subjects_of(draft: TicketDraft) -> Iterable[Hashable]:
    """What two drafts of one transaction must not share: whoever is second learns of the first."""
    yield draft.ticket_code
    if draft.key is not None:
        yield (draft.buyer, draft.key.value)


def hold_all(
    connection: Connection, drafts: Sequence[TicketDraft]
) -> tuple[Sequence[HoldOutcome], Sequence[Event]]:
    """Decide on each draft in turn and write what is held, in a transaction that has just begun.

    The events' rows are locked before anything is decided that others could change, and every
    such decision reads in a later statement: at READ COMMITTED a statement that waited for the
    lock still sees what was true before the wait.

    Two holds of one key at different events do not meet at a row. The slower one then fails at
    the unique constraint, all are rolled back and decided again (`failures.store_step`).

    Args:
        connection: In a transaction of its own.
        drafts: No two with one subject (`subjects_of`).

    Returns:
        The answers in the order of the drafts, and the events as they are now.
    """
    wanted = sorted({draft.event_id for draft in drafts})
    rows = connection.execute(_LOCKED_EVENTS, {"event_ids": wanted})
    counter = _Counter(events={row.event_id: event_of(row) for row in rows})
    known = _known(connection, drafts)
    counter.kept_by_buyer.update(_kept_by_buyers(connection, drafts, on_sale=counter.events))
    decided = [known.get(draft.ticket_code) or counter.take(draft) for draft in drafts]
    ids = iter(next_ticket_ids(connection, decided.count(None)))
    outcomes: list[HoldOutcome] = [
        Held(draft.ticket(next(ids))) if outcome is None else outcome
        for draft, outcome in zip(drafts, decided, strict=True)
    ]
    new = [
        outcome.ticket
        for outcome, before in zip(outcomes, decided, strict=True)
        if before is None and isinstance(outcome, Held)
    ]
    if new:
        write_new(connection, new, taken=counter.taken)
    return outcomes, list(counter.events.values())


@frozen
class _Counter:
    """The events while places are taken from them one after the other.

    Attributes:
        events: As the drafts so far left them.
        kept_by_buyer: Places of buyers at events that limit them.
        taken: Places taken so far, by event.
    """

    events: dict[int, Event]
    kept_by_buyer: Counter[tuple[int, str]] = field(factory=Counter)
    taken: Counter[int] = field(factory=Counter)

    def take(self, draft: TicketDraft) -> Objection | None:
        """Take the places, or tell why not."""
        event = self.events.get(draft.event_id)
        if event is None:
            return EventChanged()
        at = (draft.event_id, draft.buyer)
        refused = objection(event, draft, kept_by_buyer=self.kept_by_buyer[at])
        if refused is None:
            self.events[draft.event_id] = evolve(event, kept=event.kept + draft.quantity)
            self.kept_by_buyer[at] += draft.quantity
            self.taken[draft.event_id] += draft.quantity
        return refused


def _known(
    connection: Connection, drafts: Sequence[TicketDraft]
) -> Mapping[Hashable, Held | KeyTaken]:
    """The answers to those drafts whose code or key has a ticket already, by their codes.

    A repeat may have waited for its own first half, which took the last place: so this is asked
    behind the lock, and before the event is.
    """
    codes = [draft.ticket_code for draft in drafts]
    keys = [(draft.buyer, draft.key.value) for draft in drafts if draft.key is not None]
    query = _KNOWN_BY_CODE_OR_KEY if keys else _KNOWN_BY_CODE
    asked = {"codes": codes, "keys": keys} if keys else {"codes": codes}
    found = [ticket_of(row) for row in connection.execute(query, asked)]
    if not found:
        return {}
    by_code = {ticket.ticket_code: ticket for ticket in found}
    by_key = {(t.buyer, t.key.value): t for t in found if t.key is not None}
    answers: dict[Hashable, Held | KeyTaken] = {}
    for draft in drafts:
        first = _first_under_the_key(draft, by_key)
        if (repeated := by_code.get(draft.ticket_code)) is not None:
            answers[draft.ticket_code] = Held(repeated)
        elif first is not None:
            answers[draft.ticket_code] = KeyTaken(first)
    return answers


def _first_under_the_key(
    draft: TicketDraft, by_key: Mapping[tuple[str, str], Ticket]
) -> Ticket | None:
    return None if draft.key is None else by_key.get((draft.buyer, draft.key.value))


def _kept_by_buyers(
    connection: Connection, drafts: Sequence[TicketDraft], *, on_sale: Mapping[int, Event]
) -> Mapping[tuple[int, str], int]:
    limited = {event_id for event_id, event in on_sale.items() if event.max_per_buyer is not None}
    asked = {(draft.event_id, draft.buyer) for draft in drafts if draft.event_id in limited}
    if not asked:
        return {}
    rows = connection.execute(_KEPT_BY_BUYERS, {"event_buyers": sorted(asked)})
    return {(row.event_id, row.buyer): row.kept for row in rows}
