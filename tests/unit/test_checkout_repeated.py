"""Opening the checkout of one reservation again: the address that was handed out stays payable."""

from datetime import datetime, timedelta

import pytest

from tests.unit.box_offices import BUYER, HOLD, World
from ticketing_core import Ticket, TicketStatus
from ticketing_core.changes import Replaced
from ticketing_core.errors import PaymentNotStarted
from ticketing_core.payment import Open, OpenOutcome, Unknown
from ticketing_core.testing import Fault


@pytest.fixture(autouse=True, params=["strict", "lenient"])
def _gateway(world: World, request: pytest.FixtureRequest) -> None:
    """Use a gateway that takes only the same values for one idempotency key, and any other."""
    if request.param == "strict":
        make_strict(world)


def make_strict(world: World) -> None:
    """Let the gateway refuse other values for an idempotency key, as real ones do."""
    opened, first_ends = world.gateway.open, dict[str, datetime]()

    def strict_open(
        ticket: Ticket, *, event_name: str, ends_at: datetime, email: str | None = None
    ) -> OpenOutcome:
        if first_ends.setdefault(ticket.open_key, ends_at) != ends_at:
            return Unknown("the key belongs to another request")
        return opened(ticket, event_name=event_name, ends_at=ends_at, email=email)

    world.gateway.open = strict_open  # type: ignore[method-assign]  # stricter than the fake


def reserved(world: World) -> Ticket:
    """Return a new reservation."""
    return world.office.reserve(event_id=world.event().event_id, quantity=2, buyer=BUYER)


def payable(world: World, ticket: Ticket) -> int:
    """Return how many checkouts of the ticket can be paid."""
    return len(world.gateway.payable_for(ticket.ticket_code))


def open_from_now(world: World, ticket: Ticket) -> Ticket:
    """Broken variant: the hold counts from each call, and a late call closes what it opened."""
    held_until = world.clock.now() + HOLD
    outcome = world.gateway.open(ticket, event_name="Concert", ends_at=held_until)
    if not isinstance(outcome, Open):
        world.tickets.replace(ticket, ticket.cancelled(), at=held_until, why="-", by="test")
        raise PaymentNotStarted
    paying = ticket.paying(outcome.checkout, until=held_until)
    stored = world.tickets.replace(ticket, paying, at=held_until, why="opened", by="test")
    if not isinstance(stored, Replaced):
        world.gateway.close(outcome.checkout.checkout_id)
        raise PaymentNotStarted
    return stored.ticket


def test_a_repeat_returns_the_same_checkout(world: World) -> None:
    """At once and later. It stays payable, and the places stay kept as long as at first."""
    ticket = reserved(world)
    first = world.office.open_checkout(ticket)
    for _ in range(2):
        assert world.office.open_checkout(ticket) == first == world.now(ticket)
        assert payable(world, ticket) == 1
        world.clock.advance(timedelta(seconds=10))


def test_a_repeat_returns_the_ticket_that_was_paid_meanwhile(world: World) -> None:
    """It is issued, and stays so."""
    ticket = reserved(world)
    first = world.office.open_checkout(ticket)
    assert first.checkout is not None
    world.gateway.pay(first.checkout.url)
    world.office.settle(first, by="test")
    again = world.office.open_checkout(ticket)
    assert again.status is TicketStatus.ISSUED
    assert again == world.now(ticket)


@pytest.mark.parametrize("fault", [Fault.BEFORE_EFFECT, Fault.REFUSED])
def test_a_repeat_that_fails_returns_what_was_opened(world: World, fault: Fault) -> None:
    """The first call has handed the address out, whatever becomes of the second."""
    ticket = reserved(world)
    first = world.office.open_checkout(ticket)
    world.gateway.fail_next("open", fault)
    assert world.office.open_checkout(ticket) == first
    assert payable(world, ticket) == 1


def test_a_repeat_after_a_crash_stores_what_was_opened(world: World) -> None:
    """The process died between opening the checkout and storing it."""
    ticket = reserved(world)
    world.gateway.open(ticket, event_name="Concert", ends_at=ticket.created_at + HOLD)
    world.clock.advance(timedelta(seconds=10))
    again = world.office.open_checkout(ticket)
    assert again.status is TicketStatus.PAYING
    assert payable(world, ticket) == 1


def test_a_repeat_for_a_cancelled_ticket_fails(world: World) -> None:
    """Its checkout stays closed."""
    ticket = reserved(world)
    world.office.open_checkout(ticket)
    world.office.cancel(ticket_id=ticket.ticket_id, buyer=BUYER)
    with pytest.raises(PaymentNotStarted):
        world.office.open_checkout(ticket)
    assert payable(world, ticket) == 0


class TestControl:
    """The broken variant breaks both promises, each at one kind of gateway."""

    @pytest.fixture(autouse=True)
    def _gateway(self) -> None:
        """Leave the gateway to the tests."""

    def test_control_a_late_call_closes_the_page_where_the_buyer_is(self, world: World) -> None:
        """Control: a second later it counts another hold, and loses the compare-and-swap."""
        ticket = reserved(world)
        open_from_now(world, ticket)
        world.clock.advance(timedelta(seconds=1))
        with pytest.raises(PaymentNotStarted):
            open_from_now(world, ticket)
        assert world.now(ticket).status is TicketStatus.PAYING
        assert payable(world, ticket) == 0

    def test_control_a_repeat_after_a_crash_gives_the_reservation_up(self, world: World) -> None:
        """Control: the gateway knows its key with another end."""
        make_strict(world)
        ticket = reserved(world)
        world.gateway.open(ticket, event_name="Concert", ends_at=world.clock.now() + HOLD)
        world.clock.advance(timedelta(seconds=10))
        with pytest.raises(PaymentNotStarted):
            open_from_now(world, ticket)
        assert world.now(ticket).status is TicketStatus.CANCELLED
