"""Decides on scans. Those of several tickets may share a transaction."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, Final

from attrs import evolve, frozen
from sqlalchemy import Connection, and_, bindparam, or_, select, text

from ticketing_adapters.sql.changes import LOCKED_EVENTS, LOCKED_TICKETS
from ticketing_adapters.sql.gate_table import admissions
from ticketing_adapters.sql.patience import SHORT
from ticketing_adapters.sql.rows import event_of, scan_of, ticket_of
from ticketing_adapters.sql.writes import Change, write_scans
from ticketing_core.event import Event
from ticketing_core.gate_rules import Decision, admission, recording, taking_back
from ticketing_core.scan import Entry, Scan, ScanKind, StoredScan, Undo
from ticketing_core.ticket import Ticket

Request = Scan | Entry | Undo

_STORED: Final = (
    select(admissions)
    .where(
        or_(
            admissions.c.scan_id.in_(bindparam("scan_ids", expanding=True)),
            and_(
                admissions.c.ticket_id.in_(bindparam("ticket_ids", expanding=True)),
                # Without refusals: one ticket may be shown any number of times.
                text(f"kind IN ('{ScanKind.LET_IN}', '{ScanKind.UNDONE}')"),
            ),
        )
    )
    .order_by(admissions.c.number)
)


@frozen(kw_only=True)
class Decided:
    """A decision on a request, after it was stored.

    Attributes:
        decision: The decision by the rules of the gate.
        before: The ticket before it; None if there is none.
    """

    decision: Decision[Any]
    before: Ticket | None

    @property
    def ticket(self) -> Ticket | None:
        """The ticket as it is now."""
        return self.decision.ticket or self.before


def gate_keys(request: Request) -> Iterable[Hashable]:
    """Return keys that two requests of a step must not share: the second has to see the first."""
    return (request.ticket_id, request.scan_id)


def decide_all(
    connection: Connection, requests: Sequence[Request]
) -> tuple[Sequence[Decided], Sequence[Event]]:
    """Decide on each request, and write what follows.

    The tickets are locked before the scans are read. Letting people in changes no event, so only
    undos lock events as well. They do so before tickets, in the same order as `changes`.

    Args:
        connection: In a transaction that has just begun.
        requests: Scans, entries and undos, no two with a common key (`gate_keys`).

    Returns:
        What was decided, in the order of the requests, and the events whose number of kept places
        may have changed, as they are now.

    Raises:
        IntegrityError: Another transaction has stored a scan with one of the ids, for a ticket that
            is not locked here. Decide again.
    """
    undone = sorted({each.event_id for each in requests if isinstance(each, Undo)})
    locked = LOCKED_EVENTS.rows(connection, undone) if undone else []
    ids = sorted({each.ticket_id for each in requests})
    # Buyers wait for the events meanwhile.
    rows = LOCKED_TICKETS.rows(connection, ids, patience=SHORT if locked else None)
    tickets = {row.ticket_id: ticket_of(row) for row in rows}
    stored = _stored(connection, requests)
    decided = [
        Decided(
            decision=_decision(request, tickets.get(request.ticket_id), stored=stored),
            before=tickets.get(request.ticket_id),
        )
        for request in requests
    ]
    taken: Counter[int] = Counter()
    scans: list[tuple[int, StoredScan]] = []
    changes: list[Change] = []
    for request, each in zip(requests, decided, strict=True):
        old, new = each.before, each.decision.ticket
        if each.decision.scan is not None:
            # If another transaction uses the id for another ticket, both store row 1: one fails.
            nth = 1 + len(stored.get(request.scan_id, ()))
            scans.append((nth, each.decision.scan))
        if old is not None and new is not None:
            why, by = each.decision.why, request.author
            changes.append(Change(old=old, new=new, at=request.stored_at, why=why, by=by))
            taken[new.event_id] += new.places - old.places
    if scans:
        write_scans(connection, scans, changes, taken=taken)
    events = [event_of(row) for row in locked]
    return decided, [evolve(each, kept=each.kept + taken[each.event_id]) for each in events]


def _stored(
    connection: Connection, requests: Sequence[Request]
) -> Mapping[Hashable, Sequence[StoredScan]]:
    """Return the scans by their id and by their ticket."""
    parameters = {
        "scan_ids": [each.scan_id for each in requests],
        "ticket_ids": [each.ticket_id for each in requests],
    }
    found: dict[Hashable, list[StoredScan]] = defaultdict(list)
    for row in connection.execute(_STORED, parameters):
        scan = scan_of(row)
        found[scan.scan_id].append(scan)
        found[scan.ticket_id].append(scan)
    return found


def _decision(
    request: Request, ticket: Ticket | None, *, stored: Mapping[Hashable, Sequence[StoredScan]]
) -> Decision[Any]:
    of_ticket = stored.get(request.ticket_id, ())
    elsewhere = (
        each for each in stored.get(request.scan_id, ()) if each.ticket_id != request.ticket_id
    )
    known = [*elsewhere, *of_ticket]
    if isinstance(request, Entry):
        return recording(ticket, known, request)
    if isinstance(request, Undo):
        return taking_back(ticket, known, request)
    return admission(ticket, known, request)
