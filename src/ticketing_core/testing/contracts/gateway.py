"""The contract of `PaymentGateway`, and what the suite needs from the world around it."""

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
from ticketing_core.testing.contracts.examples import CHECKOUT_LIFE, MINUTE
from ticketing_core.ticket import Checkout, Ticket, TicketStatus
from ticketing_core.use_cases.reserve import RESERVATION_WINDOW

TOTAL = Money(7500, "usd")


class GatewayWorld(Protocol):
    """What buyers, sellers and banks do to a gateway's checkouts. `FakeGateway` does it itself."""

    def pay(self, url: str) -> None:
        """Pay at ``url``. Raises any exception if the page does not take the payment."""

    def decline(self, url: str) -> None:
        """Try to pay with a card that is declined."""

    def pay_slowly(self, url: str) -> None:
        """Pay with a method that decides later."""

    def decide(self, checkout_id: str, *, paid: bool) -> None:
        """Let the slow payment succeed or fail."""

    def give_back(self, checkout_id: str, amount_minor: int | None = None) -> None:
        """Refund by hand, all or a part."""

    def send_back(self, checkout_id: str) -> None:
        """Let the buyer's bank return the refund."""

    def dispute(self, checkout_id: str) -> None:
        """Let the buyer's bank open a dispute."""


class PaymentGatewayContract(abc.ABC):
    """The tests of every gateway."""

    @abc.abstractmethod
    def make_gateway(self) -> tuple[PaymentGateway, GatewayWorld]:
        """Return a gateway without checkouts, and the world around it."""

    @abc.abstractmethod
    def now(self) -> datetime:
        """Return the present instant of that world."""

    @abc.abstractmethod
    def advance(self, duration: timedelta) -> None:
        """Let time pass in that world."""

    def reserved(self, number: int = 1) -> Ticket:
        """Return a ticket without a checkout."""
        return Ticket(
            ticket_id=number,
            ticket_code=UUID(int=number, version=4),
            event_id=15,
            buyer="42",
            quantity=3,
            total=TOTAL,
            status=TicketStatus.RESERVED,
            created_at=self.now(),
            held_until=self.now() + RESERVATION_WINDOW,
        )

    def opened(self, gateway: PaymentGateway, ticket: Ticket) -> Checkout:
        """Open the ticket's checkout for 35 minutes, and return it."""
        ends_at = ticket.created_at + CHECKOUT_LIFE
        outcome = gateway.open(ticket, event_name="Concert", ends_at=ends_at)
        assert isinstance(outcome, Open), outcome
        return outcome.checkout

    def paid(self, gateway: PaymentGateway, world: GatewayWorld) -> tuple[Ticket, Checkout]:
        """Return a REFUNDING ticket and its paid checkout."""
        ticket = self.reserved()
        checkout = self.opened(gateway, ticket)
        world.pay(checkout.url)
        return ticket.paying(checkout, until=checkout.ends_at).refunding(), checkout

    def test_a_new_checkout_is_open(self) -> None:
        """It has an address and an end, and `look_up` reports the same checkout."""
        gateway, _ = self.make_gateway()
        ticket = self.reserved()
        checkout = self.opened(gateway, ticket)
        assert gateway.look_up(checkout.checkout_id) == Open(checkout)
        end = ticket.created_at + CHECKOUT_LIFE
        assert abs(checkout.ends_at - end) <= timedelta(seconds=1)

    def test_a_repeated_open_opens_nothing_new(self) -> None:
        """The same arguments return the same checkout."""
        gateway, _ = self.make_gateway()
        ticket = self.reserved()
        assert self.opened(gateway, ticket) == self.opened(gateway, ticket)
        assert self.opened(gateway, self.reserved(2)) != self.opened(gateway, ticket)

    def test_a_paid_checkout_reports_the_payment(self) -> None:
        """It reports the ticket, the amount captured, and that nothing was refunded."""
        gateway, world = self.make_gateway()
        ticket, checkout = self.paid(gateway, world)
        assert gateway.look_up(checkout.checkout_id) == self._all_paid(ticket)

    def test_a_declined_card_leaves_it_open(self) -> None:
        """The buyer can try again at the same checkout."""
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
        """Closing it again reports the same, and its page takes no payment."""
        gateway, world = self.make_gateway()
        checkout = self.opened(gateway, self.reserved())
        assert gateway.close(checkout.checkout_id) == Closed()
        assert gateway.close(checkout.checkout_id) == Closed()
        assert gateway.look_up(checkout.checkout_id) == Closed()
        try:
            world.pay(checkout.url)
        except Exception:  # noqa: BLE001 - each world raises its own error
            assert gateway.look_up(checkout.checkout_id) == Closed()
        else:
            raise AssertionError("a closed checkout was paid")

    def test_closing_a_paid_checkout_reports_the_payment(self) -> None:
        """Taking the refusal to close for success is the classic way to oversell."""
        gateway, world = self.make_gateway()
        ticket, checkout = self.paid(gateway, world)
        assert gateway.close(checkout.checkout_id) == self._all_paid(ticket)

    def test_a_checkout_ends_by_itself(self) -> None:
        """After its end it is closed, without a call."""
        gateway, _ = self.make_gateway()
        checkout = self.opened(gateway, self.reserved())
        self.advance(CHECKOUT_LIFE + MINUTE)
        assert gateway.look_up(checkout.checkout_id) == Closed()
        assert gateway.close(checkout.checkout_id) == Closed()

    def test_an_unknown_checkout_is_missing(self) -> None:
        """`look_up` and `close` report it alike, and not as closed."""
        gateway, _ = self.make_gateway()
        assert gateway.look_up("cs_test_unknown") == Missing()
        assert gateway.close("cs_test_unknown") == Missing()

    def test_a_refund_returns_everything_once(self) -> None:
        """Repeating it changes nothing, with the same key and with a new one."""
        gateway, world = self.make_gateway()
        owed, checkout = self.paid(gateway, world)
        assert gateway.refund(owed) == GivenBack()
        assert gateway.look_up(checkout.checkout_id) == GivenBack()
        assert gateway.refund(owed) == GivenBack()
        later = evolve(owed, refund_attempt=owed.refund_attempt + 1)
        assert gateway.refund(later) == GivenBack()
        assert gateway.look_up(checkout.checkout_id) == GivenBack()

    def test_a_partial_refund_by_hand_shows_and_the_rest_is_refunded(self) -> None:
        """What was refunded by hand is not refunded again."""
        gateway, world = self.make_gateway()
        owed, checkout = self.paid(gateway, world)
        world.give_back(checkout.checkout_id, 2500)
        assert gateway.look_up(checkout.checkout_id) == Paid(
            ticket_code=owed.ticket_code, captured=Money(5000, "usd"), refunded=Money(2500, "usd")
        )
        assert gateway.refund(owed) == GivenBack()
        assert gateway.look_up(checkout.checkout_id) == GivenBack()

    def test_a_refund_by_hand_shows(self) -> None:
        """A payment that was refunded in full does not count as paid."""
        gateway, world = self.make_gateway()
        owed, checkout = self.paid(gateway, world)
        world.give_back(checkout.checkout_id)
        assert gateway.look_up(checkout.checkout_id) == GivenBack()
        assert gateway.refund(owed) == GivenBack()

    def test_a_refund_that_was_returned_can_be_made_again(self) -> None:
        """With a new key; the result saved for the old key does not matter."""
        gateway, world = self.make_gateway()
        owed, checkout = self.paid(gateway, world)
        assert gateway.refund(owed) == GivenBack()
        world.send_back(checkout.checkout_id)
        assert gateway.look_up(checkout.checkout_id) == self._all_paid(owed)
        assert gateway.refund(owed.refunded().refunding()) == GivenBack()
        assert gateway.look_up(checkout.checkout_id) == GivenBack()

    def test_the_key_of_a_refund_that_was_returned_is_used_up(self) -> None:
        """The money is captured again, so the repeated call must not report a refund."""
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
        """A refund on top of a dispute would pay the buyer twice."""
        gateway, world = self.make_gateway()
        owed, checkout = self.paid(gateway, world)
        world.dispute(checkout.checkout_id)
        state = gateway.look_up(checkout.checkout_id)
        assert state == evolve(self._all_paid(owed), disputed=True)
        refused = gateway.refund(owed)
        assert isinstance(refused, Refused)
        assert gateway.look_up(checkout.checkout_id) == state

    def test_all_checkouts_since_an_instant_are_listed_once(self) -> None:
        """Page by page, each with its state; older ones are omitted."""
        gateway, world = self.make_gateway()
        self.opened(gateway, self.reserved(1))
        self.advance(5 * MINUTE)
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

    def test_a_stray_payment_is_refunded_once(self) -> None:
        """The checkout id is enough. Repeating it changes nothing."""
        gateway, world = self.make_gateway()
        ticket, checkout = self.paid(gateway, world)
        for _ in range(2):
            outcome = gateway.refund_stray(checkout.checkout_id, ticket_code=ticket.ticket_code)
            assert outcome == GivenBack()
        assert gateway.look_up(checkout.checkout_id) == GivenBack()

    def _all_paid(self, ticket: Ticket) -> Paid:
        return Paid(ticket_code=ticket.ticket_code, captured=TOTAL, refunded=Money(0, "usd"))
