"""The public API of the gate: lets people in through the ports it was given."""

from collections.abc import Container, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from attrs import frozen

from ticketing_core.event import Event
from ticketing_core.gate_list import GateList
from ticketing_core.ports import (
    Admissions,
    AdmissionSigner,
    Clock,
    EventRepository,
    PaymentGateway,
    TicketRepository,
)
from ticketing_core.scan import GateCount, Inside, ScanAnswer, StoredScan, UndoOutcome
from ticketing_core.signature import Forged, UnknownKey
from ticketing_core.ticket import Ticket
from ticketing_core.use_cases.check_in import Shown, check_in, own_gate, undo
from ticketing_core.use_cases.sync import JournalEntry, SyncResult, sync


@frozen
class Attendance:
    """An event, and the people who are inside.

    Attributes:
        event: The event. Its ``kept`` may be a second old.
        inside: The number of people inside.
        gates: The same by gate, largest number first. It is counted a moment after ``inside``.
    """

    event: Event
    inside: Inside
    gates: Sequence[GateCount]


@frozen(kw_only=True)
class Gate:
    """Lets the people of issued tickets in, each person once, at any number of gates.

    A scan of a QR code is one call::

        answer = gate.check_in(
            event_id=1, shown=text_of_the_qr_code, scan_id=uuid4(), gate="North", by="alice"
        )
        if isinstance(answer.outcome, Admitted):
            ...  # answer.outcome.people may go in

    The other outcomes are in `ticketing_core.scan`, one class for each reason to let nobody in.

    Every method may be called from several threads and processes at once, and may be repeated.
    Besides the errors it lists, each may raise `StoreUnavailable`: the outcome is unknown. Repeat
    the call with the same ``scan_id`` to get it.

    All take ``scope``: the ids of the events that the caller may act on; None for all.

    Attributes:
        events: Stores the events.
        tickets: Stores the tickets.
        admissions: Stores the scans, and counts the people inside.
        signer: Reads admission tokens.
        gateway: Tells whether a ticket was paid a moment ago.
        clock: Tells the time.
    """

    events: EventRepository
    tickets: TicketRepository
    admissions: Admissions
    signer: AdmissionSigner
    gateway: PaymentGateway
    clock: Clock

    def check_in(
        self,
        *,
        event_id: int,
        shown: Shown,
        people: int | None = None,
        scan_id: UUID,
        gate: str,
        by: str,
        scope: Container[int] | None = None,
    ) -> ScanAnswer:
        """Let people of a ticket in.

        Args:
            event_id: The event at whose gate they stand.
            shown: The token, the code or the id of the ticket.
            people: How many want to go in; None for all who are not inside yet.
            scan_id: Identifies the scan. A repeat counts nobody again and returns the first
                outcome.
            gate: The name of the gate: one line, at most 60 characters.
            by: The identity of the member of staff.
            scope: The ids of the events that the caller may act on; None for all.

        Returns:
            The answer. Only `Admitted` lets people in.

        Raises:
            EventNotFound: No event has this id.
            NotYourEvent: It is not in the scope.
            ScanIdReused: The id belongs to another ticket, or to another number of people.
        """
        return check_in(
            event_id=event_id,
            shown=shown,
            people=people,
            scan_id=scan_id,
            gate=gate,
            by=by,
            scope=scope,
            events=self.events,
            tickets=self.tickets,
            admissions=self.admissions,
            signer=self.signer,
            gateway=self.gateway,
            clock=self.clock,
        )

    def undo(
        self,
        *,
        event_id: int,
        shown: Shown,
        scan_id: UUID,
        gate: str,
        by: str,
        scope: Container[int] | None = None,
    ) -> UndoOutcome | Forged | UnknownKey:
        """Take back a whole scan whose people are out again.

        If the scan arrives after its undo, its outcome is `Withdrawn`.

        Args:
            event_id: The event at whose gate they were let in.
            shown: The token, the code or the id of the ticket.
            scan_id: The id of the scan to take back.
            gate: The name of the gate where it is taken back.
            by: The identity of the member of staff.
            scope: The ids of the events that the caller may act on; None for all.

        Returns:
            What was taken back, or why nothing was.

        Raises:
            EventNotFound: No event has this id.
            NotYourEvent: It is not in the scope.
            ScanIdReused: The id belongs to another ticket.
        """
        return undo(
            event_id=event_id,
            shown=shown,
            scan_id=scan_id,
            gate=gate,
            by=by,
            scope=scope,
            events=self.events,
            tickets=self.tickets,
            admissions=self.admissions,
            signer=self.signer,
            clock=self.clock,
        )

    def sync(
        self,
        journal: Sequence[JournalEntry],
        *,
        event_id: int,
        sent_at: datetime,
        by: str,
        scope: Container[int] | None = None,
    ) -> Sequence[SyncResult]:
        """Record what a device decided while it was offline.

        The people are inside already, so no entry is refused for want of a place: people without
        a right to one are counted as excess.

        Args:
            journal: The entries, in the order in which they happened.
            event_id: The event at whose gates they happened.
            sent_at: The present time by the device's clock. It corrects the times of the entries.
            by: The identity of the member of staff who sends them.
            scope: The ids of the events that the caller may act on; None for all.

        Returns:
            The outcome of each entry, in the same order. Those with the outcome `Forged`,
            `UnknownKey` or `ScanIdReused` were not recorded; the device may delete the others.

        Raises:
            EventNotFound: No event has this id.
            NotYourEvent: It is not in the scope.
        """
        return sync(
            journal,
            event_id=event_id,
            sent_at=sent_at,
            by=by,
            scope=scope,
            events=self.events,
            tickets=self.tickets,
            admissions=self.admissions,
            signer=self.signer,
            gateway=self.gateway,
            clock=self.clock,
            on_synced=partial(self.on_synced, event_id=event_id),
        )

    def on_synced(self, synced: SyncResult, *, event_id: int) -> None:
        """Do nothing. Subclasses override it to log or count each entry of a `sync`.

        It is called as soon as the entry is stored, also if a later one then fails.

        Args:
            synced: The entry and its outcome. A repeat of the sync may get another outcome.
            event_id: As for `sync`.
        """

    # --- reading ----------------------------------------------------------------------------------

    def allowed(self, event_id: int, *, scope: Container[int] | None = None) -> Event:
        """Return the event if the caller may let people in there.

        Raises:
            EventNotFound: No event has this id.
            NotYourEvent: It is not in the scope.
        """
        return own_gate(event_id, scope=scope, events=self.events)

    def attendance(self, event_id: int, *, scope: Container[int] | None = None) -> Attendance:
        """Return how many people are inside, in total and by the gate where they went in.

        Raises:
            EventNotFound: No event has this id.
            NotYourEvent: It is not in the scope.
        """
        event = own_gate(event_id, scope=scope, events=self.events)
        inside = self.admissions.inside(event_id)
        return Attendance(event, inside, self.admissions.by_gate(event_id))

    def with_excess(
        self,
        event_id: int,
        *,
        after: int = 0,
        limit: int,
        scope: Container[int] | None = None,
    ) -> Sequence[tuple[Ticket, Sequence[StoredScan]]]:
        """Return a page of the tickets with people inside who have no right to a place.

        Each comes with its scans, oldest first.

        Args:
            event_id: The event.
            after: Only tickets with larger ids: the id of the last one of the previous page.
            limit: The most tickets to return.
            scope: The ids of the events that the caller may act on; None for all.

        Raises:
            EventNotFound: No event has this id.
            NotYourEvent: It is not in the scope.
        """
        own_gate(event_id, scope=scope, events=self.events)
        tickets = self.admissions.with_excess(event_id, after=after, limit=limit)
        scans = self.admissions.of_tickets([each.ticket_id for each in tickets])
        return [(each, scans.get(each.ticket_id, ())) for each in tickets]

    def strays(self, event_id: int, *, scope: Container[int] | None = None) -> Sequence[StoredScan]:
        """Return the newest 1,000 entries that belong to none of the event's tickets, oldest first.

        Raises:
            EventNotFound: No event has this id.
            NotYourEvent: It is not in the scope.
        """
        own_gate(event_id, scope=scope, events=self.events)
        return self.admissions.strays(event_id)

    def gate_list(self, event_id: int, *, scope: Container[int] | None = None) -> GateList:
        """Return what a gate needs to decide offline.

        Raises:
            EventNotFound: No event has this id.
            NotYourEvent: It is not in the scope.
        """
        own_gate(event_id, scope=scope, events=self.events)
        return self.admissions.gate_list(event_id)
