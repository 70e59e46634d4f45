"""Controls of the contract of news: gateways that its tests must catch."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from attrs import evolve

from ticketing_core.payment import (
    ListedCheckout,
    ListedPage,
    Missing,
    NewsPage,
    NewsSource,
    PaymentHint,
    Unknown,
)
from ticketing_core.ports import PaymentGateway
from ticketing_core.testing import FakeGateway, ManualClock, PaymentGatewayContract
from ticketing_core.testing.contracts import GatewayWorld

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def telling(change: Callable[[PaymentHint], PaymentHint | None]) -> type[FakeGateway]:
    """Return a gateway that changes its news, or leaves out what becomes None."""

    class Telling(FakeGateway):
        def list_news(
            self, source: NewsSource, *, since: datetime, after: str | None
        ) -> NewsPage | Unknown:
            page = super().list_news(source, since=since, after=after)
            assert isinstance(page, NewsPage)
            hints = map(change, page.news)
            return evolve(page, news=[hint for hint in hints if hint is not None])

    return Telling


only_refunds = telling(lambda hint: hint if hint.refunded_minor is not None else None)
always_an_amount = telling(lambda hint: evolve(hint, refunded_minor=7500))
never_an_amount = telling(lambda hint: evolve(hint, refunded_minor=None))
no_warnings = telling(lambda hint: evolve(hint, is_fraud_warning=False))
names_itself = telling(lambda hint: evolve(hint, ticket_code=hint.ticket_code or UUID(int=1)))


class OnlyTheFirstPage(FakeGateway):
    """Stops early, and dates its answers by what was asked."""

    def list_news(
        self, source: NewsSource, *, since: datetime, after: str | None
    ) -> NewsPage | Unknown:
        """See `PaymentGateway.list_news`."""
        page = super().list_news(source, since=since, after=after)
        assert isinstance(page, NewsPage)
        return evolve(page, next=None, answered_at=since)


class EverythingAgain(FakeGateway):
    """Lists what is older than asked for."""

    def list_news(
        self, source: NewsSource, *, since: datetime, after: str | None
    ) -> NewsPage | Unknown:
        """See `PaymentGateway.list_news`."""
        del since
        return super().list_news(source, since=LONG_AGO, after=after)


class OldestFirst(FakeGateway):
    """Lists checkouts in the wrong order."""

    def list_checkouts(self, *, since: datetime, after: str | None) -> ListedPage | Unknown:
        """See `PaymentGateway.list_checkouts`."""
        page = super().list_checkouts(since=since, after=after)
        assert isinstance(page, ListedPage)
        return evolve(page, checkouts=page.checkouts[::-1])


class AnyCheckout(FakeGateway):
    """Takes every payment for that of the newest checkout."""

    def checkout_of(self, payment_id: str) -> ListedCheckout | Missing | Unknown:
        """See `PaymentGateway.checkout_of`."""
        del payment_id
        page = self.list_checkouts(since=LONG_AGO, after=None)
        assert isinstance(page, ListedPage)
        return page.checkouts[0]


class NoCheckout(FakeGateway):
    """Finds no payment."""

    def checkout_of(self, payment_id: str) -> Missing:
        """See `PaymentGateway.checkout_of`."""
        del payment_id
        return Missing()


def suite(gateway: type[FakeGateway]) -> PaymentGatewayContract:
    """Return the suite over such gateways."""

    class Suite(PaymentGatewayContract):
        def __init__(self) -> None:
            self.clock = ManualClock()

        def make_gateway(self) -> tuple[PaymentGateway, GatewayWorld]:
            """See the suite."""
            made = gateway(clock=self.clock)
            return made, made

        def now(self) -> datetime:
            """See the suite."""
            return self.clock.now()

        def advance(self, duration: timedelta) -> None:
            """See the suite."""
            self.clock.advance(duration)

    return Suite()


Suite = PaymentGatewayContract
CONTROLS = [
    (only_refunds, Suite.test_every_move_of_the_money_is_an_event),
    (never_an_amount, Suite.test_a_refund_on_its_way_is_told_with_its_amount),
    (always_an_amount, Suite.test_a_refund_that_waits_is_told_without_an_amount),
    (always_an_amount, Suite.test_a_returned_refund_is_told_without_an_amount),
    (no_warnings, Suite.test_a_fraud_warning_is_told_as_one),
    (EverythingAgain, Suite.test_refunds_and_disputes_are_listed_by_when_they_were_made),
    (OnlyTheFirstPage, Suite.test_all_news_since_an_instant_is_listed),
    (OnlyTheFirstPage, Suite.test_each_page_says_when_the_gateway_answered),
    (names_itself, Suite.test_a_payment_of_somebody_else_leads_nowhere),
    (AnyCheckout, Suite.test_a_payment_of_somebody_else_leads_nowhere),
    (NoCheckout, Suite.test_a_payment_leads_to_its_checkout),
    (OldestFirst, Suite.test_the_newest_checkouts_are_listed_first),
]


@pytest.mark.parametrize(("gateway", "test"), CONTROLS)
def test_control_a_broken_gateway_is_caught(
    gateway: type[FakeGateway], test: Callable[[PaymentGatewayContract], None]
) -> None:
    """The test passes over the right gateway, and fails over the broken one."""
    test(suite(FakeGateway))
    with pytest.raises(AssertionError):
        test(suite(gateway))
