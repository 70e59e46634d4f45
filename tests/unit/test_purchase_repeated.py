"""Repeated purchases: with the same key nothing is bought twice."""

from datetime import timedelta

import pytest

from tests.unit.box_offices import BUYER, HOLD, World
from ticketing_core import TicketStatus, ToPay
from ticketing_core.errors import (
    IdempotencyKeyReused,
    OrderClosed,
    Overloaded,
    PurchaseInProgress,
)
from ticketing_core.event import Event
from ticketing_core.payment import Open
from ticketing_core.reservation import HoldOutcome, TicketDraft
from ticketing_core.ticket import Ticket


def test_a_repeated_purchase_returns_the_first_one(world: World) -> None:
    """It returns the same ticket and checkout, paid or not, and keeps no more places."""
    event = world.event()
    first = world.to_pay(event, key="k")
    assert world.to_pay(event, key="k") == first
    world.gateway.pay(first.checkout_url)
    issued = world.verify(first)
    again = world.to_pay(event, key="k")
    assert (again.ticket, again.checkout_url) == (issued, first.checkout_url)
    assert world.kept(event) == 2


def test_a_repeated_free_purchase_returns_the_first_one(world: World) -> None:
    """With its QR code."""
    event = world.event(price=0)
    bought = [
        world.office.purchase(event_id=event.event_id, quantity=1, buyer=BUYER, key="k")
        for _ in range(2)
    ]
    assert bought[0] == bought[1]
    assert world.kept(event) == 1


def test_a_key_belongs_to_one_request(world: World) -> None:
    """Another quantity with the same key is a mistake of the caller."""
    event = world.event()
    world.to_pay(event, quantity=2, key="k")
    for quantity in (3, 10**4):
        with pytest.raises(IdempotencyKeyReused):
            world.to_pay(event, quantity=quantity, key="k")
    assert world.kept(event) == 2


def test_a_repeat_during_the_first_call_is_in_progress(world: World) -> None:
    """It neither buys again nor disturbs the first call."""
    event = world.event()
    opened = world.gateway.open
    seen: list[Exception] = []

    def doubled_open(*args: object, **kwargs: object) -> object:
        with pytest.raises(PurchaseInProgress) as caught:
            world.to_pay(event, key="k")
        seen.append(caught.value)
        return opened(*args, **kwargs)  # type: ignore[arg-type]  # passed through

    world.gateway.open = doubled_open  # type: ignore[assignment]  # a second click meanwhile
    first = world.to_pay(event, key="k")
    assert len(seen) == 1
    assert world.now(first.ticket).status is TicketStatus.PAYING
    assert world.kept(event) == 2


def test_the_key_of_a_cancelled_order_stays_used(world: World) -> None:
    """Its checkout was handed out, so the buyer has to decide again, with a new key."""
    event = world.event()
    bought = world.to_pay(event, key="k")
    world.office.cancel(ticket_id=bought.ticket.ticket_id, buyer=BUYER)
    with pytest.raises(OrderClosed):
        world.to_pay(event, key="k")


class Crash(BaseException):
    """The process dies here."""


def crash_while_opening(world: World, event: Event) -> Ticket:
    """Let a purchase with the key ``k`` die at the gateway, and return the ticket it leaves."""
    opened = world.gateway.open

    def die(*args: object, **kwargs: object) -> object:
        opened(*args, **kwargs)  # type: ignore[arg-type]  # passed through
        raise Crash

    world.gateway.open = die  # type: ignore[assignment]  # the process dies here
    with pytest.raises(Crash):
        world.to_pay(event, key="k")
    world.gateway.open = opened  # type: ignore[method-assign]  # the next process works
    return world.only_ticket()


def test_a_repeat_takes_over_what_a_crash_left(world: World) -> None:
    """After a minute, not before. Then one ticket keeps places, and it can be paid."""
    event = world.event()
    left = crash_while_opening(world, event)
    with pytest.raises(PurchaseInProgress):
        world.to_pay(event, key="k")
    assert world.now(left).status is TicketStatus.RESERVED
    world.clock.advance(timedelta(minutes=1))
    second = world.to_pay(event, key="k")
    assert world.now(left).status is TicketStatus.CANCELLED
    assert second.ticket.ticket_id != left.ticket_id
    assert world.kept(event) == 2
    assert world.to_pay(event, key="k") == second


def test_a_repeat_waits_for_the_first_call_and_returns_its_ticket(world: World) -> None:
    """The first call finishes while the second one sleeps."""
    event = world.event()
    left = crash_while_opening(world, event)
    checkout = world.gateway.open(left, event_name="Concert", ends_at=world.clock.now() + HOLD)
    assert isinstance(checkout, Open)
    slept = world.clock.sleep

    def finish_first(duration: timedelta) -> None:
        paying = left.paying(checkout.checkout, until=world.clock.now() + HOLD)
        world.tickets.replace(left, paying, at=world.clock.now(), why="opened", by="first")
        slept(duration)

    world.clock.sleep = finish_first  # type: ignore[method-assign]  # the first call finishes here
    again = world.to_pay(event, key="k")
    assert again.ticket == world.now(left)
    assert again.checkout_url == checkout.checkout.url
    assert world.kept(event) == 2


def test_a_repeat_waits_by_reading(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each hold locks the event, for which free purchases wait: two are enough for a repeat."""
    event = world.event()
    crash_while_opening(world, event)
    hold, holds = world.tickets.hold, []

    def counted(draft: TicketDraft) -> HoldOutcome:
        holds.append(draft)
        return hold(draft)

    monkeypatch.setattr(world.tickets, "hold", counted)
    with pytest.raises(PurchaseInProgress):
        world.to_pay(event, key="k")
    assert len(holds) <= 2


def repeated_without_room(world: World, monkeypatch: pytest.MonkeyPatch) -> tuple[ToPay, ToPay]:
    """Repeat a purchase while the gateway has no room; return both."""
    event = world.event()
    first = world.to_pay(event, key="k")
    full = Overloaded(timedelta(seconds=5))
    monkeypatch.setattr(world.gateway, "objection", lambda _: full)
    for key in (None, "another"):
        with pytest.raises(Overloaded):
            world.to_pay(event, key=key)
    assert world.kept(event) == 2
    return first, world.to_pay(event, key="k")


def test_a_repeat_needs_no_room_at_the_gateway(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is opened for it. Others are refused before they take places."""
    first, again = repeated_without_room(world, monkeypatch)
    assert again == first


def test_a_repeat_that_is_not_known_is_the_control(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the look-up it would be refused: the test above would fail."""
    monkeypatch.setattr(world.tickets, "by_key", lambda *_: None)
    with pytest.raises(Overloaded):
        repeated_without_room(world, monkeypatch)
