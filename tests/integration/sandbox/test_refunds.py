"""The life of a refund: docs.stripe.com/refunds, docs.stripe.com/api/refunds/object."""

import time
from typing import Any, get_args

import pytest
import stripe
from attrs import frozen

from tests.integration.sandbox.conftest import OpenSession
from tests.integration.sandbox.paid import charge_of, event_types, paid
from ticketing_service.sandbox import PayWith, RefundPlan, Refused, Sandbox, Unsettled
from ticketing_service.sandbox.people import RefundStep

WEEKS = 33 * 24 * 3600


@pytest.mark.parametrize(
    ("plan", "shown"),
    [
        (RefundPlan("pending"), {"pending_reason": None}),
        (RefundPlan("pending", "processing"), {"pending_reason": "processing"}),
        (RefundPlan("pending", "insufficient_funds"), {"pending_reason": "insufficient_funds"}),
        (RefundPlan("pending", "charge_pending"), {"pending_reason": "charge_pending"}),
        (RefundPlan("requires_action"), {}),
        (RefundPlan("failed", failure_reason="declined"), {"failure_reason": "declined"}),
        (RefundPlan("canceled"), {}),
    ],
)
def test_the_next_refund_goes_as_planned(
    client: stripe.StripeClient,
    open_session: OpenSession,
    sandbox: Sandbox,
    plan: RefundPlan,
    shown: dict[str, Any],
) -> None:
    """Its first status and its reason are those of the plan; the refund after it succeeds."""
    payment = paid(open_session, sandbox)
    sandbox.plan_refund(plan)
    refund = client.v1.refunds.create({"payment_intent": payment.intent_id, "amount": 1000})
    assert refund.status == plan.status
    written = client.v1.refunds.retrieve(refund.id).to_dict()
    assert {name: written.get(name) for name in shown} == shown
    assert ("next_action" in written) == (plan.status == "requires_action")
    after = client.v1.refunds.create({"payment_intent": payment.intent_id, "amount": 1000})
    assert after.status == "succeeded"


@frozen
class Life:
    """The steps of a refund and what they lead to; `events` follow its creation."""

    first: Any
    steps: list[RefundStep]
    status: str
    events: str


@pytest.mark.parametrize(
    "life",
    [
        Life("pending", ["complete"], "succeeded", "updated"),
        Life("pending", ["fail"], "failed", "updated failed"),
        Life("succeeded", [], "succeeded", "updated"),
        Life("succeeded", ["fail"], "failed", "updated updated failed"),
        Life("requires_action", ["name_account"], "pending", "updated"),
        Life("requires_action", ["name_account", "complete"], "succeeded", "updated updated"),
        Life("requires_action", ["cancel"], "canceled", "updated"),
        Life("requires_action", ["fail"], "failed", "updated failed"),
    ],
)
def test_the_life_of_a_refund(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox, life: Life
) -> None:
    """Each step sends its events, those of the older name too."""
    payment = paid(open_session, sandbox)
    sandbox.plan_refund(RefundPlan(life.first))
    refund_id = sandbox.refund(payment.session_id, amount=2000).id
    for step in life.steps:
        sandbox.move_refund(refund_id, step)
    assert client.v1.refunds.retrieve(refund_id).status == life.status
    assert event_types(sandbox, "refund.") == [
        "refund.created",
        *(f"refund.{event}" for event in life.events.split()),
    ]
    assert event_types(sandbox, "charge.refunded") == ["charge.refunded"]
    older = event_types(sandbox, "charge.refund.updated")
    assert len(older) == life.events.count("updated")
    given_back = 2000 if life.status in {"succeeded", "pending"} else 0
    charge = charge_of(client, payment)
    assert (charge.amount_refunded, charge.refunded) == (given_back, False)
    left = client.v1.refunds.create({"payment_intent": payment.intent_id})
    assert left.amount == 5000 - given_back


@pytest.mark.parametrize(
    ("status", "switch"),
    [
        ("pending", "pending_refunds_count"),
        ("requires_action", "refunds_that_need_action_count"),
        ("failed", "failed_refunds_count"),
    ],
)
@pytest.mark.parametrize("counts", [True, False])
def test_what_amount_refunded_contains_is_a_switch(
    client: stripe.StripeClient,
    open_session: OpenSession,
    sandbox: Sandbox,
    status: Any,
    switch: str,
    *,
    counts: bool,
) -> None:
    """No document settles it. Whatever it shows, a refund under way is never made twice."""
    sandbox.unsettled = Unsettled(**{switch: counts})
    payment = paid(open_session, sandbox)
    sandbox.plan_refund(RefundPlan(status))
    client.v1.refunds.create({"payment_intent": payment.intent_id})
    charge = charge_of(client, payment)
    assert (charge.amount_refunded, charge.refunded) == ((5000, True) if counts else (0, False))
    assert event_types(sandbox, "charge.refunded") == ["charge.refunded"] * counts
    if status == "failed":
        assert client.v1.refunds.create({"payment_intent": payment.intent_id}).amount == 5000
    else:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.refunds.create({"payment_intent": payment.intent_id})
        assert refused.value.code == "charge_already_refunded"


@pytest.mark.parametrize(
    ("plan", "status"),
    [
        (RefundPlan("pending", then="succeeded", after=WEEKS), "succeeded"),
        (RefundPlan("succeeded", then="failed", after=WEEKS), "failed"),
    ],
)
def test_a_refund_goes_on_by_itself_weeks_later(
    client: stripe.StripeClient,
    open_session: OpenSession,
    sandbox: Sandbox,
    plan: RefundPlan,
    status: str,
) -> None:
    """Not before, and without anybody who looks."""
    payment = paid(open_session, sandbox)
    sandbox.plan_refund(plan)
    refund = sandbox.refund(payment.session_id)
    sandbox.advance_clock(WEEKS - 60)
    assert client.v1.refunds.retrieve(refund.id).status == plan.status
    sandbox.advance_clock(60)
    assert client.v1.refunds.retrieve(refund.id).status == status
    updates = 1 if status == "succeeded" else 2
    assert event_types(sandbox, "refund.updated") == ["refund.updated"] * updates


@pytest.mark.parametrize(
    ("card", "first", "last"),
    [
        (PayWith.SLOW_REFUND_CARD, "pending", "succeeded"),
        (PayWith.FAILING_REFUND_CARD, "succeeded", "failed"),
    ],
)
def test_cards_whose_refunds_are_slow_or_fail(
    open_session: OpenSession, sandbox: Sandbox, card: PayWith, first: str, last: str
) -> None:
    """The numbers of docs.stripe.com/testing#refunds."""
    payment = paid(open_session, sandbox, card)
    assert sandbox.refund(payment.session_id).status == first
    sandbox.advance_clock(60)
    assert [refund.status for refund in sandbox.refunds(payment.session_id)] == [last]


def test_a_chargeback_ends_a_pending_refund(open_session: OpenSession, sandbox: Sandbox) -> None:
    """docs.stripe.com/refunds#failed-refunds: the buyer does not get the money twice."""
    payment = paid(open_session, sandbox)
    sandbox.plan_refund(RefundPlan("pending", "insufficient_funds"))
    sandbox.refund(payment.session_id, amount=1000)
    sandbox.dispute(payment.session_id, amount=4000)
    (refund,) = sandbox.refunds(payment.session_id)
    reason = "charge_for_pending_refund_disputed"
    assert (refund.status, refund.failure_reason) == ("failed", reason)


def test_refunds_are_listed_since_a_time_with_their_payment(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """The filters and the expansion that a look at late money needs."""
    payment = paid(open_session, sandbox)
    sandbox.refund(payment.session_id, amount=100)
    sandbox.advance_clock(3600)
    later = sandbox.refund(payment.session_id, amount=200)
    page = client.v1.refunds.list(
        {
            "created": {"gte": int(time.time()) + 1800},
            "payment_intent": payment.intent_id,
            "expand": ["data.payment_intent.latest_charge.refunds"],
        }
    )
    assert [refund.id for refund in page.data] == [later.id]
    intent = page.data[0].payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert intent.latest_charge.refunds is not None
    assert [refund.amount for refund in intent.latest_charge.refunds.data] == [200, 100]
    assert client.v1.refunds.list({"created": {"gte": int(time.time()) + 9000}}).data == []


@pytest.mark.parametrize("status", ["pending", "succeeded", "failed", "canceled"])
def test_only_a_refund_that_needs_action_can_be_canceled(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox, status: Any
) -> None:
    """docs.stripe.com/api/refunds/cancel."""
    payment = paid(open_session, sandbox)
    sandbox.plan_refund(RefundPlan(status))
    refund = sandbox.refund(payment.session_id)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.cancel(refund.id)
    assert refused.value.http_status == 400
    sandbox.plan_refund(RefundPlan("requires_action"))
    waiting = sandbox.refund(paid(open_session, sandbox).session_id)
    assert client.v1.refunds.cancel(waiting.id).status == "canceled"


@pytest.mark.parametrize("step", get_args(RefundStep))
def test_a_failed_refund_has_no_further_life(
    open_session: OpenSession, sandbox: Sandbox, step: RefundStep
) -> None:
    """Every step is refused."""
    sandbox.plan_refund(RefundPlan("failed"))
    refund = sandbox.refund(paid(open_session, sandbox).session_id)
    with pytest.raises(Refused, match="a refund that is failed"):
        sandbox.move_refund(refund.id, step)


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "lost"},
        {"pending_reason": "processing"},
        {"status": "pending", "pending_reason": "tired"},
        {"failure_reason": "tired"},
        {"then": "pending"},
        {"after": -1},
    ],
)
def test_an_impossible_plan_is_refused(fields: dict[str, Any]) -> None:
    """A mistake in a test is reported at once."""
    with pytest.raises(ValueError, match=r"must be|pending_reason"):
        RefundPlan(**fields)
