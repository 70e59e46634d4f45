"""The settling pass: bounded, slow to repeat, and not stopped by failures."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from attrs import evolve

from tests.unit.box_offices import HOLD, World
from ticketing_core import Ticket, TicketStatus
from ticketing_core.changes import Replaced, Stale
from ticketing_core.errors import StoreUnavailable
from ticketing_core.testing import Fault, InMemoryTickets
from ticketing_core.testing.contracts.examples import MINUTE


def test_a_pass_settles_each_kind_of_due_ticket(world: World) -> None:
    """It counts the results."""
    event = world.event(capacity=100)
    world.office.reserve(event_id=event.event_id, quantity=1, buyer="42")
    unpaid, paid, owed = world.to_pay(event), world.paid(event), world.issued(event)
    world.gateway.fail_next("refund", Fault.BEFORE_EFFECT)
    world.office.refund(ticket_id=owed.ticket_id, by="organizer")
    world.clock.advance(HOLD)
    tally = world.office.settle_due(limit=10, by="settler")
    assert (tally.claimed, tally.left, tally.failed) == (4, 0, 0)
    assert tally.moved == {
        TicketStatus.EXPIRED: 2,
        TicketStatus.ISSUED: 1,
        TicketStatus.REFUNDED: 1,
    }
    assert world.now(unpaid.ticket).status is TicketStatus.EXPIRED
    assert world.now(paid.ticket).status is TicketStatus.ISSUED
    assert world.office.settle_due(limit=10, by="settler").claimed == 0


def test_a_pass_is_bounded_and_may_run_in_parallel(world: World) -> None:
    """The next pass takes the rest."""
    event = world.event(capacity=100)
    for _ in range(5):
        world.to_pay(event)
    world.clock.advance(HOLD)
    with ThreadPoolExecutor(4) as pool:
        assert world.office.settle_due(limit=3, by="settler", run=pool.map).claimed == 3
        assert world.office.settle_due(limit=3, by="settler", run=pool.map).claimed == 2
    assert world.kept(event) == 0


def test_a_slow_payment_is_looked_up_every_ten_minutes(world: World) -> None:
    """However long it takes, the places stay kept."""
    event = world.event()
    bought = world.to_pay(event)
    world.gateway.pay_slowly(bought.checkout_url)
    world.clock.advance(HOLD)
    for _ in range(12):
        assert world.office.settle_due(limit=9, by="settler").left == 1
        world.clock.advance(10 * MINUTE - timedelta(seconds=1))
        assert world.office.settle_due(limit=9, by="settler").claimed == 0
        world.clock.advance(timedelta(seconds=1))
    assert world.kept(event) == 2
    world.gateway.decide(bought.checkout_id, paid=True)
    assert world.office.settle_due(limit=9, by="settler").moved == {TicketStatus.ISSUED: 1}


def test_a_ticket_without_an_answer_is_tried_less_and_less_often(world: World) -> None:
    """So it does not delay the others."""
    bought = world.paid(world.event())
    world.clock.advance(HOLD)
    world.gateway.fail_next("look_up", Fault.BEFORE_EFFECT, times=99)
    tries = 0
    for _ in range(240):
        tries += world.office.settle_due(limit=9, by="settler").claimed
        world.clock.advance(MINUTE)
    assert tries == 9
    world.gateway.heal()
    world.clock.advance(60 * MINUTE)
    world.office.settle_due(limit=9, by="settler")
    assert world.now(bought.ticket).status is TicketStatus.ISSUED


def test_a_refused_refund_is_tried_less_and_less_often(world: World) -> None:
    """With a new key each time, until it succeeds."""
    ticket = world.issued(world.event())
    world.gateway.fail_next("refund", Fault.REFUSED, times=4)
    world.office.refund(ticket_id=ticket.ticket_id, by="organizer")
    tried = []
    for minute in range(40):
        if world.office.settle_due(limit=9, by="settler").claimed:
            tried.append(minute)
        world.clock.advance(MINUTE)
    assert tried == [0, 4, 12, 28]
    assert world.now(ticket).status is TicketStatus.REFUNDED


class FailsForOne(InMemoryTickets):
    """A store that does not answer when one of the tickets is changed."""

    failing_id = 0

    def replace(self, old: Ticket, new: Ticket, **rest: object) -> Replaced | Stale:
        """See `TicketRepository.replace`."""
        if old.ticket_id == self.failing_id:
            raise StoreUnavailable
        return super().replace(old, new, **rest)  # type: ignore[arg-type]  # passed through


def test_a_ticket_that_fails_does_not_stop_the_others(world: World) -> None:
    """It is counted as failed, and due again when its lease ends."""
    event = world.event()
    tickets = FailsForOne(world.events)
    office = evolve(world.office, tickets=tickets)
    for _ in range(3):
        office.reserve(event_id=event.event_id, quantity=1, buyer="42")
    tickets.failing_id = 2
    world.clock.advance(2 * MINUTE)
    tally = office.settle_due(limit=9, by="settler")
    assert (tally.failed, tally.moved) == (1, {TicketStatus.EXPIRED: 2})
    tickets.failing_id = 0
    world.clock.advance(MINUTE)
    assert office.settle_due(limit=9, by="settler").moved == {TicketStatus.EXPIRED: 1}
