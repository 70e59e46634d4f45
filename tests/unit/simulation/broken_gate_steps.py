"""Broken gates that let people in by more than one step, for the controls of the simulator."""

from collections.abc import Container, Sequence
from typing import Any
from uuid import UUID

from attrs import evolve, frozen

from ticketing_core.admission import AdmissionClaims
from ticketing_core.changes import Replaced
from ticketing_core.errors import ScanIdReused
from ticketing_core.gate import Gate
from ticketing_core.gate_rules import Decision, admission
from ticketing_core.scan import (
    Scan,
    ScanAnswer,
    StoredScan,
)
from ticketing_core.testing import InMemoryAdmissions
from ticketing_core.ticket import Ticket
from ticketing_core.use_cases.check_in import Shown


@frozen(kw_only=True)
class InSteps(Gate):
    """Reads the ticket and its scans, decides by the rules, and writes in a step of its own."""

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
        """See `Gate.check_in`."""
        del scope
        claims = self.signer.read(str(shown))
        assert isinstance(claims, AdmissionClaims)
        now = self.clock.now()
        scan = Scan(
            scan_id=scan_id,
            ticket_id=claims.ticket_id,
            event_id=event_id,
            people=people,
            gate=gate,
            by=by,
            at=now,
            stored_at=now,
            payment_seen=True,
        )
        while True:
            ticket = self.tickets.by_id(claims.ticket_id)
            assert ticket is not None
            decided = admission(ticket, self._scans(scan), scan)
            assert not isinstance(decided.outcome, ScanIdReused)
            answer = ScanAnswer(scan_id=scan_id, outcome=decided.outcome, ticket=ticket)
            if decided.ticket is None or self._write(scan, decided, ticket):
                return answer

    def _scans(self, scan: Scan) -> Sequence[StoredScan]:
        return self.admissions.of_ticket(scan.ticket_id)

    def _write(self, scan: Scan, decided: Decision[Any], ticket: Ticket) -> bool:
        """Write, or return False: then it is decided again."""
        admissions: Any = self.admissions
        return admissions.admit_decided(scan, decided, ticket) is not None


class Decided(InMemoryAdmissions):
    """For stores whose gate has decided already."""

    def admit_decided(self, scan: Scan, decided: Decision[Any], read: Ticket) -> ScanAnswer | None:
        """Return the answer, or None if it has to be decided again."""
        written = self._written(scan, decided, read)
        if written is None:
            return None
        return ScanAnswer(scan_id=scan.scan_id, outcome=decided.outcome, ticket=written)

    def _written(self, scan: Scan, decided: Decision[Any], read: Ticket) -> Ticket | None:
        raise NotImplementedError  # pragma: no cover - a subclass that forgets it fails at once


class WritesWhatItRead(Decided):
    """Writes the numbers that were read, whatever has happened since."""

    def _written(self, scan: Scan, decided: Decision[Any], read: Ticket) -> Ticket | None:
        self._write(decided, read, scan)
        return decided.ticket


class Swaps(Decided):
    """Uses `TicketRepository.replace`, which takes equal changes for one and the same."""

    def _written(self, scan: Scan, decided: Decision[Any], read: Ticket) -> Ticket | None:
        assert decided.ticket is not None
        assert decided.scan is not None
        done = self._tickets.replace(
            read, decided.ticket, at=scan.stored_at, why=decided.why, by=f"gate {scan.by}"
        )
        if not isinstance(done, Replaced):
            return None
        self._scans.append(decided.scan)
        return done.ticket


class GuardsOnlyTheNumber(Decided):
    """``UPDATE … WHERE admitted + n <= quantity``: the status is as it was read."""

    def _written(self, scan: Scan, decided: Decision[Any], read: Ticket) -> Ticket | None:
        now = self._tickets.by_id(read.ticket_id)
        assert now is not None
        assert decided.scan is not None
        people = decided.scan.people
        if now.admitted + people > now.quantity:
            return None
        moved = now.marked(admitted=now.admitted + people)
        self._write(evolve(decided, ticket=moved), now, scan)
        return moved


class ForgetsWhichScan(Decided):
    """Decides behind the lock, and does not look there whether it knows the scan."""

    def _written(self, scan: Scan, decided: Decision[Any], read: Ticket) -> Ticket | None:
        now = self._tickets.by_id(read.ticket_id)
        others = [each for each in self._stored(scan) if each.scan_id != scan.scan_id]
        decided = admission(now, others, scan)
        self._write(decided, now, scan)
        return decided.ticket


@frozen(kw_only=True)
class StoresTheScan(InSteps):
    """Changes the ticket by a comparison and stores the scan in another step: before or after."""

    scan_first: bool

    def _write(self, scan: Scan, decided: Decision[Any], ticket: Ticket) -> bool:
        assert decided.ticket is not None
        store: Any = self.admissions
        if self.scan_first:
            store.add(decided.scan)
        by = f"gate {scan.by}"
        done = self.tickets.replace(
            ticket, decided.ticket, at=scan.stored_at, why=decided.why, by=by
        )
        if not self.scan_first and isinstance(done, Replaced):
            store.add(decided.scan)
        return isinstance(done, Replaced)


class AddsScans(InMemoryAdmissions):
    """Stores a scan by itself."""

    def add(self, scan: StoredScan) -> None:
        """Store it."""
        self._scans.append(scan)
