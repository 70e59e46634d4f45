"""The gate in the state machine: people go in, twice, offline and out again, whatever else happens.

It knows how many people each scan has let in, and what a repeat of it has to be answered.
"""

from collections import Counter
from typing import Any
from uuid import UUID

from attrs import frozen
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, invariant, rule

from tests.support.machine import QUANTITY, BoxOfficeMachine
from ticketing_core import AdmissionClaims, Ticket, TicketStatus
from ticketing_core.gate import Gate
from ticketing_core.gate_list import GateList
from ticketing_core.scan import (
    Admitted,
    Inside,
    Known,
    NothingYet,
    Recorded,
    ScanKind,
    StrayEntry,
    TakenBack,
    Withdrawn,
    WrongEvent,
)
from ticketing_core.testing import PlainSigner
from ticketing_core.use_cases.sync import JournalEntry

BY = "alice"
AT = {"gate": "North", "by": BY}


@frozen
class Shown:
    """A look at a ticket of people who want to go in."""

    scan_id: UUID
    ticket: Ticket
    people: int

    @property
    def token(self) -> str:
        """What the QR code says."""
        return PlainSigner().sign(AdmissionClaims.of(self.ticket))


class GateMachine(BoxOfficeMachine):
    """Inherit, and implement `make_store`."""

    bought = BoxOfficeMachine.bought
    scans = Bundle("scans")

    def __init__(self) -> None:
        super().__init__()
        self.gate = Gate(
            events=self.events,
            tickets=self.tickets,
            admissions=self.admissions,
            signer=PlainSigner(),
            gateway=self.gateway,
            clock=self.clock,
        )
        # By scan: what a repeat is answered, who went in, and who came out again.
        self.answers: dict[UUID, tuple[type, int]] = {}
        self.went_in: dict[UUID, int] = {}
        self.came_out: dict[UUID, int] = {}
        self.shown: list[Shown] = []
        # Tickets that were scanned since the last look at their scans.
        self.scanned: set[int] = set()

    # --- what happens at the gate -------------------------------------------------------------

    @rule(target=scans, purchase=bought, people=QUANTITY)
    def check_in(self, purchase: Any, people: int) -> Shown:
        """Show a ticket, whatever has become of it."""
        shown = self._show(purchase.ticket, people)
        outcome = self._ask(shown)
        self.answers[shown.scan_id] = _told(outcome)
        if isinstance(outcome, Admitted):
            self.went_in[shown.scan_id] = people
            now = self.tickets.by_id(shown.ticket.ticket_id)
            assert now is not None
            assert (now.status, now.quantity - now.admitted) == (TicketStatus.ISSUED, outcome.left)
        return shown

    @rule(shown=scans)
    def ask_again(self, shown: Shown) -> None:
        """The answer was lost: the first one comes again, but not once the scan was undone."""
        assert _told(self._ask(shown)) == self.answers[shown.scan_id]

    @rule(shown=scans, offline=st.booleans())
    def undo(self, shown: Shown, offline: bool) -> None:  # noqa: FBT001 - drawn
        """Take a scan back, perhaps again."""
        inside = self.went_in.get(shown.scan_id, 0)
        people = self.came_out.setdefault(shown.scan_id, inside)
        self.answers[shown.scan_id] = Withdrawn, 0
        self.scanned.add(shown.ticket.ticket_id)
        outcome: object
        if offline:
            outcome = self._sync(shown, undo=True)
        else:
            asked: Any = {"event_id": shown.ticket.event_id, "scan_id": shown.scan_id, **AT}
            outcome = self.gate.undo(shown=shown.token, **asked)
        assert _told(outcome) == ((TakenBack, people) if people else (NothingYet, 0))

    @rule(target=scans, purchase=bought)
    def undo_what_has_not_arrived(self, purchase: Any) -> Shown:
        """The undo overtakes its scan."""
        shown = self._show(purchase.ticket, 1)
        self.undo(shown, offline=False)
        return shown

    @rule(shown=scans)
    def sync(self, shown: Shown) -> None:
        """A device did not hear the answer to a scan, and let the people in."""
        known = shown.scan_id in self.went_in or shown.scan_id in self.came_out
        expected = (Known, 0) if known else (Recorded, shown.people)
        assert _told(self._sync(shown)) == expected
        if not known:
            self.went_in[shown.scan_id] = shown.people
            self.answers[shown.scan_id] = Admitted, shown.people

    @rule(target=scans, purchase=bought, people=QUANTITY)
    def go_in_offline(self, purchase: Any, people: int) -> Shown:
        """A device could not ask, and knows nothing of the ticket."""
        shown = self._show(purchase.ticket, people)
        self.sync(shown)
        return shown

    @rule(purchase=bought)
    def go_elsewhere(self, purchase: Any) -> None:
        """Show a ticket of another event, online and offline."""
        shown = self._show(purchase.ticket, 1)
        other = sum(self.event_ids) - shown.ticket.event_id
        assert _told(self._ask(shown, event_id=other)) == (WrongEvent, 0)
        assert _told(self._sync(shown, event_id=other)) == (StrayEntry, 0)

    def _show(self, ticket: Ticket, people: int) -> Shown:
        shown = Shown(UUID(int=len(self.shown) + 1, version=4), ticket, people)
        self.shown.append(shown)
        return shown

    def _ask(self, shown: Shown, *, event_id: int | None = None) -> object:
        self.scanned.add(shown.ticket.ticket_id)
        asked: Any = {"scan_id": shown.scan_id, "people": shown.people, "shown": shown.token, **AT}
        return self.gate.check_in(event_id=event_id or shown.ticket.event_id, **asked).outcome

    def _sync(self, shown: Shown, *, event_id: int | None = None, undo: bool = False) -> object:
        self.scanned.add(shown.ticket.ticket_id)
        now = self.clock.now()
        noted = JournalEntry(
            scan_id=shown.scan_id,
            token=shown.token,
            people=shown.people,
            at=now,
            gate="South",
            undo=undo,
        )
        event_id = event_id or shown.ticket.event_id
        (synced,) = self.gate.sync([noted], event_id=event_id, sent_at=now, by=BY)
        return synced.outcome

    # --- after each step ----------------------------------------------------------------------

    @invariant()
    def everybody_is_counted_once(self) -> None:
        """By the ticket, by its scans, by the event, by the gate list, and by who has seen it."""
        inside: Counter[int] = Counter()
        for shown in self.shown:
            went_in = self.went_in.get(shown.scan_id, 0)
            inside[shown.ticket.ticket_id] += went_in - self.came_out.get(shown.scan_id, 0)
        tickets = sorted(self._all(), key=lambda ticket: ticket.ticket_id)
        for ticket in tickets:
            assert ticket.admitted + ticket.excess == inside[ticket.ticket_id]
            assert 0 <= ticket.admitted <= ticket.quantity
            if ticket.ticket_id in self.scanned:
                self._scans_agree(ticket)
        self.scanned.clear()
        for event_id in self.event_ids:
            of_event = [ticket for ticket in tickets if ticket.event_id == event_id]
            counted = Inside(
                admitted=sum(ticket.admitted for ticket in of_event),
                excess=sum(ticket.excess for ticket in of_event),
            )
            assert self.admissions.inside(event_id) == counted
            by_gate = self.admissions.by_gate(event_id)
            assert sum(each.people for each in by_gate) == counted.admitted + counted.excess
            assert self.admissions.gate_list(event_id) == GateList.of(event_id, of_event)

    def _scans_agree(self, ticket: Ticket) -> None:
        scans = self.admissions.of_ticket(ticket.ticket_id)
        people = sum(scan.people for scan in scans if scan.kind is not ScanKind.STRAY)
        assert people == ticket.admitted + ticket.excess
        stored = Counter((scan.scan_id, scan.kind) for scan in scans)
        assert set(stored.values()) <= {1}


def _told(outcome: object) -> tuple[type, int]:
    """Return what must be the same each time: how many are left may change."""
    seen = isinstance(outcome, Admitted | Recorded | TakenBack)
    return type(outcome), outcome.people if seen else 0  # type: ignore[attr-defined]  # narrowed
