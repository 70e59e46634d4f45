"""Taking places: many holds decided and written in the one transaction that they share."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, Final

from attrs import evolve, field, frozen
from sqlalchemy import (
    Connection,
    ScalarSelect,
    Select,
    bindparam,
    func,
    or_,
    select,
    tuple_,
)

from ticketing_adapters.sql.engine import is_postgresql
from ticketing_adapters.sql.rows import event_of, ticket_of
from ticketing_adapters.sql.tables import PLACES, events, tickets
from ticketing_adapters.sql.writes import LARGEST_TICKET_ID, NEXT_TICKET_IDS, write_new
from ticketing_core.errors import EventChanged, PurchaseRefused
from ticketing_core.event import Event
from ticketing_core.reservation import Held, HoldOutcome, KeyTaken, TicketDraft, objection
from ticketing_core.ticket import Ticket

_BY_CODE: Final = tickets.c.ticket_code.in_(bindparam("codes", expanding=True))
_BY_KEY: Final = tuple_(tickets.c.buyer, tickets.c.idempotency_key).in_(
    bindparam("keys", expanding=True)
)
_KNOWN_BY_CODE: Final = select(tickets).where(_BY_CODE)
_KNOWN_BY_CODE_OR_KEY: Final = select(tickets).where(or_(_BY_CODE, _BY_KEY))


def _locking(ids: ScalarSelect[Any]) -> Select[*tuple[Any, ...]]:
    """Lock the events, in the order of their ids, so that two transactions never wait crosswise.

    It is the weakest lock that lets one transaction at a time decide: the one that changing
    `kept` takes anyway. SQLite has locked the whole file by now.
    """
    return (
        select(events, ids.label("ids"))
        .where(events.c.event_id.in_(bindparam("event_ids", expanding=True)))
        .order_by(events.c.event_id)
        .with_for_update(key_share=True, of=events)
    )


_LOCK_ON_POSTGRESQL: Final = _locking(NEXT_TICKET_IDS)
_LOCK_ON_SQLITE: Final = _locking(LARGEST_TICKET_ID)
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
    connection: Connection, drafts: Sequence[TicketDraft], *, may_repeat: bool
) -> tuple[Sequence[HoldOutcome], Sequence[Event]]:
    """Decide on each draft in turn and write what is held, in a transaction that has just begun.

    The events' rows are locked before anything is decided that others could change, and every
    such decision reads in a later statement: at READ COMMITTED a statement that waited for the
    lock still sees what was true before the wait.

    Args:
        connection: In a transaction of its own.
        drafts: No two with one subject (`subjects_of`).
        may_repeat: Whether some draft may have a ticket already. Nearly none has, so looking for
            it is left out at first; the unique constraint tells.

    Returns:
        The answers in the order of the drafts, and the events as they are now.

    Raises:
        IntegrityError: Some draft has a ticket already, or two holds of one key at different
            events, which do not meet at a row, came at the same time.
    """
    locked = _locked(connection, drafts)
    counter = _Counter(events=locked.events)
    keyed = [draft for draft in drafts if draft.key is not None]
    known = _known(connection, drafts if may_repeat else keyed)
    counter.kept_by_buyer.update(_kept_by_buyers(connection, drafts, on_sale=counter.events))
    decided = [known.get(draft.ticket_code) or counter.take(draft) for draft in drafts]
    refused = [
        draft
        for draft, outcome in zip(drafts, decided, strict=True)
        if isinstance(outcome, PurchaseRefused)
    ]
    # One that was sent twice at the same time has waited for its first half, which may have
    # taken the last place.
    known |= _known(connection, refused)
    outcomes: list[HoldOutcome] = []
    new: list[Ticket] = []
    for draft, outcome, ticket_id in zip(drafts, decided, locked.ids(len(drafts)), strict=True):
        if outcome is None:
            new.append(draft.ticket(ticket_id))
            outcomes.append(Held(new[-1]))
        else:
            outcomes.append(known.get(draft.ticket_code, outcome))
    if new:
        write_new(connection, new, taken=counter.taken)
    return outcomes, list(counter.events.values())


@frozen(kw_only=True)
class _Locked:
    """What was read with the lock.

    Attributes:
        events: Those that are on sale, by id.
        given: Ids for as many tickets as were asked for, or the largest one there is.
    """

    events: dict[int, Event]
    given: Sequence[int] | int | None

    def ids(self, count: int) -> Sequence[int]:
        """So many ids for new tickets, in rising order."""
        if isinstance(self.given, Sequence):
            return self.given
        first = (self.given or 0) + 1
        return range(first, first + count)


def _locked(connection: Connection, drafts: Sequence[TicketDraft]) -> _Locked:
    asked = {"event_ids": sorted({draft.event_id for draft in drafts})}
    if is_postgresql(connection):
        rows = connection.execute(_LOCK_ON_POSTGRESQL, {**asked, "count": len(drafts)}).all()
    else:
        rows = connection.execute(_LOCK_ON_SQLITE, asked).all()
    return _Locked(
        events={row.event_id: event_of(row) for row in rows},
        given=rows[0].ids if rows else None,
    )


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

    def take(self, draft: TicketDraft) -> PurchaseRefused | None:
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
) -> dict[Hashable, Held | KeyTaken]:
    """The answers to those drafts whose code or key has a ticket already, by their codes.

    A repeat under a key may have waited for its own first half: so this is asked behind the lock.
    """
    if not drafts:
        return {}
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
