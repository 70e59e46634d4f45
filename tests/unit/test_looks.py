"""Looks at payments that news was about: no news is lost, and nothing starves."""

from contextlib import suppress
from itertools import count

import pytest
from attrs import evolve

from tests.unit.box_offices import HOLD, World
from tests.unit.broken_news import (
    ClearsBlindly,
    Countdown,
    Died,
    clears_before_the_look,
    fragile,
    noted,
)
from tests.unit.test_read_news import Variant, as_it_is
from tests.unit.test_refund_life import checkout_id
from ticketing_core import BoxOffice, Ticket, TicketStatus
from ticketing_core.changes import Replaced, Stale
from ticketing_core.errors import StoreUnavailable
from ticketing_core.payment import CheckoutState
from ticketing_core.testing import DisputeStatus, FakeGateway, Fault, InMemoryTickets, RefundStatus
from ticketing_core.testing.contracts.examples import MINUTE
from ticketing_core.use_cases.settle_due import Tally


def note(world: World, *tickets: Ticket) -> None:
    """Note that the tickets have to be looked at."""
    world.tickets.look_again([each.ticket_id for each in tickets], at=world.clock.now())


def settle(world: World, *, limit: int = 9) -> Tally:
    """Settle once."""
    return world.office.settle_due(limit=limit, by="settler")


class NewsDuringTheLook(FakeGateway):
    """After each look the rest is refunded by hand, and the news of it is read at once."""

    world: World

    def look_up(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.look_up`."""
        seen = super().look_up(checkout_id)
        self.give_back(checkout_id)
        note(self.world, *self.world.tickets.of_buyer("42", before=None, limit=9))
        return seen


def news_that_comes_during_a_look(tickets_class: type[InMemoryTickets]) -> None:
    """The look was too early to see what the news is about."""
    world = World()
    ticket = world.issued(world.event())
    tickets = tickets_class(world.events)
    vars(tickets).update(vars(world.tickets))
    gateway = NewsDuringTheLook(clock=world.clock)
    vars(gateway).update(vars(world.gateway))
    gateway.world = world
    note(world, ticket)
    evolve(world.office, tickets=tickets, gateway=gateway).settle_due(limit=9, by="settler")
    assert world.now(ticket).status is TicketStatus.ISSUED
    settle(world)
    assert world.now(ticket).status is TicketStatus.REFUNDED


def test_news_that_comes_during_a_look_is_looked_at_again() -> None:
    """The note is newer than the one that was claimed, so it stays."""
    news_that_comes_during_a_look(InMemoryTickets)


def test_control_clearing_a_note_blindly_is_caught() -> None:
    """Control: the refund would never be found."""
    with pytest.raises(AssertionError):
        news_that_comes_during_a_look(ClearsBlindly)


def test_a_look_ends_the_note(world: World) -> None:
    """It is not looked at again."""
    ticket = world.issued(world.event())
    world.gateway.give_back(checkout_id(ticket))
    note(world, ticket)
    assert settle(world).moved == {TicketStatus.REFUNDED: 1}
    world.clock.advance(HOLD)
    assert settle(world).claimed == 0


def test_a_look_without_an_answer_is_repeated(world: World) -> None:
    """After the lease of the claim, which grows."""
    ticket = world.issued(world.event())
    note(world, ticket)
    world.gateway.fail_next("look_up", Fault.BEFORE_EFFECT, times=2)
    looked = []
    for minute in range(20):
        if settle(world).claimed:
            looked.append(minute)
        world.clock.advance(MINUTE)
    assert looked == [0, 1, 3]


def test_a_look_at_a_checkout_that_is_missing_is_repeated(world: World) -> None:
    """The key may be that of another account for now; the right one finds the refund."""
    ticket = world.issued(world.event())
    world.gateway.give_back(checkout_id(ticket))
    record = world.gateway._checkouts.pop(checkout_id(ticket))  # noqa: SLF001 - and back below
    note(world, ticket)
    assert settle(world).left == 1
    world.gateway._checkouts[checkout_id(ticket)] = record  # noqa: SLF001 - as above
    world.clock.advance(MINUTE)
    assert settle(world).moved == {TicketStatus.REFUNDED: 1}


def whatever_call_of_a_look_fails(variant: Variant, *, dies: bool) -> None:
    """Let each call of a pass fail in turn; settling again finds the refund, and ends the note."""
    for calls in count():
        world = World()
        ticket = world.issued(world.event())
        world.gateway.give_back(checkout_id(ticket))
        note(world, ticket)
        countdown = Countdown(left=calls, dies=dies)
        with suppress(Died, StoreUnavailable):
            variant(fragile(world.office, countdown)).settle_due(limit=9, by="settler")
        for _ in range(2):
            world.clock.advance(MINUTE)
            variant(world.office).settle_due(limit=9, by="settler")
        assert world.now(ticket).status is TicketStatus.REFUNDED
        assert noted(world) == set()
        if not countdown.is_over:
            return


@pytest.mark.parametrize("dies", [True, False])
def test_a_look_that_fails_at_any_call_is_repeated(dies: bool) -> None:  # noqa: FBT001 - pytest gives it
    """The process dies before the call, or its answer is lost."""
    whatever_call_of_a_look_fails(as_it_is, dies=dies)


def test_control_a_note_that_is_cleared_before_the_look_is_caught() -> None:
    """Control: a crash then loses it."""
    with pytest.raises(AssertionError):
        whatever_call_of_a_look_fails(clears_before_the_look, dies=True)


def test_a_ticket_that_is_due_and_noted_is_settled_once(world: World) -> None:
    """And counted once. The note is gone afterwards."""
    bought = world.paid(world.event())
    note(world, bought.ticket)
    world.clock.advance(HOLD)
    tally = settle(world)
    assert (tally.claimed, tally.moved) == (1, {TicketStatus.ISSUED: 1})
    world.clock.advance(HOLD)
    assert settle(world).claimed == 0


def test_neither_looks_nor_what_is_due_starves(world: World) -> None:
    """A third of a pass is for looks while there are any; each may have what the other leaves."""
    event = world.event(capacity=100)
    issued = [world.issued(event) for _ in range(6)]
    for _ in range(6):
        world.to_pay(event)
    world.clock.advance(HOLD)
    note(world, *issued)
    first = settle(world, limit=6)
    assert (first.moved, first.left, first.more) == ({TicketStatus.EXPIRED: 4}, 2, True)
    second = settle(world, limit=6)
    assert (second.moved, second.left, second.more) == ({TicketStatus.EXPIRED: 2}, 4, True)
    third = settle(world, limit=6)
    assert (third.claimed, third.more) == (0, False)


def test_a_pass_of_one_ticket_gets_to_the_looks(world: World) -> None:
    """When nothing is due."""
    ticket = world.issued(world.event())
    world.gateway.give_back(checkout_id(ticket))
    note(world, ticket)
    assert settle(world, limit=1).moved == {TicketStatus.REFUNDED: 1}


# --- what a pass reports ------------------------------------------------------------------------


class ClaimedByAnother(InMemoryTickets):
    """One payment belongs to another ticket."""

    failing_id = 0

    def replace(self, old: Ticket, new: Ticket, **rest: object) -> Replaced | Stale:
        """See `TicketRepository.replace`."""
        if old.ticket_id == self.failing_id:
            raise ValueError("the payment belongs to another ticket")
        return super().replace(old, new, **rest)  # type: ignore[arg-type]  # passed through


def test_whatever_fails_with_one_ticket_the_others_go_on(world: World) -> None:
    """The tally says which one and why; settling tries it again."""
    event = world.event()
    tickets = ClaimedByAnother(world.events)
    office: BoxOffice = evolve(world.office, tickets=tickets)
    for _ in range(3):
        office.reserve(event_id=event.event_id, quantity=1, buyer="42")
    tickets.failing_id = 2
    world.clock.advance(HOLD)
    tally = office.settle_due(limit=9, by="settler")
    assert (tally.failed, tally.moved) == (1, {TicketStatus.EXPIRED: 2})
    assert {key: str(error) for key, error in tally.failures.items()} == {
        2: "the payment belongs to another ticket"
    }
    tickets.failing_id = 0
    world.clock.advance(MINUTE)
    assert office.settle_due(limit=9, by="settler").moved == {TicketStatus.EXPIRED: 1}


def days_stuck(world: World, ticket: Ticket, days: int) -> list[tuple[str | None, bool]]:
    """Settle every hour; return the problems of the ticket in the order they were reported."""
    reported = []
    for _ in range(24 * days):
        for stuck in settle(world).stuck:
            assert stuck.ticket_id == ticket.ticket_id
            reported.append((stuck.refund_problem, stuck.waits_for_person))
        world.clock.advance(60 * MINUTE)
    return reported


def test_a_refund_that_waits_for_a_person_is_reported_once_a_day(world: World) -> None:
    """When the ticket is looked at, not in every pass."""
    ticket = world.issued(world.event())
    world.gateway.dispute(checkout_id(ticket))
    world.gateway.decide_dispute(checkout_id(ticket), DisputeStatus.LOST)
    note(world, ticket)
    settle(world)
    world.gateway.decide_dispute(checkout_id(ticket), DisputeStatus.WON)
    note(world, ticket)
    assert days_stuck(world, ticket, 3) == [("appeal_won", True)] * 3


def test_a_refund_that_is_refused_is_reported_with_each_try(world: World) -> None:
    """So is one that waits for the buyer, once a day."""
    ticket = world.issued(world.event())
    world.gateway.fail_next("refund", Fault.REFUSED)
    world.gateway.refund_as(RefundStatus.REQUIRES_ACTION)
    world.office.refund(ticket_id=ticket.ticket_id, by="organizer")
    assert world.now(ticket).refund_problem == "refused"
    assert set(days_stuck(world, ticket, 2)) == {("requires_action", False)}
    assert len(days_stuck(world, ticket, 2)) == 2
