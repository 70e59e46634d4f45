"""The store of scans in memory, for tests and demonstrations."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from attrs import evolve

from ticketing_core.errors import ScanIdReused
from ticketing_core.gate_list import GateList
from ticketing_core.gate_rules import Decision, admission, recording, taking_back
from ticketing_core.query import TicketQuery
from ticketing_core.scan import (
    Entry,
    EntryOutcome,
    GateCount,
    GateRequest,
    Inside,
    Scan,
    ScanAnswer,
    ScanKind,
    StoredScan,
    Undo,
    UndoOutcome,
)
from ticketing_core.testing.events import InMemoryEvents
from ticketing_core.testing.store import InMemoryTickets
from ticketing_core.ticket import Ticket

_ALL = 2**31


class InMemoryAdmissions:
    """Keeps scans in a list, beside the tickets of an `InMemoryTickets`."""

    def __init__(self, events: InMemoryEvents, tickets: InMemoryTickets) -> None:
        self._events = events
        self._tickets = tickets
        self._lock = events.lock
        self._scans: list[StoredScan] = []

    def admit(self, scan: Scan) -> ScanAnswer | ScanIdReused:
        """See `Admissions.admit`."""
        with self._lock:
            ticket = self._tickets.by_id(scan.ticket_id)
            decided = admission(ticket, self._stored(scan), scan)
            self._write(decided, ticket, scan)
            if isinstance(decided.outcome, ScanIdReused):
                return decided.outcome
            return ScanAnswer(
                scan_id=scan.scan_id, outcome=decided.outcome, ticket=decided.ticket or ticket
            )

    def record(self, entry: Entry) -> EntryOutcome:
        """See `Admissions.record`."""
        with self._lock:
            ticket = self._tickets.by_id(entry.ticket_id)
            decided = recording(ticket, self._stored(entry), entry)
            self._write(decided, ticket, entry)
            return decided.outcome

    def take_back(self, undo: Undo) -> UndoOutcome:
        """See `Admissions.take_back`."""
        with self._lock:
            ticket = self._tickets.by_id(undo.ticket_id)
            decided = taking_back(ticket, self._stored(undo), undo)
            self._write(decided, ticket, undo)
            return decided.outcome

    @property
    def stored(self) -> Sequence[StoredScan]:
        """All scans that are stored, the oldest first."""
        with self._lock:
            return list(self._scans)

    def of_ticket(self, ticket_id: int) -> Sequence[StoredScan]:
        """See `Admissions.of_ticket`."""
        with self._lock:
            return [each for each in self._scans if each.ticket_id == ticket_id]

    def of_tickets(self, ticket_ids: Collection[int]) -> Mapping[int, Sequence[StoredScan]]:
        """See `Admissions.of_tickets`."""
        found = {each: self.of_ticket(each) for each in ticket_ids}
        return {each: scans for each, scans in found.items() if scans}

    def inside(self, event_id: int) -> Inside:
        """See `Admissions.inside`."""
        tickets = self._of_event(event_id)
        return Inside(
            admitted=sum(each.admitted for each in tickets),
            excess=sum(each.excess for each in tickets),
        )

    def by_gate(self, event_id: int) -> Sequence[GateCount]:
        """See `Admissions.by_gate`."""
        of_scans: dict[UUID, str] = {}
        people = Counter[str]()
        for each in self.stored:
            if each.event_id == event_id and each.people:
                # An undo is never stored before its scan with people of its own.
                people[of_scans.setdefault(each.scan_id, each.gate)] += each.people
        counted = [GateCount(gate, number) for gate, number in people.items() if number]
        return sorted(counted, key=lambda each: (-each.people, each.gate))

    def with_excess(self, event_id: int, *, after: int, limit: int) -> Sequence[Ticket]:
        """See `Admissions.with_excess`."""
        tickets = self._of_event(event_id)
        return [each for each in tickets if each.excess and each.ticket_id > after][:limit]

    def strays(self, event_id: int) -> Sequence[StoredScan]:
        """See `Admissions.strays`."""
        with self._lock:
            undone = {each.scan_id for each in self._scans if each.kind is ScanKind.UNDONE}
            strays = [
                each
                for each in self._scans
                if each.kind is ScanKind.STRAY and each.scan_id not in undone
            ]
        return [each for each in strays if each.event_id == event_id][-1000:]

    def gate_list(self, event_id: int) -> GateList:
        """See `Admissions.gate_list`."""
        return GateList.of(event_id, self._of_event(event_id))

    def rename_authors(self, names: Mapping[str, str]) -> None:
        """Rename the authors of scans. For `InMemoryAuthors` only."""
        self._scans = [evolve(each, by=names.get(each.by, each.by)) for each in self._scans]

    def _of_event(self, event_id: int) -> Sequence[Ticket]:
        """Return the event's tickets in the order of their ids."""
        query = TicketQuery(event_id=event_id)
        return self._tickets.find(query, before=None, limit=_ALL)[::-1]

    def _stored(self, request: GateRequest) -> Sequence[StoredScan]:
        return [
            each
            for each in self._scans
            if each.scan_id == request.scan_id or each.ticket_id == request.ticket_id
        ]

    def _write(self, decided: Decision[Any], ticket: Ticket | None, request: GateRequest) -> None:
        if decided.scan is not None:
            self._scans.append(decided.scan)
        if decided.ticket is not None and ticket is not None:
            self._events.change_kept(ticket.event_id, decided.ticket.places - ticket.places)
            at, by = request.stored_at, request.author
            self._tickets.write(decided.ticket, at=at, why=decided.why, by=by)
