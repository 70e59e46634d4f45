"""Signed events: which are sent, when, how often, and how delivery fails."""

import pytest
import stripe

from tests.integration.sandbox.conftest import OpenSession, session_params, stripe_client
from tests.integration.sandbox.webhook_receiver import SECRET, WebhookReceiver
from ticketing_service.sandbox import (
    Delivery,
    PayWith,
    Sandbox,
    SlowOutcome,
    WebhookEndpoint,
    running_sandbox,
)


def event_types(receiver: WebhookReceiver, count: int) -> list[str]:
    """Wait for this many events, and return the types of all that came, sorted."""
    return sorted(received.event().type for received in receiver.wait_for(count))


def test_a_payment_sends_an_event(
    open_session: OpenSession, sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    """The SDK accepts the signature, and the event has the session as it is now."""
    session = open_session()
    sandbox.pay(session.id)
    event = receiver.wait_for(1)[0].event()
    assert (event.type, event.api_version) == (
        "checkout.session.completed",
        "2026-10-28.endive",
    )
    shown = event.data.object
    assert (shown["id"], shown["payment_status"]) == (session.id, "paid")


def test_a_changed_body_is_refused(
    open_session: OpenSession, sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    """Control: the SDK refuses the signature of another body or secret."""
    sandbox.pay(open_session().id)
    received = receiver.wait_for(1)[0]
    for body, secret in ((received.body + b" ", SECRET), (received.body, "whsec_other")):
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body, received.signature, secret)


def test_each_end_of_a_session_sends_an_event(
    open_session: OpenSession, sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    """A session expires by a call or by time, and a slow payment succeeds or fails."""
    sandbox.expire(open_session().id)
    paid, failed = open_session(), open_session()
    open_session()
    for session in (paid, failed):
        sandbox.pay(session.id, PayWith.BANK_DEBIT)
    sandbox.end_slow_payment(paid.id, SlowOutcome.SUCCEEDS)
    sandbox.end_slow_payment(failed.id, SlowOutcome.FAILS)
    sandbox.advance_clock(3600)
    assert event_types(receiver, 6) == [
        "checkout.session.async_payment_failed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.completed",
        "checkout.session.completed",
        "checkout.session.expired",
        "checkout.session.expired",
    ]


def test_returned_money_sends_events(
    open_session: OpenSession, sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    """Refunds, partial ones too, failed refunds, and disputes send events."""
    session = open_session()
    sandbox.pay(session.id, delivery=Delivery.LOST)
    refund = sandbox.refund(session.id, amount=1000)
    charge = receiver.wait_for(1)[0].event()
    assert (charge.type, charge.data.object["amount_refunded"]) == ("charge.refunded", 1000)
    assert charge.data.object["metadata"]["ticket_code"] == "6e40a178"
    sandbox.fail_refund(refund.id)
    sandbox.dispute(session.id)
    assert event_types(receiver, 3) == [
        "charge.dispute.created",
        "charge.refunded",
        "refund.failed",
    ]


def test_a_refused_event_is_retried_with_a_new_signature(
    open_session: OpenSession, sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    """After an error or a redirect, the same event is sent again until a 2xx."""
    receiver.statuses = [500, 302]
    sandbox.pay(open_session().id)
    received = receiver.wait_for(3)
    assert len({delivery.event().id for delivery in received}) == 1
    assert sandbox.wait_for_webhooks()
    assert [attempt.status for attempt in sandbox.events()[0].attempts] == [500, 302, 200]
    assert len(receiver.received()) == 3


def test_retries_have_an_end(
    open_session: OpenSession, sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    """After the last retry fails, the event is lost until it is resent."""
    receiver.statuses = [500, 500, 500]
    sandbox.pay(open_session().id)
    assert sandbox.wait_for_webhooks()
    assert len(receiver.received()) == 3
    assert sandbox.resend(sandbox.events()[0].event["id"])
    receiver.wait_for(4)


def test_an_event_can_be_sent_twice(
    open_session: OpenSession, sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    """Both deliveries have the same event."""
    sandbox.pay(open_session().id, delivery=Delivery.TWICE)
    assert len({delivery.event().id for delivery in receiver.wait_for(2)}) == 1


def test_an_event_can_be_lost(
    open_session: OpenSession, sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    """A lost event is not sent, but it is listed and can be resent."""
    sandbox.pay(open_session().id, delivery=Delivery.LOST)
    assert sandbox.wait_for_webhooks()
    assert receiver.received() == []
    assert sandbox.events()[0].event["type"] == "checkout.session.completed"


def test_an_early_event_arrives_before_the_payment_returns(
    open_session: OpenSession, sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    """When the payment returns, the endpoint has already responded."""
    sandbox.pay(open_session().id, delivery=Delivery.EARLY)
    assert [attempt.status for attempt in sandbox.events()[0].attempts] == [200]
    assert len(receiver.received()) == 1


def test_a_late_event_comes_after_others(
    open_session: OpenSession, sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    """A newer event overtakes a late one."""
    session = open_session()
    sandbox.pay(session.id, delivery=Delivery.LATE)
    sandbox.refund(session.id)
    order = [delivery.event().type for delivery in receiver.wait_for(2)]
    assert order == ["charge.refunded", "checkout.session.completed"]


def test_the_delivery_of_all_events_can_be_set(
    open_session: OpenSession, sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    """The sandbox's own delivery holds for all steps without one of their own."""
    sandbox.delivery = Delivery.LOST
    sandbox.pay(open_session().id)
    sandbox.pay(open_session().id, delivery=Delivery.ON_TIME)
    receiver.wait_for(1)
    assert sandbox.wait_for_webhooks()
    assert len(receiver.received()) == 1


def test_an_unreachable_endpoint_is_retried() -> None:
    """Attempts without a response have no status, and the sandbox goes on."""
    unreachable = WebhookEndpoint("http://127.0.0.1:1/webhook/", SECRET)
    with running_sandbox(webhook=unreachable, retry_pauses=(0.01,)) as running:
        with stripe_client(running.url) as client:
            session = client.v1.checkout.sessions.create(session_params())
        running.sandbox.expire(session.id)
        assert running.sandbox.wait_for_webhooks()
        statuses = [attempt.status for attempt in running.sandbox.events()[0].attempts]
    assert statuses == [None, None]
