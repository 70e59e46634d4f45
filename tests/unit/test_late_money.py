"""Money that moves late, without any notification, is found by reading the news every hour."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.unit.box_offices import World
from tests.unit.test_read_news import read
from tests.unit.test_refund_life import checkout_id
from ticketing_core import Ticket
from ticketing_core.testing import DisputeStatus

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

Pass = Callable[[World], object]


def settles(world: World) -> None:
    """What a service does that only settles what is due."""
    world.settle_due()


def reads_and_settles(world: World) -> None:
    """What a service does every hour."""
    read(world)
    world.settle_due()


def days_pass(world: World, days: int, each_hour: Pass) -> None:
    """Let so many days pass."""
    for _ in range(24 * days):
        world.clock.advance(HOUR)
        each_hour(world)


def a_refund_on_day_two(world: World, each_hour: Pass) -> tuple[Ticket, str]:
    """The seller refunds all of it in the Dashboard."""
    ticket = world.issued(world.event())
    days_pass(world, 2, each_hour)
    world.gateway.give_back(checkout_id(ticket))
    return ticket, "refunded"


def a_refund_that_is_returned_on_day_33(world: World, each_hour: Pass) -> tuple[Ticket, str]:
    """The buyer's account is closed; so is the refund that is made then, and a person decides."""
    ticket = world.issued(world.event())
    world.office.refund(ticket_id=ticket.ticket_id, by="organizer")
    days_pass(world, 33, each_hour)
    world.gateway.send_back(checkout_id(ticket))
    days_pass(world, 1, each_hour)
    world.gateway.send_back(checkout_id(ticket))
    return ticket, "refunding"


def a_chargeback_after_two_months(world: World, each_hour: Pass) -> tuple[Ticket, str]:
    """The bank decides at once."""
    ticket = world.issued(world.event())
    days_pass(world, 60, each_hour)
    world.gateway.dispute(checkout_id(ticket), status=DisputeStatus.OPEN)
    days_pass(world, 1, each_hour)
    world.gateway.decide_dispute(checkout_id(ticket), DisputeStatus.LOST)
    return ticket, "refunded"


STORIES = [a_refund_on_day_two, a_refund_that_is_returned_on_day_33, a_chargeback_after_two_months]
Story = Callable[[World, Pass], tuple[Ticket, str]]


@pytest.mark.parametrize("story", STORIES)
def test_it_is_found_within_a_day(world: World, story: Story) -> None:
    """Nobody looks at tickets in rotation, and no notification came."""
    ticket, ends = story(world, reads_and_settles)
    days_pass(world, 1, reads_and_settles)
    assert world.now(ticket).status == ends


@pytest.mark.parametrize("story", STORIES)
def test_control_without_reading_it_is_never_found(world: World, story: Story) -> None:
    """Control: settling alone never sees it."""
    ticket, ends = story(world, settles)
    days_pass(world, 40, settles)
    assert world.now(ticket).status != ends
