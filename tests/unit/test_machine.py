"""The state machine over the store in memory, and broken variants that it has to detect."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import pytest
from attrs import evolve
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.checked_machine import ALL_TRANSITIONS, Store
from tests.support.gate_machine import GateMachine
from tests.unit.box_offices import lose_commit
from ticketing_core import Ticket
from ticketing_core.errors import SoldOut
from ticketing_core.gate_rules import Decision
from ticketing_core.payment import (
    CheckoutState,
    Closed,
    GivenBack,
    Open,
    Paid,
    RefundOutcome,
    Unknown,
)
from ticketing_core.reservation import Held, HoldOutcome, TicketDraft
from ticketing_core.scan import (
    Entry,
    EntryOutcome,
    GateRequest,
    Known,
    NothingYet,
    ScanKind,
    StoredScan,
    Undo,
    UndoOutcome,
)
from ticketing_core.testing import (
    FakeGateway,
    InMemoryAdmissions,
    InMemoryEvents,
    InMemoryInstallation,
    InMemoryTickets,
)

# The same examples in each run, as far as Hypothesis can: whether all transitions are made
# must not depend on luck.
STEADY = settings(
    derandomize=True, max_examples=300, stateful_step_count=40, deadline=None, database=None
)
# A control only has to fail; shrinking its example would take the most time.
UNSHRUNK = settings(STEADY, max_examples=1000, phases=[Phase.generate], print_blob=False)


class InMemoryMachine(GateMachine):
    """The machine over the store in memory."""

    transitions: ClassVar = set()
    tickets_class = InMemoryTickets
    admissions_class = InMemoryAdmissions

    def make_store(self) -> Store:
        """See `GateMachine`."""
        events = InMemoryEvents()
        tickets = self.tickets_class(events)
        return Store(
            events=events,
            tickets=tickets,
            installation=InMemoryInstallation(events),
            admissions=self.admissions_class(events, tickets),
            lose_commit=partial(lose_commit, tickets),
        )


def test_the_promises_hold_after_each_step_and_every_transition_is_made() -> None:
    """Hundreds of runs of forty steps make every transition of the table."""
    run_state_machine_as_test(InMemoryMachine, settings=STEADY)
    assert InMemoryMachine.transitions == ALL_TRANSITIONS


class ChecksThenActs(InMemoryTickets):
    """Broken: it checks for free places and does not count those it takes."""

    def hold(self, draft: TicketDraft) -> HoldOutcome:
        """See `TicketRepository.hold`."""
        event = self._events.by_id(draft.event_id)
        if event is None or event.places_left < draft.quantity:
            return SoldOut(0)
        ticket = draft.ticket(len(self._by_id) + 1)
        self.write(ticket, at=draft.at, why="reserved", by="buyer")
        return Held(ticket)


class TakesNoAnswerForClosed(FakeGateway):
    """Broken: it takes no answer to closing for closed."""

    def close(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.close`."""
        state = super().close(checkout_id)
        return Closed() if isinstance(state, Unknown) else state


class ClosesNothing(FakeGateway):
    """Broken: it frees the places and leaves the checkout open."""

    def close(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.close`."""
        state = self.look_up(checkout_id)
        return Closed() if isinstance(state, Open) else state


class TrustsTheRedirect(FakeGateway):
    """Broken: it takes an open checkout for paid."""

    def look_up(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.look_up`."""
        state = super().look_up(checkout_id)
        if not isinstance(state, Open):
            return state
        record = self._checkouts[checkout_id]
        return Paid(
            ticket_code=record.ticket_code,
            payment_id=f"pay_{checkout_id}",
            total=record.total,
        )


class RefundsNothing(FakeGateway):
    """Broken: it reports a refund and keeps the money."""

    def refund(self, paid: Paid, *, key: str) -> RefundOutcome:
        """See `PaymentGateway.refund`."""
        del paid, key
        return GivenBack()


class KnowsNoScans(InMemoryAdmissions):
    """Broken: it counts a scan again when it is repeated."""

    def _stored(self, scan: GateRequest) -> Sequence[StoredScan]:
        return [each for each in super()._stored(scan) if each.scan_id != scan.scan_id]


class ForgetsUndos(InMemoryAdmissions):
    """Broken: it notes nothing of an undo that overtakes its scan."""

    def take_back(self, undo: Undo) -> UndoOutcome:
        """See `Admissions.take_back`."""
        if not self._stored(undo):
            return NothingYet()
        return super().take_back(undo)


class RefusesEntries(InMemoryAdmissions):
    """Broken: it takes over only entries of people with a right."""

    def record(self, entry: Entry) -> EntryOutcome:
        """See `Admissions.record`."""
        ticket = self._tickets.by_id(entry.ticket_id)
        if ticket is not None and entry.people > ticket.quantity - ticket.admitted:
            return Known()
        return super().record(entry)


class ForgetsRefusals(InMemoryAdmissions):
    """Broken: it decides anew on a scan that was refused."""

    def _write(self, decided: Decision[Any], ticket: Ticket | None, scan: GateRequest) -> None:
        refused = decided.scan is not None and decided.scan.kind is ScanKind.REFUSED
        super()._write(evolve(decided, scan=None) if refused else decided, ticket, scan)


@pytest.mark.parametrize(
    "broken",
    [
        {"tickets_class": ChecksThenActs},
        {"gateway_class": TakesNoAnswerForClosed},
        {"gateway_class": ClosesNothing},
        {"gateway_class": TrustsTheRedirect},
        {"gateway_class": RefundsNothing},
        {"admissions_class": KnowsNoScans},
        {"admissions_class": ForgetsUndos},
        {"admissions_class": RefusesEntries},
        {"admissions_class": ForgetsRefusals},
    ],
    ids=lambda broken: next(iter(broken.values())).__name__,
)
def test_control_a_broken_variant_is_detected(broken: Mapping[str, type]) -> None:
    """The same runs over a broken store or gateway fail."""
    variant = {**broken, "transitions": set(), "__doc__": "Broken."}
    Broken = type("Broken", (InMemoryMachine,), variant)  # noqa: N806 - a class

    with pytest.raises(AssertionError):
        run_state_machine_as_test(Broken, settings=UNSHRUNK)
