"""Check people in at an online gate, and take a scan back."""

from collections.abc import Container
from datetime import datetime
from uuid import UUID

from ticketing_core.admission import AdmissionClaims
from ticketing_core.errors import (
    EventNotFound,
    NotYourEvent,
    ScanIdReused,
    StoreUnavailable,
    raises,
)
from ticketing_core.event import Event
from ticketing_core.payment import Unknown
from ticketing_core.ports.admission import AdmissionSigner
from ticketing_core.ports.environment import Clock
from ticketing_core.ports.events import EventRepository
from ticketing_core.ports.gate import Admissions
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.ports.repository import TicketRepository
from ticketing_core.scan import (
    NotOnRecord,
    NotPaid,
    Scan,
    ScanAnswer,
    Undo,
    UndoOutcome,
)
from ticketing_core.signature import Forged, UnknownKey
from ticketing_core.ticket import UNPAID
from ticketing_core.use_cases.reserve import existing_event
from ticketing_core.use_cases.settle import issue_if_paid

Shown = str | UUID | int
"""What a guest shows: the token in the QR code, the ticket's code, or an id that staff types."""


@raises(EventNotFound, NotYourEvent, ScanIdReused, StoreUnavailable)
def check_in(
    *,
    event_id: int,
    shown: Shown,
    people: int | None,
    scan_id: UUID,
    gate: str,
    by: str,
    scope: Container[int] | None,
    events: EventRepository,
    tickets: TicketRepository,
    admissions: Admissions,
    signer: AdmissionSigner,
    gateway: PaymentGateway,
    clock: Clock,
) -> ScanAnswer:
    """Let people in. See `Gate.check_in`."""
    own_gate(event_id, scope=scope, events=events)
    named = named_ticket(shown, signer=signer, tickets=tickets)
    if isinstance(named, Forged | UnknownKey | NotOnRecord):
        return ScanAnswer(scan_id=scan_id, outcome=named, ticket=None)
    ticket_id, ticket_code = named

    def admitted(*, payment_seen: bool) -> ScanAnswer:
        now = clock.now()
        scan = Scan(
            scan_id=scan_id,
            ticket_id=ticket_id,
            ticket_code=ticket_code,
            event_id=event_id,
            people=people,
            gate=gate,
            by=by,
            at=now,
            stored_at=now,
            payment_seen=payment_seen,
        )
        answer = admissions.admit(scan)
        if isinstance(answer, ScanIdReused):
            raise ScanIdReused
        return answer

    answer = admitted(payment_seen=False)
    unpaid = answer.ticket
    if isinstance(answer.outcome, NotPaid) and unpaid is not None and unpaid.status in UNPAID:
        # The guest may have paid a moment ago, and a stored refusal would be final for this scan.
        settled = issue_if_paid(
            unpaid, by=f"gate {by}", tickets=tickets, gateway=gateway, clock=clock
        )
        answer = admitted(payment_seen=not isinstance(settled.seen, Unknown))
    return answer


@raises(EventNotFound, NotYourEvent, ScanIdReused, StoreUnavailable)
def undo(
    *,
    event_id: int,
    shown: Shown,
    scan_id: UUID,
    gate: str,
    by: str,
    scope: Container[int] | None,
    events: EventRepository,
    tickets: TicketRepository,
    admissions: Admissions,
    signer: AdmissionSigner,
    clock: Clock,
) -> UndoOutcome | Forged | UnknownKey:
    """Take a scan back. See `Gate.undo`."""
    own_gate(event_id, scope=scope, events=events)
    named = named_ticket(shown, signer=signer, tickets=tickets)
    if isinstance(named, Forged | UnknownKey | NotOnRecord):
        return named
    ticket_id, ticket_code = named
    now: datetime = clock.now()
    outcome = admissions.take_back(
        Undo(
            scan_id=scan_id,
            ticket_id=ticket_id,
            ticket_code=ticket_code,
            event_id=event_id,
            gate=gate,
            by=by,
            at=now,
            stored_at=now,
        )
    )
    if isinstance(outcome, ScanIdReused):
        raise ScanIdReused
    return outcome


@raises(EventNotFound, NotYourEvent, StoreUnavailable)
def own_gate(event_id: int, *, scope: Container[int] | None, events: EventRepository) -> Event:
    """Return the event if the caller may let people in there.

    Raises:
        EventNotFound: No event has this id.
        NotYourEvent: The caller may not act on it.
    """
    event = existing_event(event_id, events=events)
    if scope is not None and event_id not in scope:
        raise NotYourEvent
    return event


def named_ticket(
    shown: Shown, *, signer: AdmissionSigner, tickets: TicketRepository
) -> tuple[int, UUID | None] | Forged | UnknownKey | NotOnRecord:
    """Return the id of the ticket that is shown, and its code if that is known."""
    if isinstance(shown, int):
        return shown, None
    if isinstance(shown, UUID):
        ticket = tickets.by_code(shown)
        return NotOnRecord() if ticket is None else (ticket.ticket_id, shown)
    claims = signer.read(shown)
    if isinstance(claims, AdmissionClaims):
        return claims.ticket_id, claims.ticket_code
    return claims
