"""The contract of `PaymentGateway`, and what a suite needs from the world around it."""

import abc
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from attrs import evolve

from ticketing_core.money import Money
from ticketing_core.payment import (
    CheckoutState,
    Closed,
    GivenBack,
    ListedCheckout,
    ListedPage,
    Missing,
    Open,
    Paid,
    Processing,
    Refused,
)
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.ticket import Checkout, Ticket, TicketStatus

TOTAL = Money(7500, "usd")


class GatewayWorld(Protocol):
    """What buyers, banks and time do around a gateway. `FakeGateway` is one itself."""

    def pay(self, url: str) -> None:
        """The buyer pays the page at ``url``. It raises if the page does not take it."""

    def decline(self, url: str) -> None:
        """The buyer tries a card that is declined."""

    def pay_slowly(self, url: str) -> None:
        """The buyer pays with a method that decides later."""

    def decide(self, checkout_id: str, *, paid: bool) -> None:
        """The slow payment succeeds or fails."""

    def give_back(self, checkout_id: str, amount_minor: int | None = None) -> None:
        """The seller refunds by hand."""

    def send_back(self, checkout_id: str) -> None:
        """The buyer's bank returns the refund."""

    def dispute(self, checkout_id: str) -> None:
        """The buyer's bank opens a dispute."""


class PaymentGatewayContract(abc.ABC):
    """What every gateway does. Inherit, and say how to make one and the world around it."""

    @abc.abstractmethod
    def make_gateway(self) -> tuple[PaymentGateway, GatewayWorld]:
        """A gateway without checkouts, and who acts on it."""

    @abc.abstractmethod
    def now(self) -> datetime:
        """The present instant of that world."""

    @abc.abstractmethod
    def advance(self, duration: timedelta) -> None:
        """Let time pass in that world."""

    def reserved(self, number: int = 1) -> Ticket:
        """A ticket that waits for its checkout."""
        return Ticket(
            ticket_id=number,
            ticket_code=UUID(int=number, version=4),
            event_id=15,
            buyer="42",
            quantity=3,
            total=TOTAL,
            status=TicketStatus.RESERVED,
            created_at=self.now(),
            held_until=self.now() + timedelta(minutes=2),
        )

    def opened(self, gateway: PaymentGateway, ticket: Ticket) -> Checkout:
        """The ticket's checkout, open for 35 minutes."""
        ends_at = ticket.created_at + timedelta(minutes=35)
        outcome = gateway.open(ticket, event_name="Concert", ends_at=ends_at)
        assert isinstance(outcome, Open), outcome
        return outcome.checkout

    def paid(
        self, gateway: PaymentGateway, world: GatewayWorld, *, number: int = 1
    ) -> tuple[Ticket, Checkout]:
        """A ticket whose checkout is paid, ready to be refunded."""
        ticket = self.reserved(number)
        checkout = self.opened(gateway, ticket)
        world.pay(checkout.url)
        return ticket.paying(checkout, until=checkout.ends_at).refunding(), checkout

    def test_a_new_checkout_is_open(self) -> None:
        """It has an address and an end, and looking it up tells the same."""
        gateway, _ = self.make_gateway()
        ticket = self.reserved()
        checkout = self.opened(gateway, ticket)
        assert gateway.look_up(checkout.checkout_id) == Open(checkout)
        end = ticket.created_at + timedelta(minutes=35)
        assert abs(checkout.ends_at - end) <= timedelta(seconds=1)

    def test_a_repeated_open_opens_nothing_new(self) -> None:
        """The same arguments give the same checkout."""
        gateway, _ = self.make_gateway()
        ticket = self.reserved()
        assert self.opened(gateway, ticket) == self.opened(gateway, ticket)
        assert self.opened(gateway, self.reserved(2)) != self.opened(gateway, ticket)

    def test_a_paid_checkout_tells_all_of_it(self) -> None:
        """For which ticket, how much is captured, and that nothing was given back."""
        gateway, world = self.make_gateway()
        ticket, checkout = self.paid(gateway, world)
        assert gateway.look_up(checkout.checkout_id) == self._all_paid(ticket)

    def test_a_declined_card_leaves_it_open(self) -> None:
        """The buyer can try again in the same checkout."""
        gateway, world = self.make_gateway()
        checkout = self.opened(gateway, self.reserved())
        world.decline(checkout.url)
        assert isinstance(gateway.look_up(checkout.checkout_id), Open)
        world.pay(checkout.url)
        assert isinstance(gateway.look_up(checkout.checkout_id), Paid)

    def test_a_slow_payment_is_processing_until_it_is_decided(self) -> None:
        """Then it is paid, or closed with nothing captured."""
        gateway, world = self.make_gateway()
        decided: dict[bool, CheckoutState] = {}
        for number, success in ((1, True), (2, False)):
            checkout = self.opened(gateway, self.reserved(number))
            world.pay_slowly(checkout.url)
            assert gateway.look_up(checkout.checkout_id) == Processing()
            assert gateway.close(checkout.checkout_id) == Processing()
            world.decide(checkout.checkout_id, paid=success)
            decided[success] = gateway.look_up(checkout.checkout_id)
        assert decided == {True: self._all_paid(self.reserved(1)), False: Closed()}

    def test_a_closed_checkout_cannot_be_paid(self) -> None:
        """Closing twice says the same; the page takes no payment any more."""
        gateway, world = self.make_gateway()
        checkout = self.opened(gateway, self.reserved())
        assert gateway.close(checkout.checkout_id) == Closed()
        assert gateway.close(checkout.checkout_id) == Closed()
        assert gateway.look_up(checkout.checkout_id) == Closed()
        try:
            world.pay(checkout.url)
        except Exception:  # noqa: BLE001 - each world has its own way to say no
            assert gateway.look_up(checkout.checkout_id) == Closed()
        else:
            raise AssertionError("a closed checkout was paid")

    def test_closing_a_paid_checkout_says_that_it_is_paid(self) -> None:
        """The classic oversell: taking the refusal to close for its success."""
        gateway, world = self.make_gateway()
        ticket, checkout = self.paid(gateway, world)
        assert gateway.close(checkout.checkout_id) == self._all_paid(ticket)

    def test_a_checkout_ends_by_itself(self) -> None:
        """At its end it is closed, without anybody closing it."""
        gateway, _ = self.make_gateway()
        checkout = self.opened(gateway, self.reserved())
        self.advance(timedelta(minutes=36))
        assert gateway.look_up(checkout.checkout_id) == Closed()
        assert gateway.close(checkout.checkout_id) == Closed()

    def test_an_unknown_checkout_is_missing(self) -> None:
        """For looking up and closing alike; it is not taken for closed."""
        gateway, _ = self.make_gateway()
        assert gateway.look_up("cs_test_unknown") == Missing()
        assert gateway.close("cs_test_unknown") == Missing()

    def test_a_refund_gives_all_back_once(self) -> None:
        """Repeating it changes nothing."""
        gateway, world = self.make_gateway()
        owed, checkout = self.paid(gateway, world)
        assert gateway.refund(owed) == GivenBack()
        assert gateway.look_up(checkout.checkout_id) == GivenBack()
        assert gateway.refund(owed) == GivenBack()
        later = evolve(owed, refund_attempt=owed.refund_attempt + 1)
        assert gateway.refund(later) == GivenBack()
        assert gateway.look_up(checkout.checkout_id) == GivenBack()

    def test_a_partial_refund_by_hand_shows_and_the_rest_is_refunded(self) -> None:
        """What was given back already is not given back again."""
        gateway, world = self.make_gateway()
        owed, checkout = self.paid(gateway, world)
        world.give_back(checkout.checkout_id, 2500)
        assert gateway.look_up(checkout.checkout_id) == Paid(
            ticket_code=owed.ticket_code, captured=Money(5000, "usd"), refunded=Money(2500, "usd")
        )
        assert gateway.refund(owed) == GivenBack()
        assert gateway.look_up(checkout.checkout_id) == GivenBack()

    def test_a_refund_by_hand_shows(self) -> None:
        """A payment that was given back in full does not count as paid."""
        gateway, world = self.make_gateway()
        owed, checkout = self.paid(gateway, world)
        world.give_back(checkout.checkout_id)
        assert gateway.look_up(checkout.checkout_id) == GivenBack()
        assert gateway.refund(owed) == GivenBack()

    def test_a_refund_that_comes_back_can_be_given_again(self) -> None:
        """Under a new key; the old key's answer does not stand in the way."""
        gateway, world = self.make_gateway()
        owed, checkout = self.paid(gateway, world)
        assert gateway.refund(owed) == GivenBack()
        world.send_back(checkout.checkout_id)
        assert gateway.look_up(checkout.checkout_id) == self._all_paid(owed)
        assert gateway.refund(owed.refunded().refunding()) == GivenBack()
        assert gateway.look_up(checkout.checkout_id) == GivenBack()

    def test_the_key_of_a_refund_that_came_back_is_used_up(self) -> None:
        """Whoever missed the first answer is not told that the money is gone: it is not."""
        gateway, world = self.make_gateway()
        owed, checkout = self.paid(gateway, world)
        assert gateway.refund(owed) == GivenBack()
        world.send_back(checkout.checkout_id)
        repeated = gateway.refund(owed)
        assert isinstance(repeated, Refused), repeated
        assert not repeated.retryable
        assert gateway.look_up(checkout.checkout_id) == self._all_paid(owed)
        assert gateway.refund(owed.refund_refused(repeated.code)) == GivenBack()
        assert gateway.look_up(checkout.checkout_id) == GivenBack()

    def test_a_dispute_shows_and_is_not_refunded(self) -> None:
        """Refunding on top of a dispute would pay the buyer twice."""
        gateway, world = self.make_gateway()
        owed, checkout = self.paid(gateway, world)
        world.dispute(checkout.checkout_id)
        state = gateway.look_up(checkout.checkout_id)
        assert state == evolve(self._all_paid(owed), disputed=True)
        refused = gateway.refund(owed)
        assert isinstance(refused, Refused)
        assert gateway.look_up(checkout.checkout_id) == state

    def test_all_checkouts_of_a_time_are_listed_once(self) -> None:
        """Page by page, each with what became of it; older ones are left out."""
        gateway, world = self.make_gateway()
        self.opened(gateway, self.reserved(1))
        self.advance(timedelta(minutes=5))
        since = self.now()
        tickets = [self.reserved(number) for number in range(2, 10)]
        checkouts = [self.opened(gateway, ticket) for ticket in tickets]
        world.pay(checkouts[0].url)
        expected = {
            checkout.checkout_id: ListedCheckout(
                checkout_id=checkout.checkout_id,
                ticket_code=ticket.ticket_code,
                state=gateway.look_up(checkout.checkout_id),
            )
            for checkout, ticket in zip(checkouts, tickets, strict=True)
        }
        listed: list[ListedCheckout] = []
        page = gateway.list_checkouts(since=since, after=None)
        while isinstance(page, ListedPage):
            listed += page.checkouts
            if page.next is None:
                break
            page = gateway.list_checkouts(since=since, after=page.next)
        assert {found.checkout_id: found for found in listed} == expected
        assert len(listed) == len(expected)

    def test_a_stray_payment_is_given_back_once(self) -> None:
        """By its checkout alone; repeating it changes nothing."""
        gateway, world = self.make_gateway()
        ticket, checkout = self.paid(gateway, world)
        for _ in range(2):
            outcome = gateway.refund_stray(checkout.checkout_id, ticket_code=ticket.ticket_code)
            assert outcome == GivenBack()
        assert gateway.look_up(checkout.checkout_id) == GivenBack()

    def _all_paid(self, ticket: Ticket) -> Paid:
        return Paid(ticket_code=ticket.ticket_code, captured=TOTAL, refunded=Money(0, "usd"))
