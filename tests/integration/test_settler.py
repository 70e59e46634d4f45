"""The settler: one of many processes goes over what is due, and once a day compares all."""

import time
from datetime import timedelta

import pytest

from tests.unit.box_offices import HOLD, World
from ticketing_core import TicketStatus
from ticketing_core.errors import GatewayUnavailable
from ticketing_core.testing import Fault, InMemoryLeases
from ticketing_service.settler import BATCH, LEASE, PAUSE_SECONDS, RECONCILE_AGAIN, Settler

DAY = timedelta(days=1)


@pytest.fixture
def world() -> World:
    """A seller without events."""
    return World()


def settlers(world: World, count: int) -> list[Settler]:
    """So many processes that share one store."""
    leases = InMemoryLeases()
    return [Settler(office=world.office, leases=leases) for _ in range(count)]


def test_all_that_is_due_is_settled_batch_by_batch(world: World) -> None:
    """In one run, however many there are."""
    event = world.event(capacity=2 * BATCH)
    for _ in range(BATCH + 1):
        world.office.reserve(event_id=event.event_id, quantity=1, buyer="42")
    world.clock.advance(HOLD)
    (settler,) = settlers(world, 1)
    settler.run_once()
    assert world.kept(event) == 0


def test_one_process_of_many_settles(world: World) -> None:
    """Until its lease ends; then another one does."""
    first, second = settlers(world, 2)
    event = world.event(capacity=100)
    first.run_once()
    world.office.reserve(event_id=event.event_id, quantity=1, buyer="42")
    world.clock.advance(LEASE + timedelta(seconds=1))
    first.run_once()
    assert world.kept(event) == 0
    world.office.reserve(event_id=event.event_id, quantity=1, buyer="42")
    world.clock.advance(LEASE - timedelta(seconds=1))
    second.run_once()
    assert world.kept(event) == 1
    world.clock.advance(timedelta(seconds=1))
    second.run_once()
    assert world.kept(event) == 0


def test_all_is_compared_once_a_day(world: World) -> None:
    """By whoever comes first: a payment that nobody told of is found."""
    first, second = settlers(world, 2)
    first.run_once()
    bought = world.paid(world.event())
    second.run_once()
    assert world.now(bought.ticket).status is TicketStatus.PAYING
    world.clock.advance(DAY)
    second.run_once()
    assert world.now(bought.ticket).status is TicketStatus.ISSUED


def test_a_comparison_that_got_no_answer_is_made_again_soon(world: World) -> None:
    """An outage at that minute does not leave a day's payments uncompared."""
    first, second = settlers(world, 2)
    ticket = world.issued(world.event())
    assert ticket.checkout is not None
    # Settling has nothing to do with an issued ticket: only a comparison finds this.
    world.gateway.give_back(ticket.checkout.checkout_id)
    world.gateway.fail_next("list_checkouts", Fault.BEFORE_EFFECT)
    with pytest.raises(GatewayUnavailable):
        first.run_once()
    second.run_once()
    assert world.now(ticket).status is TicketStatus.ISSUED
    world.clock.advance(RECONCILE_AGAIN)
    second.run_once()
    assert world.now(ticket).status is TicketStatus.REFUNDED


def test_whoever_waits_for_places_need_not_wait_for_the_next_pass(world: World) -> None:
    """Being woken begins a pass at once."""
    event = world.event()
    world.office.reserve(event_id=event.event_id, quantity=1, buyer="42")
    world.clock.advance(HOLD)
    (settler,) = settlers(world, 1)
    settler.wake()
    settler.start()
    deadline = time.monotonic() + PAUSE_SECONDS
    while world.kept(event):
        assert time.monotonic() < deadline, "nobody was woken before the next pass"
        time.sleep(0.01)
