"""The port of the gate to the store. Each method is one atomic step and may be repeated."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from ticketing_core.errors import ScanIdReused
from ticketing_core.gate_list import GateList
from ticketing_core.scan import (
    Entry,
    EntryOutcome,
    GateCount,
    Inside,
    Scan,
    ScanAnswer,
    StoredScan,
    Undo,
    UndoOutcome,
)
from ticketing_core.ticket import Ticket


class Admissions(Protocol):
    """Stores scans, and counts the people inside.

    Each step locks the ticket, and then looks up the scan by the id that the device gave it. So a
    scan counts once, however often and however late it arrives. A step that changes a ticket
    writes its history and frees places as `TicketRepository.replace` does.
    """

    def admit(self, scan: Scan) -> ScanAnswer | ScanIdReused:
        """Let people in, or not, by `gate_rules.admission`. A refusal changes no ticket."""

    def record(self, entry: Entry) -> EntryOutcome:
        """Count people who went in at an offline gate, by `gate_rules.recording`."""

    def take_back(self, undo: Undo) -> UndoOutcome:
        """Take a scan back, by `gate_rules.taking_back`."""

    def of_ticket(self, ticket_id: int) -> Sequence[StoredScan]:
        """Return all scans of a ticket, oldest first."""

    def of_tickets(self, ticket_ids: Collection[int]) -> Mapping[int, Sequence[StoredScan]]:
        """Return what `of_ticket` returns of each of the tickets of a page by its id.

        Tickets without scans are left out.
        """

    def inside(self, event_id: int) -> Inside:
        """Add up the people who are inside at an event."""

    def by_gate(self, event_id: int) -> Sequence[GateCount]:
        """Count the people inside by the gate where they went in: most people first, then by name.

        An undo lowers the count of the gate where they went in, wherever it was made. Gates without
        people are left out. The sum is that of `inside` at the same moment.
        """

    def with_excess(self, event_id: int, *, after: int, limit: int) -> Sequence[Ticket]:
        """Return at most ``limit`` tickets with excess and ids above ``after``, smallest first."""

    def strays(self, event_id: int) -> Sequence[StoredScan]:
        """Return the newest 1,000 scans at the event's gates that belong to none of its tickets.

        They are sorted, oldest first. Those that were taken back are left out.
        """

    def gate_list(self, event_id: int) -> GateList:
        """Return what an offline gate needs to know about the event's tickets."""
