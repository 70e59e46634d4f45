"""The promises of the gate: each person is let in once, and everybody inside is counted."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from attrs import frozen

from ticketing_core.gate_list import GateList
from ticketing_core.scan import (
    Admitted,
    AlreadyAdmitted,
    GateRequest,
    Inside,
    NothingYet,
    NotPaid,
    Recorded,
    Scan,
    ScanAnswer,
    ScanKind,
    ScanOutcome,
    StoredScan,
    TakenBack,
    TooMany,
    Void,
    Withdrawn,
    name_of,
)
from ticketing_core.testing.simulation.calls import Call
from ticketing_core.testing.simulation.facts import Facts
from ticketing_core.testing.simulation.gate_facts import Party
from ticketing_core.testing.simulation.trace import PromiseBroken, describe
from ticketing_core.testing.simulation.world import World
from ticketing_core.ticket import Ticket, TicketStatus

MOST_OVER = 1000
"""Tickets with excess; a run has only a few."""

_S = TicketStatus
_LETS_IN = frozenset({_S.RESERVED, _S.PAYING, _S.ISSUED})
"""The gate list does not call these void: an unpaid one may be paid by the time it is shown."""


@frozen
class GatePromises:
    """Compares the store with the people who really went in and out."""

    world: World
    facts: Facts

    def check_answer(self, call: Call, outcome: object) -> None:
        """Check an answer of the store, and remember it: a scan has one answer for ever.

        Raises:
            PromiseBroken: It is another one than before, does not fit the ticket, or the admission
                has changed more than who is inside.
        """
        scan = call.args[0] if call.port == "admissions" and call.args else None
        if not isinstance(scan, GateRequest):
            return
        gate = self.facts.gate
        match outcome:
            case ScanAnswer() if isinstance(scan, Scan):
                self._check_scan(scan, outcome)
            case Recorded(people):
                # A refusal of the same scan did not reach the device. From now on they are inside.
                gate.answers[scan.scan_id] = Admitted(people, 0)
                self._only_people_have_moved(scan.ticket_id)
            case TakenBack() | NothingYet():
                if isinstance(outcome, TakenBack) and scan.scan_id not in gate.withdrawn:
                    self._only_people_have_moved(scan.ticket_id)
                gate.withdrawn.add(scan.scan_id)
            case _:
                pass

    def check_always(self, tickets: Sequence[Ticket]) -> None:
        """Check what holds after each single effect.

        Raises:
            PromiseBroken: Something does not hold.
        """
        for ticket in tickets:
            self._scans_add_up(ticket)
            self._no_more_let_in_than_paid_for(ticket)
        self._reports_agree(tickets)

    def check_settled(self, tickets: Sequence[Ticket]) -> None:
        """Check what holds once all journals are synced.

        Raises:
            PromiseBroken: Something does not hold.
        """
        scans = [scan for each in tickets for scan in self._scans(each)]
        self._journals_are_stored(scans)
        counted = Counter[UUID]()
        for scan in scans:
            counted[scan.scan_id] += scan.people
        for scan_id in {*counted, *self.facts.gate.inside}:
            self._who_is_inside_is_counted(scan_id, counted[scan_id])

    # --- at each answer -----------------------------------------------------------------------

    def _check_scan(self, scan: Scan, answer: ScanAnswer) -> None:
        gate, given = self.facts.gate, answer.outcome
        name = f"a scan of ticket {scan.ticket_id} at {scan.gate}"
        if scan.scan_id in gate.withdrawn:
            _check(
                isinstance(given, Withdrawn),
                f"{name} was taken back, and is answered {_said(given)}",
            )
            return
        first = gate.answers.get(scan.scan_id)
        if first is not None:
            _check(
                _said(given) == _said(first),
                f"{name} is answered {_said(given)}, and was answered {_said(first)}",
            )
            return
        # Until the payment was looked at, the answer may still change.
        if scan.payment_seen or not isinstance(given, NotPaid):
            gate.answers[scan.scan_id] = given
        ticket = self.world.tickets.by_id(scan.ticket_id)
        is_right = ticket is not None and _is_right(given, ticket, scan)
        _check(is_right, f"{name} is answered {_said(given)}, and it is {describe(ticket)}")
        if isinstance(given, Admitted):
            self._only_people_have_moved(scan.ticket_id)

    def _only_people_have_moved(self, ticket_id: int) -> None:
        ticket = self.world.tickets.by_id(ticket_id)
        history = self.world.tickets.history(ticket_id)
        versions = [each.version for each in history]
        version = 0 if ticket is None else ticket.version
        name = f"the history of ticket {ticket_id}"
        is_complete = versions == list(range(1, version + 1))
        _check(is_complete, f"{name} has {versions}, and the ticket version {version}")
        before, after = history[-2:]
        _check(before.status is after.status, f"{name}: an admission makes it {after.status}")

    # --- always -------------------------------------------------------------------------------

    def _scans_add_up(self, ticket: Ticket) -> None:
        scans = self._scans(ticket)
        name = f"ticket {ticket.ticket_id} ({ticket.status})"
        people = sum(each.people for each in scans)
        _check(people == ticket.inside, f"{name} has {ticket.inside} inside, its scans {people}")
        kinds = Counter((each.scan_id, each.kind) for each in scans)
        _check(max(kinds.values(), default=1) == 1, f"a scan of {name} counts twice")
        has_room = ticket.status is _S.ISSUED and ticket.admitted < ticket.quantity
        _check(not (ticket.excess and has_room), f"{name} has excess, and room")

    def _no_more_let_in_than_paid_for(self, ticket: Ticket) -> None:
        parties = [each for each in self._parties(ticket) if each.asked]
        inside = sum(each.people for each in parties)
        name = f"ticket {ticket.ticket_id}"
        most = ticket.quantity
        _check(inside <= most, f"the service has let in {inside} of {most} people of {name}")

    def _reports_agree(self, tickets: Sequence[Ticket]) -> None:
        event_id = self.facts.event_id
        by_id = sorted(tickets, key=lambda each: each.ticket_id)
        expected = GateList(
            event_id=event_id,
            void=[each.ticket_id for each in by_id if each.status not in _LETS_IN],
            inside=[(each.ticket_id, each.inside) for each in by_id if each.inside],
        )
        shown = self.world.admissions.gate_list(event_id)
        _check(shown == expected, f"the gate list is {shown}, and should be {expected}")
        inside = Inside(
            admitted=sum(each.admitted for each in tickets),
            excess=sum(each.excess for each in tickets),
        )
        counted = self.world.admissions.inside(event_id)
        _check(counted == inside, f"the event has {counted}, its tickets have {inside}")
        over = self.world.admissions.with_excess(event_id, after=0, limit=MOST_OVER)
        told = [each.ticket_id for each in over]
        should = [each.ticket_id for each in by_id if each.excess]
        _check(told == should, f"the organizer is told of {told}, and should be of {should}")

    # --- once everything has settled ----------------------------------------------------------

    def _journals_are_stored(self, scans: Sequence[StoredScan]) -> None:
        kept = {each.scan_id for each in scans if each.kind is not ScanKind.REFUSED}
        lost = len(self.facts.gate.noted - kept)
        _check(not lost, f"{lost} of the noted scans are not stored")

    def _who_is_inside_is_counted(self, scan_id: UUID, counted: int) -> None:
        """Everybody else inside is counted as excess, so that the organizer can see them."""
        party = self.facts.gate.inside.get(scan_id)
        people = 0 if party is None else party.people
        _check(counted >= people, f"{people} went in by a scan that counts {counted}")
        if scan_id not in self.facts.gate.unfinished:
            _check(counted == people, f"a scan counts {counted}, and {people} are inside by it")

    def _scans(self, ticket: Ticket) -> Sequence[StoredScan]:
        return self.world.admissions.of_ticket(ticket.ticket_id)

    def _parties(self, ticket: Ticket) -> Sequence[Party]:
        inside = self.facts.gate.inside.values()
        return [each for each in inside if each.ticket_id == ticket.ticket_id]


def _is_right(given: ScanOutcome, ticket: Ticket, scan: Scan) -> bool:
    """Return whether a first answer fits the ticket as it is now."""
    left = ticket.quantity - ticket.admitted
    match given:
        case Admitted(people, now_left):
            return ticket.status is _S.ISSUED and (people, now_left) == (scan.people, left)
        case Void():
            return ticket.status not in _LETS_IN
        case NotPaid():
            return ticket.status in _LETS_IN and ticket.status is not _S.ISSUED
        case AlreadyAdmitted():
            return ticket.status is _S.ISSUED and left == 0
        case TooMany(now_left):
            return ticket.status is _S.ISSUED and 0 < now_left == left < (scan.people or left)
        case _:
            # No token of a run is forged, of another event or of a lost ticket.
            return False


def _said(outcome: ScanOutcome) -> str:
    """Return the part of an answer that a repeat must not change; the people inside may."""
    people = f" {outcome.people}" if isinstance(outcome, Admitted) else ""
    return f"{name_of(outcome)}{people}"


def _check(condition: bool, otherwise: str) -> None:  # noqa: FBT001 - as in an assert statement
    if not condition:
        raise PromiseBroken(otherwise)
