"""Which of Stripe's events are read, in which form, and what news of a refund costs."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import pytest
from stripe.params import WebhookEndpointCreateParams

from tests.integration.adapters.test_stripe_notifications import (
    SECRET,
    gateway_of,
    opened,
    read_all,
    reader,
    signed,
)
from tests.support.sandbox import SandboxWorld, checked_sandbox
from ticketing_adapters.stripe_checkout import WEBHOOK_EVENTS, StripeNotifications
from ticketing_core.payment import (
    Hint,
    Notification,
    NotOurs,
    Paid,
    PaymentHint,
)
from ticketing_core.signature import Forged
from ticketing_core.testing import RefundStatus
from ticketing_service.sandbox import RunningSandbox, WebhookEndpoint


@pytest.fixture
def running() -> Iterator[RunningSandbox]:
    """A sandbox that signs its events for an endpoint that does not exist."""
    with checked_sandbox(webhook=WebhookEndpoint("http://127.0.0.1:9/", SECRET)) as started:
        yield started


def paid_and_given_back(running: RunningSandbox) -> tuple[str, dict[str, bytes]]:
    """Return a checkout id, and the body of each event about it by its type."""
    world, checkout = SandboxWorld(running.sandbox), opened(running)
    world.pay(checkout.url)
    world.give_back(checkout.checkout_id)
    events = {sent.event["type"]: sent.event for sent in running.sandbox.events()}
    return checkout.checkout_id, {name: json.dumps(e).encode() for name, e in events.items()}


def test_stripe_knows_every_event_to_subscribe_to() -> None:
    """Stripe would refuse an endpoint for one wrong name."""
    hint = repr(WebhookEndpointCreateParams.__annotations__["enabled_events"])
    known = set(re.findall(r"'([\w.]+)'", hint))
    assert set(WEBHOOK_EVENTS) <= known
    # The control: a near miss is no event.
    assert "charge.dispute.won" not in known


def read(event: Mapping[str, Any]) -> Notification:
    """Return what is read of an event."""
    body = json.dumps(event).encode()
    return reader().read(body, signed(body))


def test_the_older_events_of_refunds_are_read_where_the_newer_do_not_exist(
    running: RunningSandbox,
) -> None:
    """An account keeps its API version (docs.stripe.com/api/versioning)."""
    _, bodies = paid_and_given_back(running)
    payment_id = json.loads(bodies["charge.refunded"])["data"]["object"]["payment_intent"]
    for kind in ("charge.refunded", "charge.refund.updated"):
        event = json.loads(bodies[kind])
        seen = PaymentHint(
            payment_id=payment_id,
            # A charge has its payment's metadata, and says nothing of one refund.
            ticket_code=UUID(int=31, version=4) if kind == "charge.refunded" else None,
            refunded_minor=None if kind == "charge.refunded" else 5000,
        )
        for older in ("2020-08-27", "2024-09-30.acacia", None):
            assert read(event | {"api_version": older}) == seen
        for newer in ("2024-10-28.acacia", "2026-10-28.endive"):
            assert read(event | {"api_version": newer}) == NotOurs()
        assert read(event | {"type": "charge.x"}) == NotOurs()


def test_a_thin_event_is_refused_with_what_to_do() -> None:
    """It does not hold what changed. The same event as a snapshot is read."""
    refused = read({"object": "v2.core.event", "type": "v1.charge.refunded", "id": "evt_1"})
    assert isinstance(refused, Forged)
    assert "choose snapshot payloads" in refused.reason


def test_what_has_no_payment_intent_is_not_ours() -> None:
    """It was not paid by a checkout."""
    for subject in ({}, {"payment_intent": None}):
        event = {"type": "refund.created", "data": {"object": {"object": "refund", **subject}}}
        assert read(event) == NotOurs()


def looks(running: RunningSandbox, by: StripeNotifications) -> int:
    """Return how many looks the events of a refund lead to, once all of the payment is refunded.

    An event that only confirms the refund leads to none.
    """
    outcomes = [outcome for name, outcome in read_all(running, by).items() if "session" not in name]
    news = [outcome for outcome in outcomes if isinstance(outcome, Hint | PaymentHint)]
    confirmed = [n for n in news if isinstance(n, PaymentHint) and n.refunded_minor == 5000]
    return len(news) - len(confirmed)


@pytest.mark.parametrize("status", [RefundStatus.SUCCEEDED, RefundStatus.PENDING])
def test_a_refund_takes_two_calls_whatever_is_told_of_it(
    running: RunningSandbox, status: RefundStatus
) -> None:
    """A look and the refund. Every event of the account is read without a call."""
    world, checkout = SandboxWorld(running.sandbox), opened(running)
    world.pay(checkout.url)
    before = len(running.sandbox.exchanges())
    world.refund_as(status)
    paid = gateway_of(running).look_up(checkout.checkout_id)
    assert isinstance(paid, Paid)
    gateway_of(running).refund(paid, key="refund:0")
    if status is RefundStatus.PENDING:
        world.end_refunds(checkout.checkout_id, RefundStatus.SUCCEEDED)
    assert looks(running, reader()) == 0
    assert len(running.sandbox.exchanges()) - before == 2
    # The control: news of a refund that the bank returned is looked at.
    world.send_back(checkout.checkout_id)
    assert looks(running, reader()) > 0
