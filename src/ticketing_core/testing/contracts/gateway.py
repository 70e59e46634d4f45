"""The contract of `PaymentGateway`: opening, closing and listing checkouts."""

from datetime import datetime, timedelta

from attrs import evolve

from ticketing_core.payment import (
    CheckoutState,
    Closed,
    ListedCheckout,
    ListedPage,
    Missing,
    Open,
    Paid,
    Processing,
)
from ticketing_core.testing.contracts.examples import CHECKOUT_LIFE, MINUTE
from ticketing_core.testing.contracts.gateway_world import TOTAL
from ticketing_core.testing.contracts.news import NewsContract
from ticketing_core.testing.contracts.refunds import RefundContract

ODD_EMAILS = (
    "",
    "anna",
    "anna@example",
    "an na@example.com",
    "anna@example.com ",
    "anna@exa_mple.com",
    "Anna <anna@example.com>",
    "anna@example.com\r\nBcc: all",
    "anna@example.com\0",
    "\ud800@example.com",
    "анна@пример.рф",
    f"{'a' * 65}@example.com",
    f"anna@{'example.' * 100}com",
)
"""What may stand in a token where an address is expected."""


class PaymentGatewayContract(RefundContract, NewsContract):
    """The tests of every gateway."""

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

    def test_the_page_has_the_buyers_email_filled_in(self) -> None:
        """It does without one, too, and a repeat opens nothing new."""
        gateway, world = self.make_gateway()
        ticket = self.reserved()
        checkout = self.opened(gateway, ticket, email="anna@example.com")
        assert world.email_on(checkout.url) == "anna@example.com"
        assert self.opened(gateway, ticket, email="anna@example.com") == checkout
        assert world.email_on(self.opened(gateway, self.reserved(2)).url) is None

    def test_no_email_stops_a_checkout(self) -> None:
        """Whatever text stands in its place, the checkout opens, and once."""
        gateway, world = self.make_gateway()
        for number, odd in enumerate(ODD_EMAILS, start=1):
            ticket = self.reserved(number)
            checkout = self.opened(gateway, ticket, email=odd)
            assert self.opened(gateway, ticket, email=odd) == checkout
            world.pay(checkout.url)
            assert isinstance(gateway.look_up(checkout.checkout_id), Paid)

    def test_a_paid_checkout_reports_the_payment(self) -> None:
        """It reports the ticket and the total, all of which is the seller's."""
        gateway, world = self.make_gateway()
        ticket, checkout = self.paid(gateway, world)
        seen = self.payment(gateway, checkout)
        assert (seen.ticket_code, seen.total, seen.ours) == (ticket.ticket_code, TOTAL, TOTAL)
        untouched = Paid(ticket_code=ticket.ticket_code, payment_id=seen.payment_id, total=TOTAL)
        assert seen == untouched

    def test_each_payment_has_its_own_id(self) -> None:
        """It stays the same from look to look."""
        gateway, world = self.make_gateway()
        checkouts = [self.opened(gateway, self.reserved(number)) for number in (1, 2)]
        for checkout in checkouts:
            world.pay(checkout.url)
        first, second, again = (
            self.payment(gateway, checkout).payment_id for checkout in [*checkouts, checkouts[0]]
        )
        assert first == again != second

    def test_a_declined_card_leaves_it_open(self) -> None:
        """The buyer can try again at the same checkout."""
        gateway, world = self.make_gateway()
        checkout = self.opened(gateway, self.reserved())
        world.decline(checkout.url)
        assert isinstance(gateway.look_up(checkout.checkout_id), Open)
        world.pay(checkout.url)
        assert isinstance(gateway.look_up(checkout.checkout_id), Paid)

    def test_a_slow_payment_is_processing_until_it_is_decided(self) -> None:
        """Then it is paid, or closed."""
        gateway, world = self.make_gateway()
        decided: dict[bool, type[CheckoutState]] = {}
        for number, success in ((1, True), (2, False)):
            checkout = self.opened(gateway, self.reserved(number))
            world.pay_slowly(checkout.url)
            assert gateway.look_up(checkout.checkout_id) == Processing()
            assert gateway.close(checkout.checkout_id) == Processing()
            world.decide(checkout.checkout_id, paid=success)
            decided[success] = type(gateway.look_up(checkout.checkout_id))
        assert decided == {True: Paid, False: Closed}

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
        _, checkout = self.paid(gateway, world)
        assert gateway.close(checkout.checkout_id) == self.payment(gateway, checkout)

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
                ticket_id=ticket.ticket_id,
                opened_at=since,
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
        assert all(found.opened_at >= since for found in listed)
        assert {found.checkout_id: evolve(found, opened_at=since) for found in listed} == expected
        assert len(listed) == len(expected)

    def test_the_newest_checkouts_are_listed_first(self) -> None:
        """The first page shows what a store may have lost. Each has the time of its opening."""
        gateway, _ = self.make_gateway()
        since = self.now()
        opened: list[tuple[str, datetime]] = []
        for number in range(1, 8):
            opened.insert(0, (self.opened(gateway, self.reserved(number)).checkout_id, self.now()))
            self.advance(MINUTE)
        page = gateway.list_checkouts(since=since, after=None)
        assert isinstance(page, ListedPage)
        assert [found.checkout_id for found in page.checkouts] == [
            checkout_id for checkout_id, _ in opened[: len(page.checkouts)]
        ]
        for found, (_, at) in zip(page.checkouts, opened, strict=False):
            assert at <= found.opened_at < at + MINUTE
