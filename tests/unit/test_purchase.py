"""Purchase: free tickets are issued, paid ones get a checkout, and every refusal takes nothing."""

from datetime import datetime, timedelta

import pytest
from attrs import evolve

from tests.unit.box_offices import BUYER, HOLD, World
from ticketing_core import Issued, Money, TicketStatus
from ticketing_core.errors import (
    EventChanged,
    EventNotFound,
    IdempotencyKeyReused,
    OrderClosed,
    OverBuyerLimit,
    Overloaded,
    OverOrderLimit,
    PaymentNotStarted,
    PaymentRefused,
    PurchaseInProgress,
    PurchaseRefused,
    SaleClosed,
    SaleNotOpen,
    SoldOut,
    TotalTooLarge,
    TotalTooSmall,
)
from ticketing_core.event import Event
from ticketing_core.payment import GatewayObjection, Open, OpenOutcome
from ticketing_core.reservation import TicketDraft
from ticketing_core.testing import FakeGateway, Fault, InMemoryTickets
from ticketing_core.ticket import Replaced, Stale, Ticket

MINUTE = timedelta(minutes=1)


def test_a_free_ticket_is_issued_at_once(world: World) -> None:
    """Without a checkout, with a QR that reads as the ticket."""
    event = world.event(price=0)
    bought = world.office.purchase(event_id=event.event_id, quantity=3, buyer=BUYER)
    assert isinstance(bought, Issued)
    assert bought.ticket == world.now(bought.ticket)
    assert (bought.ticket.status, bought.ticket.checkout) == (TicketStatus.ISSUED, None)
    assert bought.admission.qr_code.decode() == bought.admission.token
    assert world.kept(event) == 3


def test_a_paid_ticket_waits_at_its_checkout(world: World) -> None:
    """Its places are kept for the hold; the address is stored with it."""
    event = world.event()
    bought = world.to_pay(event, quantity=3)
    stored = world.now(bought.ticket)
    assert stored.status is TicketStatus.PAYING
    assert stored.total == Money(7500, "usd")
    assert stored.held_until == world.clock.now() + HOLD
    assert stored.checkout is not None
    assert (stored.checkout.checkout_id, stored.checkout.url) == (
        bought.checkout_id,
        bought.checkout_url,
    )
    assert world.kept(event) == 3


def test_a_checkout_outlives_a_short_hold(world: World) -> None:
    """A gateway takes none shorter than half an hour; settling ends it at the hold."""
    office = evolve(world.office, hold=5 * MINUTE)
    ticket = office.purchase(event_id=world.event().event_id, quantity=1, buyer=BUYER).ticket
    assert ticket.held_until == world.clock.now() + 5 * MINUTE
    assert ticket.checkout is not None
    assert ticket.checkout.ends_at == world.clock.now() + 35 * MINUTE


@pytest.mark.parametrize("hold", [timedelta(seconds=59), timedelta(minutes=1381)])
def test_a_hold_has_bounds(world: World, hold: timedelta) -> None:
    """One minute to twenty-three hours."""
    with pytest.raises(ValueError, match="hold"):
        evolve(world.office, hold=hold)


def refused(world: World, event_id: int, *, quantity: int = 1, buyer: str = BUYER) -> Exception:
    """The error of a purchase, after checking that it took nothing."""
    before = [world.events.by_id(e.event_id) for e in world.events.newest(before=None, limit=9)]
    tickets = len(world.tickets.of_buyer(buyer, before=None, limit=99))
    with pytest.raises((PurchaseRefused, EventNotFound)) as caught:
        world.office.purchase(event_id=event_id, quantity=quantity, buyer=buyer)
    after = [world.events.by_id(e.event_id) for e in world.events.newest(before=None, limit=9)]
    assert after == before
    assert len(world.tickets.of_buyer(buyer, before=None, limit=99)) == tickets
    return caught.value


def test_an_unknown_event_is_told(world: World) -> None:
    """Not taken for sold out."""
    assert isinstance(refused(world, 999), EventNotFound)


def test_too_few_places_are_told_with_their_number(world: World) -> None:
    """So that the buyer can ask for fewer."""
    error = refused(world, world.event(capacity=2).event_id, quantity=3)
    assert isinstance(error, SoldOut)
    assert (error.places_left, error.retryable) == (2, False)


def test_places_that_are_about_to_be_freed_are_worth_another_try(world: World) -> None:
    """An order that was not paid in time still keeps them, until settling has closed it."""
    event = world.event(capacity=2)
    world.to_pay(event, quantity=2)
    before = refused(world, event.event_id)
    world.clock.advance(HOLD)
    after = refused(world, event.event_id)
    assert isinstance(before, SoldOut)
    assert isinstance(after, SoldOut)
    assert (before.retryable, after.retryable) == (False, True)
    assert after.retry_after is not None
    world.settle_due()
    world.to_pay(event, quantity=2)


def test_an_order_over_the_limit_is_told(world: World) -> None:
    """With the limit."""
    error = refused(world, world.event(max_per_order=4).event_id, quantity=5)
    assert isinstance(error, OverOrderLimit)
    assert error.limit == 4


def test_a_buyer_over_his_limit_is_sent_back_to_his_open_checkout(world: World) -> None:
    """The error carries the ticket that waits, and where to pay it."""
    event = world.event(max_per_buyer=3)
    waiting = world.to_pay(event, quantity=2)
    error = refused(world, event.event_id, quantity=2)
    assert isinstance(error, OverBuyerLimit)
    assert (error.limit, error.kept) == (3, 2)
    assert (error.ticket_id, error.checkout_url) == (
        waiting.ticket.ticket_id,
        waiting.checkout_url,
    )


def test_a_buyer_over_his_limit_without_open_checkout_is_told_so(world: World) -> None:
    """Everything is issued, so there is nowhere to go back to."""
    event = world.event(max_per_buyer=2)
    world.issued(event)
    error = refused(world, event.event_id)
    assert isinstance(error, OverBuyerLimit)
    assert (error.ticket_id, error.checkout_url) == (None, None)


def test_a_sale_has_a_beginning_and_an_end(world: World) -> None:
    """Before it the opening is told, after it that it is over."""
    opens_at = world.clock.now() + MINUTE
    event = world.event(opens_at=opens_at, closes_at=opens_at + MINUTE)
    early = refused(world, event.event_id)
    assert isinstance(early, SaleNotOpen)
    assert early.opens_at == opens_at
    world.clock.advance(2 * MINUTE)
    assert isinstance(refused(world, event.event_id), SaleClosed)


def test_a_total_has_a_largest_and_a_smallest_amount(world: World) -> None:
    """Both are known without asking the gateway."""
    dear = world.event(price=50_000_000)
    cheap = world.event(price=49)
    too_large = refused(world, dear.event_id, quantity=2)
    assert isinstance(too_large, TotalTooLarge)
    assert isinstance(refused(world, cheap.event_id), TotalTooSmall)
    assert world.to_pay(dear, quantity=1).ticket.total.amount_minor == 50_000_000


def test_a_gateway_without_room_takes_nothing_and_leaves_the_key(world: World) -> None:
    """The buyer is told when to come back; his ticket is made then, under the same key."""

    class Full(FakeGateway):
        def objection(self, total: Money) -> GatewayObjection | None:
            """Object to anything for a while."""
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


def test_who_loses_the_race_for_the_gateway_gives_his_places_back(world: World) -> None:
    """He is told the same as whoever found no room at first, and the key stays his."""

    class Overtaken(FakeGateway):
        def open(self, ticket: Ticket, *, event_name: str, ends_at: datetime) -> OpenOutcome:
            """Have had room when it was asked, and none now."""
            del ticket, event_name, ends_at
            return Overloaded(MINUTE)

    event = world.event()
    crowded = evolve(world.office, gateway=Overtaken(clock=world.clock))
    with pytest.raises(Overloaded) as raised:
        crowded.purchase(event_id=event.event_id, quantity=2, buyer=BUYER, key="k")
    assert (raised.value.retryable, raised.value.retry_after) == (True, MINUTE)
    assert world.only_ticket().status is TicketStatus.CANCELLED
    assert world.kept(event) == 0
    assert world.to_pay(event, key="k").ticket.status is TicketStatus.PAYING


def test_a_refused_payment_frees_the_places_and_the_key(world: World) -> None:
    """The buyer may try again under the same key, and gets a ticket then."""
    event = world.event()
    world.gateway.fail_next("open", Fault.REFUSED)
    with pytest.raises(PaymentRefused):
        world.to_pay(event, key="k")
    assert world.only_ticket().status is TicketStatus.CANCELLED
    assert world.kept(event) == 0
    assert world.to_pay(event, key="k").ticket.status is TicketStatus.PAYING


@pytest.mark.parametrize("fault", [Fault.BEFORE_EFFECT, Fault.AFTER_EFFECT, Fault.LATE_EFFECT])
def test_a_gateway_that_does_not_answer_frees_the_places(world: World, fault: Fault) -> None:
    """A checkout may exist, but nobody has its address; it ends by itself."""
    event = world.event()
    world.gateway.fail_next("open", fault)
    with pytest.raises(PaymentNotStarted):
        world.to_pay(event)
    world.gateway.land_late_effects()
    assert world.only_ticket().status is TicketStatus.CANCELLED
    assert world.kept(event) == 0
    world.clock.advance(36 * MINUTE)
    assert not world.gateway.payable_for(world.only_ticket().ticket_code)


def test_whoever_lost_his_reservation_closes_the_checkout_he_opened(world: World) -> None:
    """While the gateway was slow, settling gave the reservation up."""
    event = world.event()
    clock, settle_due, opened = world.clock, world.settle_due, world.gateway.open

    def slow_open(*args: object, **kwargs: object) -> object:
        clock.advance(3 * MINUTE)
        settle_due()
        return opened(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they came

    world.gateway.open = slow_open  # type: ignore[assignment]  # somebody else wins here
    with pytest.raises(PaymentNotStarted):
        world.to_pay(event)
    ticket = world.only_ticket()
    assert ticket.status is TicketStatus.EXPIRED
    assert not world.gateway.payable_for(ticket.ticket_code)
    assert world.kept(event) == 0


class ChangingEvents(InMemoryTickets):
    """A store in which the price is always changed between the reading and the hold."""

    def hold(self, draft: TicketDraft) -> EventChanged:
        """See `TicketRepository.hold`."""
        del draft
        return EventChanged()


def test_a_price_that_changes_meanwhile_is_told(world: World) -> None:
    """Nobody pays another price than the one decided on."""
    office = evolve(world.office, tickets=ChangingEvents(world.events))
    with pytest.raises(EventChanged):
        office.purchase(event_id=world.event().event_id, quantity=1, buyer=BUYER)


def test_a_repeated_purchase_answers_the_first_one(world: World) -> None:
    """The same ticket and checkout while it is unpaid and after; nothing more is kept."""
    event = world.event()
    first = world.to_pay(event, key="k")
    assert world.to_pay(event, key="k") == first
    world.gateway.pay(first.checkout_url)
    issued = world.verify(first)
    again = world.to_pay(event, key="k")
    assert (again.ticket, again.checkout_url) == (issued, first.checkout_url)
    assert world.kept(event) == 2


def test_a_repeated_free_purchase_answers_the_first_one(world: World) -> None:
    """With its QR."""
    event = world.event(price=0)
    bought = [
        world.office.purchase(event_id=event.event_id, quantity=1, buyer=BUYER, key="k")
        for _ in range(2)
    ]
    assert bought[0] == bought[1]
    assert world.kept(event) == 1


def test_a_key_stands_for_one_request(world: World) -> None:
    """Another quantity or event under it is a mistake of the caller."""
    event = world.event()
    world.to_pay(event, quantity=2, key="k")
    for quantity in (3, 10**9):
        with pytest.raises(IdempotencyKeyReused):
            world.to_pay(event, quantity=quantity, key="k")
    assert world.kept(event) == 2


def test_a_repeat_while_the_first_is_at_work_is_told_to_wait(world: World) -> None:
    """It neither buys again nor disturbs the first."""
    event = world.event()
    opened = world.gateway.open
    seen: list[Exception] = []

    def doubled_open(*args: object, **kwargs: object) -> object:
        with pytest.raises(PurchaseInProgress) as caught:
            world.to_pay(event, key="k")
        seen.append(caught.value)
        return opened(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they came

    world.gateway.open = doubled_open  # type: ignore[assignment]  # a second click comes here
    first = world.to_pay(event, key="k")
    assert len(seen) == 1
    assert world.now(first.ticket).status is TicketStatus.PAYING
    assert world.kept(event) == 2


def test_a_key_of_an_order_given_up_is_not_used_again(world: World) -> None:
    """Its checkout was handed out, so the buyer has to decide anew."""
    event = world.event()
    bought = world.to_pay(event, key="k")
    world.office.cancel(ticket_id=bought.ticket.ticket_id, buyer=BUYER)
    with pytest.raises(OrderClosed):
        world.to_pay(event, key="k")


def test_a_reservation_alone_gives_up_after_two_minutes(world: World) -> None:
    """What a crash left between the hold and the checkout frees its places by itself."""
    event = world.event()
    held = world.office.reserve(event_id=event.event_id, quantity=4, buyer=BUYER)
    assert held.status is TicketStatus.RESERVED
    world.clock.advance(2 * MINUTE - timedelta(microseconds=1))
    world.settle_due()
    assert world.kept(event) == 4
    world.clock.advance(timedelta(microseconds=1))
    world.settle_due()
    assert world.now(held).status is TicketStatus.EXPIRED
    assert world.kept(event) == 0


class HandsOutFirst(InMemoryTickets):
    """A broken store: it says that the checkout is stored, and stores nothing."""

    def replace(self, old: Ticket, new: Ticket, **told: object) -> Replaced | Stale:
        """See `TicketRepository.replace`."""
        if new.status is TicketStatus.PAYING:
            return Replaced(new)
        return super().replace(old, new, **told)  # type: ignore[arg-type]  # passed on


def test_control_an_address_handed_out_before_it_is_stored_loses_money(world: World) -> None:
    """Promise 3's order matters: without it a buyer pays for places that were given up."""
    event: Event = world.event()
    tickets = HandsOutFirst(world.events)
    office = evolve(world.office, tickets=tickets)
    bought = office.purchase(event_id=event.event_id, quantity=2, buyer=BUYER)
    world.clock.advance(3 * MINUTE)
    for due in tickets.claim_due(now=world.clock.now(), limit=9):
        office.settle(due, by="settler")
    assert bought.ticket.checkout is not None
    world.gateway.pay(bought.ticket.checkout.url)
    lost = tickets.by_id(bought.ticket.ticket_id)
    assert lost is not None
    assert lost.status is TicketStatus.EXPIRED
    assert world.gateway.captured_for(lost.ticket_code) == 5000


class Crash(BaseException):
    """The process dies here."""


def crash_while_opening(world: World, event: Event) -> Ticket:
    """A purchase under the key ``k`` whose process dies at the gateway; the ticket it leaves."""
    opened = world.gateway.open

    def die(*args: object, **kwargs: object) -> object:
        opened(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they came
        raise Crash

    world.gateway.open = die  # type: ignore[assignment]  # the process dies here
    with pytest.raises(Crash):
        world.to_pay(event, key="k")
    world.gateway.open = opened  # type: ignore[method-assign]  # the next process is well
    return world.only_ticket()


def test_a_repeat_takes_over_what_a_crash_left(world: World) -> None:
    """Not before a minute has passed; then one ticket keeps places, and one can be paid."""
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


def test_a_repeat_waits_for_the_first_call_and_answers_the_same(world: World) -> None:
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

    world.clock.sleep = finish_first  # type: ignore[method-assign]  # the first call goes on here
    again = world.to_pay(event, key="k")
    assert again.ticket == world.now(left)
    assert again.checkout_url == checkout.checkout.url
    assert world.kept(event) == 2
