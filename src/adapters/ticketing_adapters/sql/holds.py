"""Holds: take places and store tickets; many share one transaction.

On PostgreSQL most free tickets do not come here (`one_statement`).
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, Final

from attrs import evolve, field, frozen
from sqlalchemy import Connection, ScalarSelect, Select, bindparam, or_, select, tuple_

from ticketing_adapters.sql.buyers import KeptByBuyer, kept_by_buyers
from ticketing_adapters.sql.engine import is_postgresql
from ticketing_adapters.sql.installation_tables import installation
from ticketing_adapters.sql.json_rows import each_of
from ticketing_adapters.sql.patience import patience_of, patiently
from ticketing_adapters.sql.rows import event_of, ticket_of
from ticketing_adapters.sql.sqlite_statements import DirectStatement
from ticketing_adapters.sql.tables import events, tickets
from ticketing_adapters.sql.writes import LARGEST_TICKET_ID, NEXT_TICKET_IDS, write_new
from ticketing_core.errors import EventChanged, PurchaseRefused
from ticketing_core.event import Event
from ticketing_core.reservation import (
    RESTORING,
    Held,
    HoldOutcome,
    KeyTaken,
    TicketDraft,
    objection,
)
from ticketing_core.ticket import Ticket

_BY_CODE: Final = tickets.c.ticket_code.in_(bindparam("codes", expanding=True))
_BY_KEY: Final = tuple_(tickets.c.buyer, tickets.c.idempotency_key).in_(
    bindparam("keys", expanding=True)
)
_KNOWN_BY_CODE: Final = select(tickets).where(_BY_CODE)
_KNOWN_BY_CODE_OR_KEY: Final = select(tickets).where(or_(_BY_CODE, _BY_KEY))
RESTORING_SINCE: Final = select(installation.c.restoring_since).scalar_subquery()
"""Read with the lock of the event: a restore that begins waits for the locks that were there, and
what comes later waits for it before it reads (`installation`)."""


def _locking(ids: ScalarSelect[Any], *, among: Any) -> Select[*tuple[Any, ...]]:
    """Return a query that locks events by rising id, so that transactions do not deadlock.

    This is the weakest lock that lets one transaction at a time decide. Changing `kept` takes it
    anyway. On SQLite the transaction has locked the whole file already.
    """
    return (
        select(events, ids.label("ids"), RESTORING_SINCE.label("restoring_since"))
        .where(events.c.event_id.in_(among))
        .order_by(events.c.event_id)
        .with_for_update(key_share=True, of=events)
    )


_LOCK_ON_POSTGRESQL: Final = patiently(
    _locking(NEXT_TICKET_IDS, among=bindparam("event_ids", expanding=True))
)
_LOCK_ON_SQLITE: Final = DirectStatement(_locking(LARGEST_TICKET_ID, among=each_of("event_ids")))


def conflict_keys(draft: TicketDraft) -> Iterable[Hashable]:
    """Return what two drafts of one transaction must not share: the second has to see the first."""
    yield draft.ticket_code
    if draft.key is not None:
        yield (draft.buyer, draft.key.value)


def hold_all(
    connection: Connection, drafts: Sequence[TicketDraft], *, may_repeat: bool
) -> tuple[Sequence[HoldOutcome], Sequence[Event]]:
    """Decide on each draft in turn, and write the tickets of those that get places.

    The events are locked before anything is decided that other transactions could change, and
    each such decision reads in a later statement: at READ COMMITTED a statement that waited for
    the lock still sees what was true before the wait.

    Args:
        connection: In a transaction that has just begun.
        drafts: No two with a common key (`conflict_keys`).
        may_repeat: Whether to look for drafts that have a ticket already. Nearly none has, so
            the first try leaves it out and relies on the unique constraint.

    Returns:
        The outcomes in the order of the drafts, and the events as they are now.

    Raises:
        IntegrityError: A draft has a ticket already; or two holds with one idempotency key came
            at the same time for different events, so no common row made one of them wait.
    """
    locked, new_ids, is_restoring = _lock(connection, drafts)
    if is_restoring:
        stored = _known(connection, drafts)
        found = [stored.get(draft.ticket_code) for draft in drafts]
        return [each if isinstance(each, Held) else RESTORING for each in found], []
    counter = _Counter(locked)
    keyed = [draft for draft in drafts if draft.key is not None]
    known = _known(connection, drafts if may_repeat else keyed)
    counter.by_buyer.update(_kept_by_buyers(connection, drafts, events_by_id=locked))
    decided = [known.get(draft.ticket_code) or counter.take(draft) for draft in drafts]
    refused = [
        draft
        for draft, outcome in zip(drafts, decided, strict=True)
        if isinstance(outcome, PurchaseRefused)
    ]
    # A hold that was sent twice at the same time has waited for the other one, which may have
    # taken the last place.
    known |= _known(connection, refused)
    outcomes: list[HoldOutcome] = []
    new: list[Ticket] = []
    for draft, outcome, ticket_id in zip(drafts, decided, new_ids, strict=True):
        if outcome is None:
            new.append(draft.ticket(ticket_id))
            outcomes.append(Held(new[-1]))
        else:
            outcomes.append(known.get(draft.ticket_code, outcome))
    if new:
        write_new(connection, new, taken=counter.taken)
    return outcomes, list(counter.events.values())


def _lock(
    connection: Connection, drafts: Sequence[TicketDraft]
) -> tuple[dict[int, Event], Sequence[int], bool]:
    """Lock the events.

    Returns:
        The events by id, an id for each draft in rising order, and whether a restore is under way.
    """
    count = len(drafts)
    parameters: dict[str, Any] = {"event_ids": sorted({draft.event_id for draft in drafts})}
    if is_postgresql(connection):
        parameters |= {"count": count, **patience_of(connection)}
        rows = connection.execute(_LOCK_ON_POSTGRESQL, parameters).all()
        new_ids = rows[0].ids if rows else range(count)
    else:
        rows = _LOCK_ON_SQLITE.rows(connection, parameters)
        first = (rows[0].ids or 0) + 1 if rows else 1
        new_ids = range(first, first + count)
    is_restoring = any(row.restoring_since is not None for row in rows)
    return {row.event_id: event_of(row) for row in rows}, new_ids, is_restoring


@frozen
class _Counter:
    """The events while places are taken from them, one draft after the other.

    Attributes:
        events: As the drafts so far left them.
        by_buyer: What buyers keep, by event and buyer, at events where it counts.
        taken: Places taken so far, by event.
    """

    events: dict[int, Event]
    by_buyer: dict[tuple[int, str], KeptByBuyer] = field(factory=dict)
    taken: Counter[int] = field(factory=Counter)

    def take(self, draft: TicketDraft) -> PurchaseRefused | None:
        """Take the places, or return why not."""
        event = self.events.get(draft.event_id)
        if event is None:
            return EventChanged()
        buyer = (draft.event_id, draft.buyer)
        own = self.by_buyer.get(buyer, KeptByBuyer())
        refused = objection(event, draft, kept_by_buyer=own.kept, unpaid_by_buyer=own.unpaid)
        if refused is None:
            self.events[draft.event_id] = evolve(event, kept=event.kept + draft.quantity)
            # Unpaid ones do not count at a free event.
            self.by_buyer[buyer] = KeptByBuyer(
                own.kept + draft.quantity, own.unpaid + draft.quantity
            )
            self.taken[draft.event_id] += draft.quantity
        return refused


def _known(
    connection: Connection, drafts: Sequence[TicketDraft]
) -> dict[Hashable, Held | KeyTaken]:
    """Return the outcomes of the drafts whose code or key has a ticket already, by their codes.

    Call it with the lock: a repeat under a key may have waited there for the first purchase.
    """
    if not drafts:
        return {}
    codes = [draft.ticket_code for draft in drafts]
    keys = [(draft.buyer, draft.key.value) for draft in drafts if draft.key is not None]
    if keys:
        rows = connection.execute(_KNOWN_BY_CODE_OR_KEY, {"codes": codes, "keys": keys})
    else:
        rows = connection.execute(_KNOWN_BY_CODE, {"codes": codes})
    found = [ticket_of(row) for row in rows]
    by_code = {ticket.ticket_code: ticket for ticket in found}
    by_key = {(t.buyer, t.key.value): t for t in found if t.key is not None}
    known: dict[Hashable, Held | KeyTaken] = {}
    for draft in drafts:
        key = None if draft.key is None else (draft.buyer, draft.key.value)
        if draft.ticket_code in by_code:
            known[draft.ticket_code] = Held(by_code[draft.ticket_code])
        elif key in by_key:
            known[draft.ticket_code] = KeyTaken(by_key[key])
    return known


def _kept_by_buyers(
    connection: Connection, drafts: Sequence[TicketDraft], *, events_by_id: Mapping[int, Event]
) -> Mapping[tuple[int, str], KeptByBuyer]:
    limited = {
        event_id
        for event_id, event in events_by_id.items()
        if event.max_per_buyer is not None or not event.is_free
    }
    buyers = {(draft.event_id, draft.buyer) for draft in drafts if draft.event_id in limited}
    return kept_by_buyers(connection, buyers) if buyers else {}
