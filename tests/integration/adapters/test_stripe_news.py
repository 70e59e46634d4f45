"""Stripe's lists of events, refunds and disputes: odd answers, and entries of others."""

import json
import logging
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from stripe.params.checkout import SessionCreateParams

from tests.integration.adapters.stripe_at_sandbox import (
    OURS,
    SOMEBODY_ELSES,
    AtSandbox,
    gateway_at,
)
from tests.support.odd_server import answering, http
from tests.support.sandbox import SandboxWorld
from ticketing_adapters.stripe_checkout.calls import connect
from ticketing_core.payment import (
    GivenBack,
    ListedPage,
    Missing,
    NewsPage,
    NewsSource,
    PaymentHint,
    Unknown,
)
from ticketing_service.sandbox import Fault, Refusal

NOW = datetime.now(UTC)
DATE = b"Date: Sat, 28 Nov 2026 04:13:30 GMT\r\n"
CODE = UUID(int=1, version=4)
REFUND: dict[str, Any] = {
    "object": "refund",
    "id": "re_1",
    "amount": 900,
    "status": "succeeded",
    "payment_intent": "pi_1",
    "metadata": {},
}
EVENT: dict[str, Any] = {
    "object": "event",
    "id": "evt_1",
    "type": "refund.created",
    "data": {"object": REFUND},
}


def listed(
    body: object, *, source: NewsSource = NewsSource.EVENTS, headers: bytes = DATE
) -> NewsPage | Unknown:
    """Return the news that the gateway reads from this answer."""
    with answering(http(json.dumps(body).encode(), headers=headers)) as url:
        return gateway_at(url).list_news(source, since=NOW, after=None)


def hints(*entries: object) -> list[PaymentHint]:
    """Return what the gateway reads from these events."""
    page = listed(page_of(*entries))
    assert isinstance(page, NewsPage)
    return list(page.news)


def page_of(*entries: object, **changes: object) -> dict[str, object]:
    """Return a page of a list."""
    return {"object": "list", "data": list(entries), "has_more": False, "url": "/", **changes}


def event_about(**changes: object) -> dict[str, object]:
    """Return an event of a changed refund."""
    return EVENT | {"data": {"object": REFUND | changes}}


@pytest.mark.parametrize("source", NewsSource)
@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        "text",
        {"object": "list"},
        {"object": "list", "data": []},
        {"object": "list", "id": "x", "has_more": False},
        {"object": "event", "id": "evt_1", "data": [], "has_more": False},
        page_of(has_more=True),
        page_of({"object": "event"}, has_more=True),
        page_of(5, has_more=True),
    ],
)
def test_what_is_no_page_is_no_answer(body: object, source: NewsSource) -> None:
    """The position must not move past news that nobody has seen."""
    assert isinstance(listed(body, source=source), Unknown)


@pytest.mark.parametrize(
    "headers", [b"", b"Date: yesterday\r\n", b"Date: Sat, 28 Nov 2026 04:13:30 -0000\r\n"]
)
def test_an_answer_without_a_date_is_no_answer(headers: bytes) -> None:
    """Only Stripe's clock can say up to where its news was read."""
    assert isinstance(listed(page_of(EVENT), headers=headers), Unknown)


def test_control_a_page_with_a_date_is_an_answer() -> None:
    """It is dated by Stripe's clock, not by ours, which may be wrong."""
    assert listed(page_of(EVENT)) == NewsPage(
        news=[PaymentHint(payment_id="pi_1", refunded_minor=900)],
        answered_at=datetime(2026, 11, 28, 4, 13, 30, tzinfo=UTC),
        next=None,
    )


def test_what_cannot_be_read_is_logged_and_skipped(caplog: pytest.LogCaptureFixture) -> None:
    """It must not keep the rest from being read, today or for ever."""
    odd = [
        5,
        None,
        {"object": "event", "id": "evt_2"},
        {"object": "event", "id": "evt_3", "type": "refund.created", "data": []},
        {"object": "event", "id": "evt_4", "type": "refund.created", "data": {"object": {}}},
        event_about(payment_intent=["pi_1"]),
        event_about(payment_intent="pi/1"),
        event_about(metadata="text"),
        event_about(amount={}),
    ]
    with caplog.at_level(logging.WARNING):
        found = hints(*odd, EVENT, *odd)
    assert found == [PaymentHint(payment_id="pi_1", refunded_minor=900)]
    assert caplog.text.count("could not be read") == 2 * len(odd)


@pytest.mark.parametrize(
    "changes",
    [
        {"payment_intent": None},
        {"metadata": {"installation": str(SOMEBODY_ELSES), "ticket_code": str(CODE)}},
        {"payment_intent": {"object": "payment_intent", "id": "pi_1", "metadata": {}}},
    ],
)
def test_what_is_of_somebody_else_is_left_out(
    changes: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Without a line in the log, since it is nothing odd."""
    assert hints(event_about(**changes)) == []
    assert caplog.text == ""


@pytest.mark.parametrize(("code", "read"), [(str(CODE), CODE), ("odd", None), ("", None)])
def test_our_metadata_names_the_ticket(code: str, read: UUID | None) -> None:
    """With a code that is none, the payment still leads to its checkout."""
    ours = {"installation": str(OURS), "ticket_code": code}
    (found,) = hints(event_about(metadata=ours))
    assert found == PaymentHint(payment_id="pi_1", ticket_code=read, refunded_minor=900)


@pytest.mark.parametrize(
    ("changes", "amount"),
    [
        ({"status": "pending", "pending_reason": "processing"}, 900),
        ({"status": "pending"}, 900),
        ({"status": "pending", "pending_reason": "insufficient_funds"}, None),
        ({"status": "pending", "pending_reason": "charge_pending"}, None),
        ({"status": "requires_action"}, None),
        ({"status": "failed"}, None),
        ({"status": "canceled"}, None),
        ({"status": None}, None),
        ({"object": "charge"}, None),
    ],
)
def test_only_a_refund_on_its_way_has_an_amount(
    changes: dict[str, Any], amount: int | None
) -> None:
    """Everything else has to be looked at."""
    assert [hint.refunded_minor for hint in hints(event_about(**changes))] == [amount]


class TestAtSandbox(AtSandbox):
    """Over HTTP with the real SDK, against the sandbox."""

    def test_news_of_another_installation_is_left_out_where_it_says_so(self) -> None:
        """Also a refund that it made itself; what does not say so leads nowhere."""
        world = SandboxWorld(self.running.sandbox)
        theirs = gateway_at(self.running.url, installation_id=SOMEBODY_ELSES)
        _, checkout = self.paid(theirs, world)
        paid = self.payment(theirs, checkout)
        assert theirs.refund(paid, key="refund:0") == GivenBack()
        ours = gateway_at(self.running.url)
        for source in NewsSource:
            found = ours.list_news(source, since=self.started_at, after=None)
            assert isinstance(found, NewsPage)
            assert found.news == []
        world.warn_of_fraud(checkout.checkout_id)
        found = ours.list_news(NewsSource.EVENTS, since=self.started_at, after=None)
        assert isinstance(found, NewsPage)
        assert [hint.ticket_code for hint in found.news] == [None]
        assert ours.checkout_of(paid.payment_id) == Missing()

    def test_a_list_that_stripe_refuses_is_no_answer(self) -> None:
        """The reason is told, such as a right that the key lacks."""
        refusal = Refusal(status=403, message="The key does not have the permission.")
        self.running.sandbox.plan_fault(Fault(error=refusal, times=None))
        gateway = gateway_at(self.running.url)
        found = gateway.list_news(NewsSource.EVENTS, since=self.started_at, after=None)
        assert isinstance(found, Unknown)
        assert refusal.message in found.reason
        assert isinstance(gateway.checkout_of("pi_1"), Unknown)

    def test_a_payment_that_stripe_does_not_know_is_missing(self) -> None:
        """It may be one of a connected account, whose events come as well."""
        refusal = Refusal(status=404, message="No such payment.", code="resource_missing")
        self.running.sandbox.plan_fault(Fault(error=refusal))
        assert gateway_at(self.running.url).checkout_of("pi_1") == Missing()

    @pytest.mark.parametrize("number", ["x", "-1", "0", "1.0", "٣", str(2**53), "9" * 400])
    def test_a_session_with_an_odd_ticket_id_is_skipped(self, number: str) -> None:
        """Ids that a restore leaves out are counted from it."""
        client = connect("sk_test_any", api_base=self.running.url)
        for ticket_id in (number, "7"):
            price = {"currency": "usd", "unit_amount": 900, "product_data": {"name": "Concert"}}
            marks = {"installation": str(OURS), "ticket_code": str(CODE), "ticket_id": ticket_id}
            params: Any = {
                "mode": "payment",
                "line_items": [{"quantity": 1, "price_data": price}],
                "success_url": "http://shop.test/",
                "metadata": marks,
            }
            sent: SessionCreateParams = params
            client.v1.checkout.sessions.create(sent)
        page = gateway_at(self.running.url).list_checkouts(since=self.started_at, after=None)
        assert isinstance(page, ListedPage)
        assert [found.ticket_id for found in page.checkouts] == [7]

    def test_a_checkout_is_found_with_one_call(self) -> None:
        """The call shows whose money the payment is, too."""
        gateway, world = self.make_gateway()
        _, checkout = self.paid(gateway, world)
        payment_id = self.payment(gateway, checkout).payment_id
        before = len(self.running.sandbox.exchanges())
        gateway.checkout_of(payment_id)
        assert len(self.running.sandbox.exchanges()) - before == 1
