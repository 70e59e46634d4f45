"""The rules of the gate: whether people may go in, and what is stored about it.

Every store decides with `admission`, `recording` and `taking_back`, while it holds the lock of the
ticket and has read the scans that are stored by then. `TicketRepository.replace` cannot do this:
two scanners that read the same ticket would store the same change, and both would get `Replaced`.
"""

from collections.abc import Sequence
from typing import Generic, TypeVar

from attrs import frozen

from ticketing_core.errors import ScanIdReused
from ticketing_core.scan import (
    Admitted,
    AlreadyAdmitted,
    Entry,
    EntryOutcome,
    GateRequest,
    Known,
    NoRight,
    NothingYet,
    NotOnRecord,
    NotPaid,
    Recorded,
    Scan,
    ScanKind,
    ScanOutcome,
    Seen,
    StoredScan,
    StrayEntry,
    TakenBack,
    TooMany,
    Undo,
    UndoOutcome,
    Void,
    Withdrawn,
    WrongEvent,
    name_of,
)
from ticketing_core.ticket import UNPAID, Ticket, TicketStatus

Outcome = TypeVar("Outcome")


@frozen(kw_only=True)
class Decision(Generic[Outcome]):
    """What a store has to do in the step that decides.

    Attributes:
        outcome: What the step returns.
        scan: The scan to store; None for nothing.
        ticket: The next version of the ticket to store; None if it does not change.
        why: The reason for the history.
    """

    outcome: Outcome
    scan: StoredScan | None = None
    ticket: Ticket | None = None
    why: str = ""


def admission(
    ticket: Ticket | None, stored: Sequence[StoredScan], scan: Scan
) -> Decision[ScanOutcome | ScanIdReused]:
    """Decide whether people may go in.

    A void ticket is refused as void even if it was also used: guests have to hear the reason that
    matters.

    Args:
        ticket: The ticket, or None if there is none.
        stored: All scans with the same ``scan_id``, and those that let people of the ticket in or
            took them back, oldest first.
        scan: The request.
    """
    # These two outcomes never change, so they need not be stored.
    if ticket is None or scan.ticket_code not in (None, ticket.ticket_code):
        return Decision(outcome=NotOnRecord())
    if ticket.event_id != scan.event_id:
        return Decision(outcome=WrongEvent(ticket.event_id))
    known = _of_this_id(stored, scan)
    if isinstance(known, ScanIdReused):
        return Decision(outcome=known)
    if ScanKind.UNDONE in known:
        return Decision(outcome=Withdrawn())
    for kind in (ScanKind.LET_IN, ScanKind.REFUSED):
        if kind in known:
            return Decision(outcome=_again(known[kind], ticket, stored))
    left = ticket.quantity - ticket.admitted
    people = scan.people or left
    refusal = _refusal(ticket, stored, left=left, people=people)
    if isinstance(refusal, NotPaid) and not scan.payment_seen:
        return Decision(outcome=refusal)
    if refusal is not None:
        name = name_of(refusal)
        return Decision(outcome=refusal, scan=_stored(scan, ScanKind.REFUSED, ticket, outcome=name))
    moved = ticket.moved(people)
    return Decision(
        outcome=Admitted(people, left - people),
        scan=_stored(scan, ScanKind.LET_IN, moved, people=people, outcome="admitted"),
        ticket=moved,
        why=f"{people} let in at {scan.gate}",
    )


def recording(
    ticket: Ticket | None, stored: Sequence[StoredScan], entry: Entry
) -> Decision[EntryOutcome]:
    """Count people who went in at an offline gate. For the arguments see `admission`.

    A stored refusal of the same scan does not matter: the device did not receive it.
    """
    if (
        ticket is None
        or entry.ticket_code not in (None, ticket.ticket_code)
        or ticket.event_id != entry.event_id
    ):
        return _stray_entry(stored, entry)
    known = _of_this_id(stored, entry)
    if isinstance(known, ScanIdReused):
        return Decision(outcome=known)
    if ScanKind.LET_IN in known or ScanKind.UNDONE in known:
        return Decision(outcome=Known())
    moved = ticket.moved(entry.people)
    excess = moved.excess - ticket.excess
    why = f"{entry.people} let in at {entry.gate} offline at {entry.at:%H:%M} UTC"
    return Decision(
        outcome=Recorded(entry.people, excess, _no_right(ticket) if excess else None),
        scan=_stored(entry, ScanKind.LET_IN, moved, people=entry.people, outcome="recorded"),
        ticket=moved,
        why=f"{why}, {excess} more than have a right" if excess else why,
    )


def taking_back(
    ticket: Ticket | None, stored: Sequence[StoredScan], undo: Undo
) -> Decision[UndoOutcome]:
    """Take back a whole scan, even of a void ticket. For the arguments see `admission`."""
    if ticket is None or undo.ticket_code not in (None, ticket.ticket_code):
        return _stray_taken_back(stored, undo, NotOnRecord())
    if ticket.event_id != undo.event_id:
        return _stray_taken_back(stored, undo, WrongEvent(ticket.event_id))
    known = _of_this_id(stored, undo)
    if isinstance(known, ScanIdReused):
        return Decision(outcome=known)
    if ScanKind.UNDONE in known:
        done = known[ScanKind.UNDONE]
        return Decision(outcome=_taken_back(-done.people, ticket, inside=done.inside_after))
    if ScanKind.LET_IN not in known:
        # The scan may still be under way.
        return Decision(
            outcome=NothingYet(),
            scan=_stored(undo, ScanKind.UNDONE, ticket, outcome="nothing_yet"),
        )
    people = known[ScanKind.LET_IN].people
    moved = ticket.moved(-people)
    return Decision(
        outcome=_taken_back(people, ticket, inside=moved.inside),
        scan=_stored(undo, ScanKind.UNDONE, moved, people=-people, outcome="taken_back"),
        ticket=moved,
        why=f"{people} at {undo.gate} taken back",
    )


def _refusal(
    ticket: Ticket, stored: Sequence[StoredScan], *, left: int, people: int
) -> Void | NotPaid | AlreadyAdmitted | TooMany | None:
    if ticket.status in UNPAID:
        return NotPaid()
    if ticket.status is not TicketStatus.ISSUED:
        return Void(ticket.status)
    if left == 0:
        return AlreadyAdmitted(_last(stored, ticket))
    return TooMany(left) if people > left else None


def _again(known: StoredScan, ticket: Ticket, stored: Sequence[StoredScan]) -> ScanOutcome:
    """Return the outcome that the first request of a scan got."""
    left = max(0, ticket.quantity - known.inside_after)
    if known.kind is ScanKind.LET_IN:
        return Admitted(known.people, left)
    match known.outcome:
        case "void":
            return Void(ticket.status)
        case "not_paid":
            return NotPaid()
        case "too_many":
            return TooMany(left)
        case _:
            return AlreadyAdmitted(_last(stored, ticket))


def _last(stored: Sequence[StoredScan], ticket: Ticket) -> Seen | None:
    """Return the last scan that let people in who are still inside."""
    of_ticket = [each for each in stored if each.ticket_id == ticket.ticket_id]
    undone = {each.scan_id for each in of_ticket if each.kind is ScanKind.UNDONE}
    for each in reversed(of_ticket):
        if each.kind is ScanKind.LET_IN and each.scan_id not in undone:
            return Seen(each.at, each.gate, each.by)
    return None


def _of_this_id(
    stored: Sequence[StoredScan], request: GateRequest
) -> dict[ScanKind, StoredScan] | ScanIdReused:
    same = [each for each in stored if each.scan_id == request.scan_id]
    asked = _asked(request)
    for each in same:
        if each.ticket_id != request.ticket_id:
            return ScanIdReused()
        # A scan that asked for all who were left (None) stands for the number that it let in.
        known = each.asked or each.people
        if asked and known > 0 and known != asked:
            return ScanIdReused()
    return {each.kind: each for each in same}


def _no_right(ticket: Ticket) -> NoRight:
    if ticket.status in UNPAID:
        return NoRight.NOT_PAID
    return NoRight.TOO_MANY if ticket.status is TicketStatus.ISSUED else NoRight.VOID


def _taken_back(people: int, ticket: Ticket, *, inside: int) -> TakenBack | NothingYet:
    return TakenBack(people, max(0, ticket.quantity - inside)) if people else NothingYet()


def _stray_entry(stored: Sequence[StoredScan], entry: Entry) -> Decision[EntryOutcome]:
    same = [each for each in stored if each.scan_id == entry.scan_id]
    if any(each.ticket_id != entry.ticket_id for each in same):
        return Decision(outcome=ScanIdReused())
    kinds = {each.kind for each in same}
    if ScanKind.LET_IN in kinds or ScanKind.UNDONE in kinds:
        # It was synced earlier, for the right event.
        return Decision(outcome=Known())
    if ScanKind.STRAY in kinds:
        return Decision(outcome=StrayEntry())
    return Decision(
        outcome=StrayEntry(), scan=_stored(entry, ScanKind.STRAY, None, outcome="stray")
    )


def _stray_taken_back(
    stored: Sequence[StoredScan], undo: Undo, outcome: NotOnRecord | WrongEvent
) -> Decision[UndoOutcome]:
    kinds = {
        each.kind
        for each in stored
        if (each.scan_id, each.ticket_id) == (undo.scan_id, undo.ticket_id)
    }
    if kinds != {ScanKind.STRAY}:
        return Decision(outcome=outcome)
    return Decision(
        outcome=outcome, scan=_stored(undo, ScanKind.UNDONE, None, outcome=name_of(outcome))
    )


def _asked(request: GateRequest) -> int | None:
    return request.people if isinstance(request, Scan | Entry) else None


def _stored(
    request: GateRequest, kind: ScanKind, ticket: Ticket | None, *, outcome: str, people: int = 0
) -> StoredScan:
    return StoredScan(
        scan_id=request.scan_id,
        kind=kind,
        ticket_id=request.ticket_id,
        event_id=request.event_id,
        people=people,
        asked=_asked(request),
        outcome=outcome,
        inside_after=0 if ticket is None else ticket.inside,
        gate=request.gate,
        by=request.by,
        at=request.at,
        stored_at=request.stored_at,
        offline=request.offline,
    )
