"""Record the journals of gates that were offline."""

from collections.abc import Callable, Container, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from attrs import field, frozen
from attrs import validators as v

from ticketing_core.errors import EventNotFound, NotYourEvent, StoreUnavailable, raises
from ticketing_core.payment import Unknown
from ticketing_core.ports.admission import AdmissionSigner
from ticketing_core.ports.environment import Clock
from ticketing_core.ports.events import EventRepository
from ticketing_core.ports.gate import Admissions
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.ports.repository import TicketRepository
from ticketing_core.scan import LONGEST_GATE, Entry, EntryOutcome, NotOnRecord, Undo, UndoOutcome
from ticketing_core.signature import Forged, UnknownKey
from ticketing_core.ticket import UNPAID
from ticketing_core.use_cases.check_in import named_ticket, own_gate
from ticketing_core.use_cases.settle import issue_if_paid
from ticketing_core.validators import one_line, positive, zoned

MOST_PEOPLE = 10_000
"""The most people of one entry. More is a mistake of the device, and might not fit the store."""

OLDEST_ENTRY = timedelta(days=3650)
"""An entry that seems older counts as this old: the clock of a device may show any year."""


@frozen(kw_only=True)
class JournalEntry:
    """An entry of a device's journal.

    Attributes:
        scan_id: The id of the scan, also if the device first tried to ask the service about it.
        token: The token that the guest showed.
        people: How many people went in.
        at: When they went in, by the device's clock.
        gate: The name of the gate.
        undo: Whether the scan is taken back, because they came out again.
    """

    scan_id: UUID = field(validator=v.instance_of(UUID))
    token: str
    people: int = field(validator=v.and_(positive, v.le(MOST_PEOPLE)))
    at: datetime = field(validator=zoned)
    gate: str = field(validator=v.and_(one_line, v.max_len(LONGEST_GATE)))
    undo: bool = False


@frozen
class SyncResult:
    """The outcome of an entry of a journal.

    Attributes:
        entry: The entry.
        outcome: Whether it was recorded, or why not.
        ticket_id: The ticket that its token names, if it is genuine.
    """

    entry: JournalEntry
    outcome: EntryOutcome | UndoOutcome | Forged | UnknownKey
    ticket_id: int | None = None


@raises(EventNotFound, NotYourEvent, StoreUnavailable)
def sync(
    journal: Sequence[JournalEntry],
    *,
    event_id: int,
    sent_at: datetime,
    by: str,
    scope: Container[int] | None,
    events: EventRepository,
    tickets: TicketRepository,
    admissions: Admissions,
    signer: AdmissionSigner,
    gateway: PaymentGateway,
    clock: Clock,
    on_synced: Callable[[SyncResult], None],
) -> Sequence[SyncResult]:
    """Record the journal of a device. See `Gate.sync` and `Gate.on_synced`."""
    own_gate(event_id, scope=scope, events=events)
    now = clock.now()

    def outcomes() -> Iterator[SyncResult]:
        # If the provider does not answer, the device waits for it once, not once for each entry.
        has_answered = True
        for entry in journal:
            named = named_ticket(entry.token, signer=signer, tickets=tickets)
            if isinstance(named, Forged | UnknownKey | NotOnRecord):
                yield SyncResult(entry, named)
                continue
            ticket_id, ticket_code = named
            request: dict[str, Any] = {
                "scan_id": entry.scan_id,
                "ticket_id": ticket_id,
                "ticket_code": ticket_code,
                "event_id": event_id,
                "gate": entry.gate,
                "by": by,
                "at": corrected(entry.at, sent_at=sent_at, now=now),
                "stored_at": now,
                "offline": True,
            }
            if entry.undo:
                yield SyncResult(entry, admissions.take_back(Undo(**request)), ticket_id)
                continue
            ticket = tickets.by_id(ticket_id) if has_answered else None
            if ticket is not None and ticket.event_id == event_id and ticket.status in UNPAID:
                settled = issue_if_paid(
                    ticket, by=f"gate {by}", tickets=tickets, gateway=gateway, clock=clock
                )
                has_answered = not isinstance(settled.seen, Unknown)
            recorded = admissions.record(Entry(**request, people=entry.people))
            yield SyncResult(entry, recorded, ticket_id)

    synced = []
    for each in outcomes():
        on_synced(each)
        synced.append(each)
    return synced


def corrected(at: datetime, *, sent_at: datetime, now: datetime) -> datetime:
    """Convert a time of a device's clock to ours, as if its error had always been the same."""
    age = sent_at - at
    return now - min(max(age, timedelta()), OLDEST_ENTRY)
