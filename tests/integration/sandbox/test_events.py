"""The events of an account: docs.stripe.com/api/events, docs.stripe.com/event-destinations."""

import json
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests
import stripe
from attrs import evolve

from tests.integration.sandbox.conftest import CHOSEN_EVENTS, OpenSession
from tests.integration.sandbox.paid import event_types, paid
from tests.integration.sandbox.webhook_receiver import WebhookReceiver
from tests.support.stripe_openapi import check_object
from ticketing_service.sandbox import (
    PayWith,
    RefundPlan,
    RunningSandbox,
    Sandbox,
    SlowOutcome,
)
from ticketing_service.sandbox.disputes import FirstStatus

DAY = 24 * 3600


CARD = "created charge.succeeded charge.updated payment_intent.succeeded checkout.session.completed"
DEBIT = "created charge.pending payment_intent.processing checkout.session.completed"


@pytest.mark.parametrize(
    ("pay_with", "expected"),
    [
        (PayWith.CARD, CARD),
        (PayWith.DECLINED_CARD, "created charge.failed payment_intent.payment_failed"),
        (PayWith.AUTHENTICATED_CARD, "created payment_intent.requires_action"),
        (PayWith.BANK_DEBIT, DEBIT),
    ],
)
def test_what_a_payment_sends(
    open_session: OpenSession, sandbox: Sandbox, pay_with: PayWith, expected: str
) -> None:
    """Every event of the account, not only those that a ticket seller needs."""
    sandbox.pay(open_session().id, pay_with)
    assert event_types(sandbox, "") == f"payment_intent.{expected}".split()


def test_the_list_is_newest_first_in_pages_and_filtered(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """Types, the time since which, and a page that begins where the last one ended."""
    payments = [paid(open_session, sandbox) for _ in range(3)]
    sandbox.advance_clock(3600)
    for payment in payments:
        sandbox.refund(payment.session_id)
    types = ["charge.refunded", "refund.failed", "checkout.session.completed"]
    params: Any = {"types": types, "limit": 2}
    listed: list[stripe.Event] = []
    while True:
        page = client.v1.events.list(params)
        listed += page.data
        if not page.has_more:
            break
        params["starting_after"] = page.data[-1].id
    assert [event.type for event in listed] == (
        ["charge.refunded"] * 3 + ["checkout.session.completed"] * 3
    )
    newest_first = [payment.intent_id for payment in reversed(payments)]
    assert [event.data.object["payment_intent"] for event in listed] == newest_first * 2
    since: Any = {"types": types, "created": {"gte": int(sandbox.now()) - 60}}
    assert len(client.v1.events.list(since).data) == 3
    one = client.v1.events.list({"type": "charge.refunded", "limit": 1}).data[0]
    assert client.v1.events.retrieve(one.id).to_dict() == one.to_dict()


def test_a_group_of_types(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """`type` may end in a wildcard; beside `types` it is refused (docs.stripe.com/api/events)."""
    sandbox.refund(paid(open_session, sandbox).session_id)
    found = client.v1.events.list({"type": "charge.*", "limit": 100}).data
    assert {event.type for event in found} == {
        event for event in event_types(sandbox, "") if event.startswith("charge.")
    }
    assert client.v1.events.list({"types": ["charge.*"]}).data == []
    with pytest.raises(stripe.InvalidRequestError, match="but not both"):
        client.v1.events.list({"type": "charge.refunded", "types": ["charge.refunded"]})


@pytest.mark.parametrize("what", ["refund", "dispute"])
def test_a_fraud_warning_ends(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox, what: str
) -> None:
    """After a dispute, or a refund of the whole charge, there is nothing left to do about it."""
    payment = paid(open_session, sandbox)
    sandbox.warn_of_fraud(payment.session_id)
    sandbox.refund(payment.session_id, amount=100)
    (warning,) = client.v1.radar.early_fraud_warnings.list({"charge": payment.charge_id}).data
    assert warning.actionable
    if what == "refund":
        sandbox.refund(payment.session_id)
    else:
        sandbox.dispute(payment.session_id, status=FirstStatus.INQUIRY)
    (warning,) = client.v1.radar.early_fraud_warnings.list({"charge": payment.charge_id}).data
    assert not warning.actionable
    kinds = ["radar.early_fraud_warning.created", "radar.early_fraud_warning.updated"]
    assert event_types(sandbox, "radar.") == kinds
    sandbox.warn_of_fraud(payment.session_id)
    assert not sandbox.events()[0].event["data"]["object"]["actionable"]


def test_events_are_kept_for_30_days(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """Then the account no longer lists them. The webhooks' log is another thing."""
    paid(open_session, sandbox)
    event_id = client.v1.events.list().data[0].id
    sandbox.advance_clock(30 * DAY - 60)
    assert client.v1.events.retrieve(event_id).id == event_id
    sandbox.advance_clock(120)
    assert client.v1.events.list({"type": "charge.succeeded"}).data == []
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.events.retrieve(event_id)
    assert refused.value.http_status == 404


@pytest.mark.parametrize("path", ["/v1/events", "/v1/refunds/re_none", "/v1/tickets"])
def test_each_answer_has_the_date_of_the_account(
    running: RunningSandbox, sandbox: Sandbox, path: str
) -> None:
    """A client takes its position from it; also from an error."""
    for ahead in (0, DAY):
        sandbox.advance_clock(ahead)
        answer = requests.get(f"{running.url}{path}", auth=("sk_test_any", ""), timeout=5)
        shown = parsedate_to_datetime(answer.headers["Date"]).timestamp()
        assert abs(shown - sandbox.now()) < 3


def test_an_endpoint_gets_only_the_events_that_it_asked_for(
    open_session: OpenSession, sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    """The others stay in the list. Control: an endpoint for `*` gets all."""
    paid(open_session, sandbox)
    assert sandbox.wait_for_webhooks()
    assert [got.event().type for got in receiver.received()] == ["checkout.session.completed"]
    assert sandbox.webhook is not None
    sandbox.webhook = evolve(sandbox.webhook, enabled_events=("*",))
    paid(open_session, sandbox)
    assert len(receiver.wait_for(6)) == 6


def test_an_endpoint_of_an_older_version(
    client: stripe.StripeClient,
    open_session: OpenSession,
    sandbox: Sandbox,
    receiver: WebhookReceiver,
) -> None:
    """Its events name that version; the list shows its endpoint."""
    assert sandbox.webhook is not None
    sandbox.webhook = evolve(sandbox.webhook, api_version="2020-08-27")
    payment = paid(open_session, sandbox)
    event = receiver.wait_for(1)[0].event()
    assert (event.api_version, event.data.object["id"]) == ("2020-08-27", payment.session_id)
    (endpoint,) = client.v1.webhook_endpoints.list().data
    assert (endpoint.url, endpoint.api_version) == (receiver.url, "2020-08-27")
    assert tuple(endpoint.enabled_events) == CHOSEN_EVENTS


def test_a_thin_endpoint(
    open_session: OpenSession, sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    """Its events only name the object; the SDK does not take one for a snapshot."""
    assert sandbox.webhook is not None
    sandbox.webhook = evolve(sandbox.webhook, thin=True, enabled_events=("*",))
    payment = paid(open_session, sandbox)
    sandbox.refund(payment.session_id)
    sandbox.dispute(paid(open_session, sandbox).session_id)
    sandbox.warn_of_fraud(payment.session_id)
    received = receiver.wait_for(10)
    bodies = [json.loads(got.body) for got in received]
    assert [problem for body in bodies for problem in check_object("v2.core.event", body)] == []
    completed = next(b for b in bodies if b["type"] == "v1.checkout.session.completed")
    assert completed["related_object"] == {
        "id": completed["related_object"]["id"],
        "type": "checkout.session",
        "url": f"/v1/checkout/sessions/{completed['related_object']['id']}",
    }
    with pytest.raises(ValueError, match=r"v2\.core\.event|parse_event_notification"):
        received[0].event()


def test_a_control_of_the_check_of_thin_events() -> None:
    """Control: a thin event with an object in it does not conform."""
    body = {"id": "evt_1", "object": "v2.core.event", "created": "x", "livemode": False}
    assert check_object("v2.core.event", body)
    assert check_object("v2.core.event", {**body, "type": "v1.charge.refunded", "data": 1})


def test_a_changed_object_shows_what_it_was(open_session: OpenSession, sandbox: Sandbox) -> None:
    """`previous_attributes` has the values from before, as docs.stripe.com/api/events says."""
    sandbox.plan_refund(RefundPlan("pending", "processing"))
    refund = sandbox.refund(paid(open_session, sandbox).session_id)
    sandbox.fail_refund(refund.id, reason="declined")
    failed = next(
        sent.event["data"] for sent in sandbox.events() if sent.event["type"] == "refund.failed"
    )
    assert failed["previous_attributes"] == {
        "status": "pending",
        "pending_reason": "processing",
        "failure_reason": None,
        "failure_balance_transaction": None,
    }


def test_slow_payments_send_their_end(open_session: OpenSession, sandbox: Sandbox) -> None:
    """The charge and the payment intent, then the session."""
    sessions = [open_session().id for _ in range(2)]
    for session_id, outcome in zip(sessions, SlowOutcome, strict=True):
        sandbox.pay(session_id, PayWith.BANK_DEBIT)
        sandbox.end_slow_payment(session_id, outcome)
    types = event_types(sandbox, "")
    assert types[4:8] == [
        "charge.succeeded",
        "charge.updated",
        "payment_intent.succeeded",
        "checkout.session.async_payment_succeeded",
    ]
    assert types[12:] == [
        "charge.failed",
        "payment_intent.payment_failed",
        "checkout.session.async_payment_failed",
    ]
