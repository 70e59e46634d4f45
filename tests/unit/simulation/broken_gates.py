"""Broken stores of the gate and broken devices, for the controls of the simulator."""

from collections.abc import Sequence
from typing import Any

from attrs import evolve

from ticketing_core.errors import ScanIdReused
from ticketing_core.gate_list import GateList
from ticketing_core.gate_rules import Decision, recording, taking_back
from ticketing_core.scan import (
    Entry,
    EntryOutcome,
    GateRequest,
    Inside,
    Known,
    NothingYet,
    Recorded,
    Scan,
    ScanAnswer,
    ScanKind,
    TakenBack,
    Undo,
    UndoOutcome,
)
from ticketing_core.testing import InMemoryAdmissions
from ticketing_core.testing.simulation import Simulation
from ticketing_core.ticket import Ticket, TicketStatus

# --- stores that forget or judge wrongly ----------------------------------------------------------


class RefusalsAreFinal(InMemoryAdmissions):
    """Takes the refusal of a scan for its end, although the device has not heard it."""

    def record(self, entry: Entry) -> EntryOutcome:
        """See `Admissions.record`."""
        if any(each.scan_id == entry.scan_id for each in self._scans):
            return Known()
        return super().record(entry)


class StoresTheFirstLook(InMemoryAdmissions):
    """Stores that a ticket is not paid before anybody has asked the gateway."""

    def admit(self, scan: Scan) -> ScanAnswer | ScanIdReused:
        """See `Admissions.admit`."""
        return super().admit(evolve(scan, payment_seen=True))


class ForgetsRefusals(InMemoryAdmissions):
    """Stores only who was let in."""

    def _write(self, decided: Decision[Any], ticket: Ticket | None, scan: GateRequest) -> None:
        if decided.scan is None or decided.scan.kind is not ScanKind.REFUSED:
            super()._write(decided, ticket, scan)


class Rejudges(InMemoryAdmissions):
    """For stores that record what has happened in their own way."""

    def record(self, entry: Entry) -> EntryOutcome:
        """See `Admissions.record`."""
        ticket = self._tickets.by_id(entry.ticket_id)
        decided = recording(ticket, self._stored(entry), entry)
        if ticket is None or decided.ticket is None or decided.scan is None:
            return decided.outcome
        rejudged = self._rejudged(decided, ticket, entry)
        if rejudged is None:
            return Known()
        self._write(rejudged, ticket, entry)
        return rejudged.outcome

    def _rejudged(
        self, decided: Decision[EntryOutcome], ticket: Ticket, entry: Entry
    ) -> Decision[EntryOutcome] | None:
        raise NotImplementedError  # pragma: no cover - a subclass that forgets it fails at once


class GivesTheVoidARight(Rejudges):
    """Raises ``admitted`` also of a void ticket, whose places are sold again."""

    def _rejudged(
        self, decided: Decision[EntryOutcome], ticket: Ticket, entry: Entry
    ) -> Decision[EntryOutcome] | None:
        inside = ticket.inside + entry.people
        admitted = min(inside, ticket.quantity)
        moved = ticket.marked(admitted=admitted, excess=inside - admitted)
        return evolve(decided, ticket=moved)


class RefusesLate(Rejudges):
    """Refuses an entry that it would not have let in."""

    def _rejudged(
        self, decided: Decision[EntryOutcome], ticket: Ticket, entry: Entry
    ) -> Decision[EntryOutcome] | None:
        del ticket, entry
        assert isinstance(decided.outcome, Recorded)
        return None if decided.outcome.excess else decided


class CountsUpToTheQuantity(Rejudges):
    """Counts only as many as the ticket has left."""

    def _rejudged(
        self, decided: Decision[EntryOutcome], ticket: Ticket, entry: Entry
    ) -> Decision[EntryOutcome] | None:
        left = ticket.quantity - ticket.inside if ticket.status is TicketStatus.ISSUED else 0
        people = min(entry.people, left)
        if people <= 0:
            return None
        assert decided.scan is not None
        scan = evolve(decided.scan, people=people)
        return evolve(decided, ticket=ticket.moved(people), scan=scan)


class RevivesTheTicket(Rejudges):
    """Takes people who are inside for a proof that their ticket is good."""

    def _rejudged(
        self, decided: Decision[EntryOutcome], ticket: Ticket, entry: Entry
    ) -> Decision[EntryOutcome] | None:
        del ticket, entry
        assert decided.ticket is not None
        return evolve(decided, ticket=evolve(decided.ticket, status=TicketStatus.ISSUED))


class ForgetsAnEarlyUndo(InMemoryAdmissions):
    """Does not remember an undo that comes before its scan."""

    def _write(self, decided: Decision[Any], ticket: Ticket | None, scan: GateRequest) -> None:
        if not isinstance(decided.outcome, NothingYet):
            super()._write(decided, ticket, scan)


class OnlySubtracts(InMemoryAdmissions):
    """Subtracts the people of an undo, and stores nothing of it."""

    def take_back(self, undo: Undo) -> UndoOutcome:
        """See `Admissions.take_back`."""
        ticket = self._tickets.by_id(undo.ticket_id)
        let_in = [each for each in self._scans if each.scan_id == undo.scan_id and each.people]
        if ticket is None or not let_in:
            return super().take_back(undo)
        people = let_in[0].people
        decision = Decision(
            outcome=TakenBack(people, ticket.quantity), ticket=ticket.moved(-people), why="undone"
        )
        self._write(decision, ticket, undo)
        return decision.outcome


class TakesTheRightBack(InMemoryAdmissions):
    """Lets those go first who have a right, while others have none."""

    def take_back(self, undo: Undo) -> UndoOutcome:
        """See `Admissions.take_back`."""
        ticket = self._tickets.by_id(undo.ticket_id)
        decided = taking_back(ticket, self._stored(undo), undo)
        if ticket is not None and isinstance(decided.outcome, TakenBack):
            moved = ticket.marked(admitted=ticket.admitted - decided.outcome.people)
            decided = evolve(decided, ticket=moved)
        self._write(decided, ticket, undo)
        return decided.outcome


class OnlySaysSo(InMemoryAdmissions):
    """Answers an undo, and does nothing."""

    def take_back(self, undo: Undo) -> UndoOutcome:
        """See `Admissions.take_back`."""
        del undo
        return TakenBack(1, 0)


# --- stores that do not tell ----------------------------------------------------------------------


class WritesNoHistory(InMemoryAdmissions):
    """Changes the ticket, and tells nobody why."""

    def _write(self, decided: Decision[Any], ticket: Ticket | None, scan: GateRequest) -> None:
        super()._write(evolve(decided, ticket=None), ticket, scan)
        if decided.ticket is not None:
            by_id = vars(self._tickets)["_by_id"]
            by_id[decided.ticket.ticket_id] = decided.ticket


class CallsTheUnpaidVoid(InMemoryAdmissions):
    """Lists as void what is not paid yet, although it may be by the time it is shown."""

    def gate_list(self, event_id: int) -> GateList:
        """See `Admissions.gate_list`."""
        listed = super().gate_list(event_id)
        void = [
            each.ticket_id
            for each in self._of_event(event_id)
            if each.status is not TicketStatus.ISSUED
        ]
        return evolve(listed, void=void)


class CountsOnlyTheInvited(InMemoryAdmissions):
    """Shows at an event only the people who have a right."""

    def inside(self, event_id: int) -> Inside:
        """See `Admissions.inside`."""
        return evolve(super().inside(event_id), excess=0)


class TellsNobody(InMemoryAdmissions):
    """Counts people without a right, and does not show them."""

    def with_excess(self, event_id: int, *, after: int, limit: int) -> Sequence[Ticket]:
        """See `Admissions.with_excess`."""
        del event_id, after, limit
        return []


# --- devices --------------------------------------------------------------------------------------


def lets_in_before_it_notes(simulation: Simulation) -> None:
    """A device that shows green, and then writes its journal."""
    for look in simulation.look("north", "ann", 1):
        simulation.let_in(look, asked=False)
        simulation.note("north", look)
        simulation.sync("north")


def takes_back_too_early(simulation: Simulation) -> None:
    """A device whose undo is sent while the people are still inside."""
    simulation.scan("north", "ann")
    look = simulation.facts.gate.devices["north"].last
    assert look is not None
    simulation.note("north", look, undo=True)
    simulation.sync("north")
    simulation.let_out(look)
