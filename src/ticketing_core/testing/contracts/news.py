"""The contract of `PaymentGateway`: what it tells of payments after the sale."""

from collections.abc import Callable
from datetime import datetime

from ticketing_core.payment import (
    GivenBack,
    ListedCheckout,
    Missing,
    NewsPage,
    NewsSource,
    PaymentHint,
)
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.testing.contracts.examples import MINUTE
from ticketing_core.testing.contracts.gateway_world import TOTAL, GatewayContract, GatewayWorld
from ticketing_core.testing.fake_checkout import DisputeStatus, RefundStatus
from ticketing_core.ticket import Checkout, Ticket

ALL = TOTAL.amount_minor
PART = 2500


def news(gateway: PaymentGateway, source: NewsSource, since: datetime) -> list[PaymentHint]:
    """Return the news of all pages."""
    found: list[PaymentHint] = []
    after = None
    while True:
        page = gateway.list_news(source, since=since, after=after)
        assert isinstance(page, NewsPage), page
        found += page.news
        if page.next is None:
            return found
        assert page.next != after, "the listing stands still"
        after = page.next


def amounts(found: list[PaymentHint]) -> set[int | None]:
    """Return the amounts of refunds that the news tells."""
    return {hint.refunded_minor for hint in found}


class NewsContract(GatewayContract):
    """The tests of what happened to payments, and of which checkouts led to them."""

    def bought(self) -> tuple[PaymentGateway, GatewayWorld, Ticket, Checkout, str]:
        """Return a gateway, its world, a ticket, its paid checkout and the payment's id."""
        gateway, world = self.make_gateway()
        ticket, checkout = self.paid(gateway, world)
        payment_id = self.payment(gateway, checkout).payment_id
        return gateway, world, ticket, checkout, payment_id

    def later(self) -> datetime:
        """Let a minute pass, and return the instant."""
        self.advance(MINUTE)
        return self.now()

    # --- what happened ------------------------------------------------------------------------

    def test_every_move_of_the_money_is_an_event(self) -> None:
        """By whomever it was made. It leads to the payment, and never to another ticket."""
        gateway, world, ticket, checkout, payment_id = self.bought()
        checkout_id = checkout.checkout_id
        moves: list[Callable[[], object]] = [
            lambda: world.dispute(checkout_id, status=DisputeStatus.INQUIRY),
            lambda: world.decide_dispute(checkout_id, DisputeStatus.WON),
            lambda: world.give_back(checkout_id, PART),
            lambda: world.send_back(checkout_id),
            lambda: gateway.refund(self.payment(gateway, checkout), key="refund:0"),
            lambda: world.send_back(checkout_id),
            lambda: world.dispute(checkout_id),
            lambda: world.decide_dispute(checkout_id, DisputeStatus.LOST),
            lambda: world.decide_dispute(checkout_id, DisputeStatus.APPEALED),
            lambda: world.decide_dispute(checkout_id, DisputeStatus.WON),
            lambda: world.warn_of_fraud(checkout_id),
        ]
        for number, move in enumerate(moves):
            since = self.later()
            assert news(gateway, NewsSource.EVENTS, since) == []
            move()
            found = news(gateway, NewsSource.EVENTS, since)
            assert {hint.payment_id for hint in found} == {payment_id}, number
            assert {hint.ticket_code for hint in found} <= {None, ticket.ticket_code}, number

    def test_a_refund_on_its_way_is_told_with_its_amount(self) -> None:
        """From when it is made, by both sources: it needs no look if it is known already."""
        gateway, world, _, checkout, _ = self.bought()
        world.refund_as(RefundStatus.PENDING)
        made_at = since = self.later()
        assert gateway.refund(self.payment(gateway, checkout), key="refund:0") == GivenBack()
        assert amounts(news(gateway, NewsSource.EVENTS, since)) == {ALL}
        since = self.later()
        world.end_refunds(checkout.checkout_id, RefundStatus.SUCCEEDED)
        assert amounts(news(gateway, NewsSource.EVENTS, since)) == {ALL}
        assert amounts(news(gateway, NewsSource.REFUNDS, made_at)) == {ALL}

    def test_a_refund_that_waits_is_told_without_an_amount(self) -> None:
        """It may never reach the buyer, so the payment has to be looked at."""
        gateway, world, _, checkout, _ = self.bought()
        world.refund_as(RefundStatus.REQUIRES_ACTION)
        since = self.later()
        world.give_back(checkout.checkout_id)
        for source in (NewsSource.EVENTS, NewsSource.REFUNDS):
            assert amounts(news(gateway, source, since)) == {None}, source

    def test_a_returned_refund_is_told_without_an_amount(self) -> None:
        """Whatever the news of the refund had said before."""
        gateway, world, _, checkout, _ = self.bought()
        made_at = self.later()
        world.give_back(checkout.checkout_id)
        since = self.later()
        world.send_back(checkout.checkout_id)
        assert amounts(news(gateway, NewsSource.EVENTS, since)) == {None}
        assert amounts(news(gateway, NewsSource.REFUNDS, made_at)) == {None}

    def test_a_fraud_warning_is_told_as_one(self) -> None:
        """Nothing else is."""
        started_at = self.now()
        gateway, world, _, checkout, payment_id = self.bought()
        world.give_back(checkout.checkout_id, PART)
        world.dispute(checkout.checkout_id)
        since = self.later()
        world.warn_of_fraud(checkout.checkout_id)
        (warning,) = news(gateway, NewsSource.EVENTS, since)
        assert (warning.payment_id, warning.is_fraud_warning) == (payment_id, True)
        all_news = news(gateway, NewsSource.EVENTS, started_at)
        assert [hint for hint in all_news if hint.is_fraud_warning] == [warning]

    def test_refunds_and_disputes_are_listed_by_when_they_were_made(self) -> None:
        """Each once, with its ticket, also those by hand; what became of them later is no entry."""
        gateway, world, ticket, checkout, payment_id = self.bought()
        expected = PaymentHint(
            payment_id=payment_id, ticket_code=ticket.ticket_code, refunded_minor=PART
        )
        refunded_at = self.later()
        world.give_back(checkout.checkout_id, PART)
        disputed_at = self.later()
        world.dispute(checkout.checkout_id)
        decided_at = self.later()
        world.decide_dispute(checkout.checkout_id, DisputeStatus.LOST)
        assert news(gateway, NewsSource.REFUNDS, refunded_at) == [expected]
        assert news(gateway, NewsSource.REFUNDS, disputed_at) == []
        (dispute,) = news(gateway, NewsSource.DISPUTES, refunded_at)
        assert dispute == news(gateway, NewsSource.DISPUTES, disputed_at)[0]
        assert (dispute.payment_id, dispute.ticket_code) == (payment_id, ticket.ticket_code)
        assert dispute.refunded_minor is None
        assert news(gateway, NewsSource.DISPUTES, decided_at) == []

    def test_all_news_since_an_instant_is_listed(self) -> None:
        """Page by page; nothing between two pages is lost."""
        gateway, world = self.make_gateway()
        checkouts = [self.opened(gateway, self.reserved(number)) for number in range(1, 10)]
        for checkout in checkouts:
            world.pay(checkout.url)
        world.give_back(checkouts[0].checkout_id)
        since = self.later()
        later = checkouts[1:]
        for checkout in later:
            world.give_back(checkout.checkout_id)
        payments = sorted(self.payment(gateway, checkout).payment_id for checkout in later)
        listed = [hint.payment_id for hint in news(gateway, NewsSource.REFUNDS, since)]
        assert sorted(listed) == payments
        events = news(gateway, NewsSource.EVENTS, since)
        assert sorted({hint.payment_id for hint in events}) == payments

    def test_each_page_says_when_the_gateway_answered(self) -> None:
        """By its own clock, by which the news is dated, too."""
        gateway, _ = self.make_gateway()
        before = self.now()
        for source in NewsSource:
            self.advance(60 * MINUTE)
            page = gateway.list_news(source, since=before, after=None)
            assert isinstance(page, NewsPage)
            assert page.answered_at >= self.now()

    # --- the checkouts of payments ------------------------------------------------------------

    def test_a_payment_leads_to_its_checkout(self) -> None:
        """As it is listed, whatever became of the payment."""
        gateway, world, ticket, checkout, payment_id = self.bought()
        for _ in range(2):
            found = gateway.checkout_of(payment_id)
            assert isinstance(found, ListedCheckout)
            assert (found.checkout_id, found.ticket_code, found.ticket_id) == (
                checkout.checkout_id,
                ticket.ticket_code,
                ticket.ticket_id,
            )
            assert found.state == gateway.look_up(checkout.checkout_id)
            world.give_back(checkout.checkout_id, PART)

    def test_a_payment_of_somebody_else_leads_nowhere(self) -> None:
        """Its news names no ticket, or is not told; its refunds and disputes are not told."""
        gateway, world, *_ = self.bought()
        since = self.later()
        payment_id = world.pay_elsewhere()
        assert gateway.checkout_of(payment_id) == Missing()
        assert gateway.checkout_of("pi_unknown") == Missing()
        for hint in news(gateway, NewsSource.EVENTS, since):
            assert (hint.payment_id, hint.ticket_code) == (payment_id, None)
        for source in (NewsSource.REFUNDS, NewsSource.DISPUTES):
            assert news(gateway, source, since) == []
