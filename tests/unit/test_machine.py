"""The state machine over the store in memory, and broken variants that it has to catch."""

from typing import ClassVar

import pytest
from attrs import evolve
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.machine import ALL_TRANSITIONS, BoxOfficeMachine, Store
from ticketing_core import Money, Ticket, TicketStatus
from ticketing_core.errors import SoldOut
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
from ticketing_core.testing import FakeGateway, InMemoryEvents, InMemoryTickets

# The same examples in each run, as far as Hypothesis can: whether all transitions are taken
# must not depend on luck.
STEADY = settings(
    derandomize=True, max_examples=300, stateful_step_count=40, deadline=None, database=None
)
# A control only has to fail, and stops where it does; making its example small takes longest.
UNSHRUNK = settings(STEADY, max_examples=1000, phases=[Phase.generate], print_blob=False)


def store_over(tickets: InMemoryTickets, events: InMemoryEvents) -> Store:
    """A store in memory that can lose a commit."""

    def lose_commit(ticket: Ticket) -> None:
        reserved = evolve(
            ticket,
            status=TicketStatus.RESERVED,
            checkout=None,
            version=1,
            held_until=ticket.created_at,
        )
        # No port can lose a commit, so the test reaches behind it.
        tickets._by_id[ticket.ticket_id] = reserved  # noqa: SLF001
        del tickets._history[ticket.ticket_id][1:]  # noqa: SLF001
        tickets._next_try_at[ticket.ticket_id] = ticket.created_at  # noqa: SLF001

    return Store(events=events, tickets=tickets, lose_commit=lose_commit)


class InMemoryMachine(BoxOfficeMachine):
    """Over dictionaries."""

    taken: ClassVar = set()
    tickets_class = InMemoryTickets

    def make_store(self) -> Store:
        """See `BoxOfficeMachine`."""
        events = InMemoryEvents()
        return store_over(self.tickets_class(events), events)


def test_the_promises_hold_after_each_step_and_every_transition_is_taken() -> None:
    """Hundreds of runs of forty steps, and no line of the table left out."""
    run_state_machine_as_test(InMemoryMachine, settings=STEADY)
    assert InMemoryMachine.taken == ALL_TRANSITIONS


class ChecksThenActs(InMemoryTickets):
    """Broken: it looks for free places without counting those it gives."""

    def hold(self, draft: TicketDraft) -> HoldOutcome:
        """See `TicketRepository.hold`."""
        event = self._events.by_id(draft.event_id)
        if event is None or event.places_left < draft.quantity:
            return SoldOut(0)
        ticket = draft.ticket(len(self._by_id) + 1)
        self._write(ticket, at=draft.at, why="reserved", by="buyer")
        return Held(ticket)


class TakesSilenceForClosed(FakeGateway):
    """Broken: no answer to closing counts as closed."""

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


class BelievesTheRedirect(FakeGateway):
    """Broken: whoever comes back has paid."""

    def look_up(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.look_up`."""
        state = super().look_up(checkout_id)
        if not isinstance(state, Open):
            return state
        record = self._checkouts[checkout_id]
        return Paid(
            ticket_code=record.ticket_code,
            captured=record.total,
            refunded=Money(0, record.total.currency),
        )


class RefundsNothing(FakeGateway):
    """Broken: it says that the money was given back, and keeps it."""

    def refund(self, ticket: Ticket) -> RefundOutcome:
        """See `PaymentGateway.refund`."""
        del ticket
        return GivenBack()


@pytest.mark.parametrize(
    ("gateway", "tickets"),
    [
        (FakeGateway, ChecksThenActs),
        (TakesSilenceForClosed, InMemoryTickets),
        (ClosesNothing, InMemoryTickets),
        (BelievesTheRedirect, InMemoryTickets),
        (RefundsNothing, InMemoryTickets),
    ],
)
def test_control_a_broken_variant_is_caught(
    gateway: type[FakeGateway], tickets: type[InMemoryTickets]
) -> None:
    """The same run over a broken store or gateway fails."""

    class Broken(InMemoryMachine):
        tickets_class = tickets
        gateway_class = gateway
        taken: ClassVar = set()

    with pytest.raises(AssertionError):
        run_state_machine_as_test(Broken, settings=UNSHRUNK)
