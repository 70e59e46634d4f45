"""Signed events: what is sent when, how often, and how it goes wrong."""

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


def kinds(receiver: WebhookReceiver, count: int) -> list[str]:
    """Return the kinds of the first events, in the order of their creation or so."""
    return sorted(received.event().type for received in receiver.wait_for(count))


def test_a_payment_is_told(
    open_session: OpenSession, sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    """The SDK accepts the signature, and the event carries the session as it is then."""
    session = open_session()
    sandbox.pay(session.id)
    event = receiver.wait_for(1)[0].event()
    assert (event.type, event.api_version) == (
        "checkout.session.completed",
        "2026-10-28.endive",
    )
    told = event.data.object
    assert (told["id"], told["payment_status"]) == (session.id, "paid")


def test_a_changed_body_is_not_accepted(
    open_session: OpenSession, sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    """Control of the signature: the SDK refuses it for any other body or secret."""
    sandbox.pay(open_session().id)
    received = receiver.wait_for(1)[0]
    for body, secret in ((received.body + b" ", SECRET), (received.body, "whsec_other")):
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body, received.signature, secret)


def test_every_end_of_a_session_is_told(
    open_session: OpenSession, sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    """Expiry by a call and by time, and both ends of a slow payment."""
    sandbox.expire(open_session().id)
    well, badly = open_session(), open_session()
    open_session()
    for session in (well, badly):
        sandbox.pay(session.id, PayWith.BANK_DEBIT)
    sandbox.end_slow_payment(well.id, SlowOutcome.SUCCEEDS)
    sandbox.end_slow_payment(badly.id, SlowOutcome.FAILS)
    sandbox.advance_clock(3600)
    assert kinds(receiver, 6) == [
        "checkout.session.async_payment_failed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.completed",
        "checkout.session.completed",
        "checkout.session.expired",
        "checkout.session.expired",
    ]


def test_money_that_goes_back_is_told(
    open_session: OpenSession, sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    """Refunds (partial ones too), their failures, and disputes."""
    session = open_session()
    sandbox.pay(session.id, delivery=Delivery.LOST)
    refund = sandbox.refund(session.id, amount=1000)
    charge = receiver.wait_for(1)[0].event()
    assert (charge.type, charge.data.object["amount_refunded"]) == ("charge.refunded", 1000)
    assert charge.data.object["metadata"]["ticket_code"] == "6e40a178"
    sandbox.fail_refund(refund.id)
    sandbox.dispute(session.id)
    assert kinds(receiver, 3) == ["charge.dispute.created", "charge.refunded", "refund.failed"]


def test_a_refused_event_is_sent_again_signed_anew(
    open_session: OpenSession, sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    """A failure, or a redirect, is tried again until a 2xx; the event stays the same."""
    receiver.answers = [500, 302]
    sandbox.pay(open_session().id)
    received = receiver.wait_for(3)
    assert len({delivery.event().id for delivery in received}) == 1
    assert sandbox.wait_for_webhooks()
    assert [attempt.status for attempt in sandbox.events()[0].attempts] == [500, 302, 200]
    assert len(receiver.received()) == 3


def test_retries_have_an_end(
    open_session: OpenSession, sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    """When every try has failed, the event stays lost until it is asked for."""
    receiver.answers = [500, 500, 500]
    sandbox.pay(open_session().id)
    assert sandbox.wait_for_webhooks()
    assert len(receiver.received()) == 3
    assert sandbox.resend(sandbox.events()[0].event["id"])
    receiver.wait_for(4)


def test_an_event_can_come_twice(
    open_session: OpenSession, sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    """Twice means the same event in two deliveries."""
    sandbox.pay(open_session().id, delivery=Delivery.TWICE)
    assert len({delivery.event().id for delivery in receiver.wait_for(2)}) == 1


def test_an_event_can_be_lost(
    open_session: OpenSession, sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    """A lost event is never sent, but is there to be sent by hand."""
    sandbox.pay(open_session().id, delivery=Delivery.LOST)
    assert sandbox.wait_for_webhooks()
    assert receiver.received() == []
    assert sandbox.events()[0].event["type"] == "checkout.session.completed"


def test_an_early_event_is_answered_before_the_buyer_is_back(
    open_session: OpenSession, sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    """When the payment returns, the endpoint has answered already."""
    sandbox.pay(open_session().id, delivery=Delivery.EARLY)
    assert [attempt.status for attempt in sandbox.events()[0].attempts] == [200]
    assert len(receiver.received()) == 1


def test_a_late_event_comes_after_others(
    open_session: OpenSession, sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    """A late event is overtaken by one that is younger."""
    session = open_session()
    sandbox.pay(session.id, delivery=Delivery.LATE)
    sandbox.refund(session.id)
    order = [delivery.event().type for delivery in receiver.wait_for(2)]
    assert order == ["charge.refunded", "checkout.session.completed"]


def test_all_deliveries_can_be_set_to_go_wrong(
    open_session: OpenSession, sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    """The sandbox's own delivery is for all events that are not told otherwise."""
    sandbox.delivery = Delivery.LOST
    sandbox.pay(open_session().id)
    sandbox.pay(open_session().id, delivery=Delivery.ON_TIME)
    receiver.wait_for(1)
    assert sandbox.wait_for_webhooks()
    assert len(receiver.received()) == 1


def test_an_endpoint_that_is_away_is_tried_again() -> None:
    """Without anybody at the address, tries end without a status, and the sandbox goes on."""
    nobody = WebhookEndpoint("http://127.0.0.1:1/webhook/", SECRET)
    with running_sandbox(webhook=nobody, retry_pauses=(0.01,)) as running:
        with stripe_client(running.url) as client:
            session = client.v1.checkout.sessions.create(session_params())
        running.sandbox.expire(session.id)
        assert running.sandbox.wait_for_webhooks()
        tries = [attempt.status for attempt in running.sandbox.events()[0].attempts]
    assert tries == [None, None]
