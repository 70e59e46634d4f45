"""The answers to devices at the gate."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import UNSET

from ticketing_core import Ticket, TicketStatus
from ticketing_core.gate import Gate
from ticketing_core.scan import (
    Admitted,
    AlreadyAdmitted,
    NotOnRecord,
    Recorded,
    ScanAnswer,
    StoredScan,
    TakenBack,
    TooMany,
    UndoOutcome,
    Void,
    WrongEvent,
    name_of,
)
from ticketing_core.signature import Forged, UnknownKey
from ticketing_core.use_cases.sync import JournalEntry, SyncResult
from ticketing_service.http import gate_schemas as schemas
from ticketing_service.http.service_errors import InvalidInput


def of_scan(answer: ScanAnswer, *, gate: Gate, event_id: int) -> schemas.CheckInAnswer:
    """Return the answer to a scan at the gate of this event."""
    outcome = answer.outcome
    ticket = None if isinstance(outcome, NotOnRecord) else answer.ticket
    # Another event may be another organizer's, and what was bought there is nobody else's business.
    own = None if isinstance(outcome, WrongEvent) else ticket
    shown = schemas.CheckInAnswer(
        outcome=name_of(outcome),  # type: ignore[arg-type]  # each class has its literal
        scan_id=answer.scan_id,
        ticket_id=None if ticket is None else ticket.ticket_id,
        event_id=event_id if ticket is None else ticket.event_id,
        quantity=0 if own is None else own.quantity,
        people=outcome.people if isinstance(outcome, Admitted) else 0,
        left=outcome.left if isinstance(outcome, Admitted | TooMany) else 0,
        disputed=own is not None and own.disputed,
        partly_refunded=own is not None and _partly_refunded(own),
        server_now=gate.clock.now(),
    )
    match outcome:
        case Void(status):
            shown.why = status
        case AlreadyAdmitted(last) if last is not None:
            shown.last = schemas.Seen(last.at, last.gate, last.by)
        case WrongEvent(other):
            event = gate.events.by_id(other)
            shown.event_name = UNSET if event is None else event.name
        case UnknownKey(kid):
            shown.kid = kid
        case _:
            pass
    return shown


def of_undo(
    outcome: UndoOutcome | Forged | UnknownKey, *, scan_id: UUID, now: datetime
) -> schemas.UndoAnswer:
    """Return the answer to an undo."""
    taken = outcome if isinstance(outcome, TakenBack) else TakenBack(0, 0)
    return schemas.UndoAnswer(
        outcome=name_of(outcome),  # type: ignore[arg-type]  # as above
        scan_id=scan_id,
        people=taken.people,
        left=taken.left,
        server_now=now,
        kid=outcome.kid if isinstance(outcome, UnknownKey) else UNSET,
    )


def noted(
    raw: object, *, read: Callable[[msgspec.Raw], schemas.NotedScan]
) -> JournalEntry | schemas.SyncedScan:
    """Return an entry of a journal, or the answer to an invalid one."""
    assert isinstance(raw, msgspec.Raw)  # noqa: S101 - `Reader.body` leaves items so
    try:
        scan = read(raw)
        return JournalEntry(
            scan_id=scan.scan_id,
            token=scan.token.strip(),
            people=scan.people,
            at=scan.at,
            gate=scan.gate,
            undo=scan.undo,
        )
    except (InvalidInput, ValueError) as error:
        return schemas.SyncedScan(scan_id=_scan_id(raw), outcome="invalid", detail=str(error))


def of_sync(
    entries: Sequence[JournalEntry | schemas.SyncedScan],
    synced: Sequence[SyncResult],
    *,
    now: datetime,
) -> schemas.SyncAnswer:
    """Return the answer to a sync: ``synced`` for the entries that were valid."""
    results = iter(synced)
    return schemas.SyncAnswer(
        results=[
            each if isinstance(each, schemas.SyncedScan) else _synced(next(results))
            for each in entries
        ],
        server_now=now,
    )


def _synced(synced: SyncResult) -> schemas.SyncedScan:
    answer = schemas.SyncedScan(
        scan_id=synced.entry.scan_id,
        outcome=name_of(synced.outcome),  # type: ignore[arg-type]  # as above
    )
    match synced.outcome:
        case Recorded(people, excess, why):
            answer.counted, answer.excess = people, excess
            answer.why = UNSET if why is None else why.value
        case TakenBack(people):
            answer.counted = people
        case UnknownKey(kid):
            answer.kid = kid
        case _:
            pass
    return answer


def _scan_id(raw: msgspec.Raw) -> UUID | None:
    try:
        return msgspec.json.decode(raw, type=_WithId).scan_id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


class _WithId(msgspec.Struct):
    scan_id: UUID


def of_excess(
    found: Sequence[tuple[Ticket, Sequence[StoredScan]]],
    strays: Sequence[StoredScan],
    *,
    following: str | None,
) -> schemas.ExcessPage:
    """Return a page of the people who are inside without a right to a place."""
    return schemas.ExcessPage(
        tickets=[
            schemas.ExcessTicket(
                ticket_id=ticket.ticket_id,
                status=ticket.status,
                quantity=ticket.quantity,
                admitted=ticket.admitted,
                excess=ticket.excess,
                scans=[_stored(each, people=each.people) for each in scans if each.people],
            )
            for ticket, scans in found
        ],
        strays=[
            schemas.StrayScan(each.ticket_id, _stored(each, people=each.asked or 0))
            for each in strays
        ],
        next=following,
    )


def _stored(scan: StoredScan, *, people: int) -> schemas.ShownScan:
    return schemas.ShownScan(
        scan_id=scan.scan_id,
        kind=scan.kind,
        people=people,
        gate=scan.gate,
        by=scan.by,
        at=scan.at,
        stored_at=scan.stored_at,
        offline=scan.offline,
    )


def _partly_refunded(ticket: Ticket) -> bool:
    return ticket.status is TicketStatus.ISSUED and ticket.refunded_minor > 0
