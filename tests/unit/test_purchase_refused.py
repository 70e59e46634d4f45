"""Refused purchases: each error reports what the buyer can do, and nothing is taken."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

import pytest
from attrs import evolve

from tests.unit.box_offices import BUYER, HOLD, World
from ticketing_core import Issued, Money, TicketStatus
from ticketing_core.errors import (
    EventChanged,
    EventNotFound,
    OverBuyerLimit,
    Overloaded,
    OverOrderLimit,
    PurchaseRefused,
    SaleClosed,
    SaleNotOpen,
    SoldOut,
    TotalTooLarge,
    TotalTooSmall,
)
from ticketing_core.payment import GatewayObjection
from ticketing_core.reservation import TicketDraft
from ticketing_core.testing import FakeGateway, InMemoryTickets
from ticketing_core.testing.contracts.examples import MINUTE


def refusal(world: World, event_id: int, *, quantity: int = 1, buyer: str = BUYER) -> Exception:
    """Return the error of a purchase, after checking that it took nothing."""
    before = [world.events.by_id(e.event_id) for e in world.events.newest(before=None, limit=9)]
    tickets = len(world.tickets.of_buyer(buyer, before=None, limit=99))
    with pytest.raises((PurchaseRefused, EventNotFound)) as caught:
        world.office.purchase(event_id=event_id, quantity=quantity, buyer=buyer)
    after = [world.events.by_id(e.event_id) for e in world.events.newest(before=None, limit=9)]
    assert after == before
    assert len(world.tickets.of_buyer(buyer, before=None, limit=99)) == tickets
    return caught.value


def test_an_unknown_event_is_not_found(world: World) -> None:
    """It is not reported as sold out."""
    assert isinstance(refusal(world, 999), EventNotFound)


@pytest.mark.parametrize("price", [0, 2500])
@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"event_id": "1"}, "event_id must be a whole number from 1 to .*, not str"),
        ({"event_id": 0}, "event_id must be a whole number"),
        ({"quantity": "2"}, "quantity must be a whole number from 1 to .*, not str"),
        ({"quantity": -1}, "quantity must be a whole number"),
        ({"buyer": 42}, "buyer must be text that is not empty, not int"),
        ({"key": UUID(int=1)}, "key must be text that is not empty, not UUID"),
        ({"key": "k" * 201}, "key must have at most 200 characters"),
    ],
)
def test_an_argument_that_no_call_could_take_is_named(
    world: World, price: int, wrong: dict[str, object], text: str
) -> None:
    """Whether the event is free or not. Nothing is taken."""
    event = world.event(price=price)
    arguments: dict[str, Any] = {"event_id": event.event_id, "quantity": 2, "buyer": BUYER}
    with pytest.raises(ValueError, match=f"^{text}"):
        world.office.purchase(**(arguments | wrong))
    assert world.kept(event) == 0


def test_a_ticket_is_named_by_a_number(world: World) -> None:
    """Frameworks give path parameters as text."""
    with pytest.raises(ValueError, match=r"ticket_id must be a whole number from 1 to .*, not str"):
        world.office.verify(ticket_id=cast("Any", "1"), checkout_id="c", buyer=BUYER)


def test_an_instant_has_a_time_zone(world: World) -> None:
    """Otherwise the gateway would be asked for another one."""
    naive = datetime(2030, 1, 1)  # noqa: DTZ001 - that is the point
    with pytest.raises(ValueError, match="checkouts_since must be an aware datetime"):
        world.office.read_news(checkouts_since=naive)
    with pytest.raises(ValueError, match="since must be an aware datetime"):
        next(world.office.reconcile(since=naive))


def test_a_sold_out_event_reports_the_places_left(world: World) -> None:
    """So the buyer can order fewer."""
    error = refusal(world, world.event(capacity=2).event_id, quantity=3)
    assert isinstance(error, SoldOut)
    assert (error.places_left, error.retryable) == (2, False)


def test_a_sold_out_event_is_retryable_while_places_are_due(world: World) -> None:
    """An order that was not paid in time keeps its places until settling has closed it."""
    event = world.event(capacity=2)
    world.to_pay(event, quantity=2)
    before = refusal(world, event.event_id)
    world.clock.advance(HOLD)
    after = refusal(world, event.event_id)
    assert isinstance(before, SoldOut)
    assert isinstance(after, SoldOut)
    assert (before.retryable, after.retryable) == (False, True)
    assert after.retry_after is not None
    world.settle_due()
    world.to_pay(event, quantity=2)


def test_an_order_has_a_limit(world: World) -> None:
    """The error reports it."""
    error = refusal(world, world.event(max_per_order=4).event_id, quantity=5)
    assert isinstance(error, OverOrderLimit)
    assert error.limit == 4


def test_a_buyer_over_the_limit_gets_the_open_checkout(world: World) -> None:
    """The error has the ticket to pay, and the address."""
    event = world.event(max_per_buyer=3)
    open_order = world.to_pay(event, quantity=2)
    error = refusal(world, event.event_id, quantity=2)
    assert isinstance(error, OverBuyerLimit)
    assert (error.limit, error.kept) == (3, 2)
    assert (error.ticket_id, error.checkout_url) == (
        open_order.ticket.ticket_id,
        open_order.checkout_url,
    )


def test_unpaid_orders_have_to_be_paid_or_cancelled_first(world: World) -> None:
    """The error says so, and leads back to the newest of them. What is cancelled frees the room."""
    event = world.event(capacity=99)
    orders = [world.to_pay(event, quantity=10) for _ in range(2)]
    error = refusal(world, event.event_id)
    assert isinstance(error, OverBuyerLimit)
    assert (error.limit, error.kept, error.unpaid) == (20, 20, True)
    assert (error.ticket_id, error.checkout_url) == (
        orders[1].ticket.ticket_id,
        orders[1].checkout_url,
    )
    assert "Pay for your open orders or cancel them first." in error.detail
    world.office.cancel(ticket_id=orders[0].ticket.ticket_id, buyer=BUYER)
    world.to_pay(event, quantity=10)


def test_a_buyer_over_the_limit_without_an_open_checkout_gets_none(world: World) -> None:
    """All the buyer's tickets are issued."""
    event = world.event(max_per_buyer=2)
    world.issued(event)
    error = refusal(world, event.event_id)
    assert isinstance(error, OverBuyerLimit)
    assert (error.ticket_id, error.checkout_url) == (None, None)


def test_a_sale_has_a_beginning_and_an_end(world: World) -> None:
    """Before it, the error reports the opening."""
    opens_at = world.clock.now() + MINUTE
    event = world.event(opens_at=opens_at, closes_at=opens_at + MINUTE)
    early = refusal(world, event.event_id)
    assert isinstance(early, SaleNotOpen)
    assert early.opens_at == opens_at
    world.clock.advance(2 * MINUTE)
    assert isinstance(refusal(world, event.event_id), SaleClosed)


def test_a_total_has_a_largest_and_a_smallest_amount(world: World) -> None:
    """Both are decided without a call to the gateway."""
    expensive = world.event(price=50_000_000)
    cheap = world.event(price=49)
    too_large = refusal(world, expensive.event_id, quantity=2)
    assert isinstance(too_large, TotalTooLarge)
    assert isinstance(refusal(world, cheap.event_id), TotalTooSmall)
    assert world.to_pay(expensive, quantity=1).ticket.total.amount_minor == 50_000_000


def test_a_gateway_without_room_takes_nothing_and_leaves_the_key(world: World) -> None:
    """The error reports when to retry, and a retry with the same key succeeds."""

    class Full(FakeGateway):
        def objection(self, total: Money) -> GatewayObjection | None:
            """See `PaymentGateway.objection`."""
            del total
            return Overloaded(MINUTE)

    event, free = world.event(), world.event(price=0)
    crowded = evolve(world.office, gateway=Full(clock=world.clock))
    with pytest.raises(Overloaded) as raised:
        crowded.purchase(event_id=event.event_id, quantity=2, buyer=BUYER, key="k")
    assert (raised.value.retryable, raised.value.retry_after) == (True, MINUTE)
    assert world.tickets.of_buyer(BUYER, before=None, limit=1) == []
    assert isinstance(
        crowded.purchase(event_id=free.event_id, quantity=2, buyer=BUYER, key="f"), Issued
    )
    assert world.to_pay(event, key="k").ticket.status is TicketStatus.PAYING


class ChangingEvents(InMemoryTickets):
    """A store in which the event changes between reading it and the hold."""

    def hold(self, draft: TicketDraft) -> EventChanged:
        """See `TicketRepository.hold`."""
        del draft
        return EventChanged()


def test_an_event_that_changes_meanwhile_is_refused(world: World) -> None:
    """No buyer pays another price than the one they saw."""
    office = evolve(world.office, tickets=ChangingEvents(world.events))
    with pytest.raises(EventChanged):
        office.purchase(event_id=world.event().event_id, quantity=1, buyer=BUYER)


class AlwaysFull(FakeGateway):
    """A gateway that returns one and the same object each time."""

    FULL = Overloaded(MINUTE)

    def objection(self, total: Money) -> GatewayObjection:
        """See `PaymentGateway.objection`."""
        del total
        return self.FULL


def test_a_port_may_return_the_same_refusal_again(world: World) -> None:
    """A copy is raised: the object of the port gathers no traceback of all its raises."""
    event = world.event()
    office = evolve(world.office, gateway=AlwaysFull(clock=world.clock))
    for _ in range(2):
        with pytest.raises(Overloaded) as caught:
            office.purchase(event_id=event.event_id, quantity=1, buyer=BUYER)
        assert caught.value == AlwaysFull.FULL
    assert AlwaysFull.FULL.__traceback__ is None
