"""The public face of the gate: lets people in through the ports it was given."""

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
        event: The event. Its places kept may be those of a second ago.
        inside: The people.
        gates: Where they went in, the most first. It is counted a moment later than ``inside``.
    """

    event: Event
    inside: Inside
    gates: Sequence[GateCount]


@frozen(kw_only=True)
class Gate:
    """Lets the people of issued tickets in, each once, at as many gates as one likes.

    Every method may be called from several threads and processes at once, and may be repeated.
    Besides the errors it lists, each may raise `StoreUnavailable`: the outcome is unknown, and
    repeating the call with the same ``scan_id`` finds it out.

    All take ``scope``: the events that the caller may act on; None for all.

    Attributes:
        events: Keeps the events.
        tickets: Keeps the tickets.
        admissions: Counts who is inside.
        signer: Reads admission tokens.
        gateway: Knows whether a ticket was paid a moment ago.
        clock: Knows the time.
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
            people: How many want to go in; None for all that are left.
            scan_id: Names the scan. A repeat counts nobody again and returns the first outcome.
            gate: The name of the gate, on one line, at most 60 characters.
            by: Who lets them in.
            scope: See above.

        Returns:
            The answer. Only `Admitted` lets people in.

        Raises:
            EventNotFound: There is no such event.
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
        """Take a whole scan back, after its people are out again. The arguments are as above.

        If the scan arrives later, it is answered with `Withdrawn`.

        Raises:
            EventNotFound: There is no such event.
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
        """Record what a device has noted. Nothing that has happened is refused.

        People without a right to a place are counted as excess.

        Args:
            journal: The entries, in the order in which they happened.
            event_id: The event at whose gates they happened.
            sent_at: The time now by the device's clock, which corrects the times of the entries.
            by: Who sends them.
            scope: See above.

        Returns:
            What has become of each, in the same order. The device may forget them now, but for
            those that are `Forged`, `UnknownKey` or `ScanIdReused`: they were not recorded.

        Raises:
            EventNotFound: There is no such event.
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
        """Hear what has become of an entry of a sync, though a later one may fail. For observers.

        Args:
            synced: The entry; a repeat of the sync gets another outcome.
            event_id: As for `sync`.
        """

    # --- looking ----------------------------------------------------------------------------------

    def allowed(self, event_id: int, *, scope: Container[int] | None = None) -> Event:
        """Return the event if the caller may let people in there.

        Raises:
            EventNotFound: There is no such event.
            NotYourEvent: It is not in the scope.
        """
        return own_gate(event_id, scope=scope, events=self.events)

    def attendance(self, event_id: int, *, scope: Container[int] | None = None) -> Attendance:
        """Return how many people are inside, and at which gates they went in.

        Raises:
            EventNotFound: There is no such event.
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
        """Return a page of the tickets with more people inside than have a right, with their scans.

        Args:
            event_id: The event.
            after: Only tickets with larger ids: the id of the last one of the page before.
            limit: The most tickets to return.
            scope: See above.

        Raises:
            EventNotFound: There is no such event.
            NotYourEvent: It is not in the scope.
        """
        own_gate(event_id, scope=scope, events=self.events)
        tickets = self.admissions.with_excess(event_id, after=after, limit=limit)
        return [(each, self.admissions.of_ticket(each.ticket_id)) for each in tickets]

    def strays(self, event_id: int, *, scope: Container[int] | None = None) -> Sequence[StoredScan]:
        """Return the newest entries that belong to none of the event's tickets, at most a thousand.

        Raises:
            EventNotFound: There is no such event.
            NotYourEvent: It is not in the scope.
        """
        own_gate(event_id, scope=scope, events=self.events)
        return self.admissions.strays(event_id)

    def gate_list(self, event_id: int, *, scope: Container[int] | None = None) -> GateList:
        """Return what a gate has to know to decide offline.

        Raises:
            EventNotFound: There is no such event.
            NotYourEvent: It is not in the scope.
        """
        own_gate(event_id, scope=scope, events=self.events)
        return self.admissions.gate_list(event_id)
