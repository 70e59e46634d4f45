"""Slow payments, refunds and disputes."""

from typing import Any

import pytest
import stripe

from tests.integration.sandbox.conftest import OpenSession
from ticketing_service.sandbox import Decline, PayWith, Refused, Sandbox, SlowOutcome


def payment_of(client: stripe.StripeClient, session_id: str) -> tuple[str, stripe.Charge]:
    """Return the id of a session's payment intent, and its charge."""
    session = client.v1.checkout.sessions.retrieve(
        session_id, {"expand": ["payment_intent.latest_charge"]}
    )
    assert isinstance(session.payment_intent, stripe.PaymentIntent)
    assert isinstance(session.payment_intent.latest_charge, stripe.Charge)
    return session.payment_intent.id, session.payment_intent.latest_charge


@pytest.mark.parametrize("card", [PayWith.DECLINED_CARD, PayWith.EMPTY_CARD, PayWith.EXPIRED_CARD])
def test_a_declined_card_stays_inside_the_session(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox, card: PayWith
) -> None:
    """After a decline the session is open, shows the failed payment, and can be paid by it."""
    session = open_session()
    assert isinstance(sandbox.pay(session.id, card), Decline)
    after = client.v1.checkout.sessions.retrieve(session.id)
    assert (after.status, after.payment_status) == ("open", "unpaid")
    intent_id, charge = payment_of(client, session.id)
    intent = client.v1.payment_intents.retrieve(intent_id)
    assert (intent.status, intent.amount_received) == ("requires_payment_method", 0)
    assert intent.last_payment_error is not None
    assert intent.last_payment_error.charge == charge.id
    assert (charge.status, charge.paid, charge.amount_captured) == ("failed", False, 0)
    sandbox.pay(session.id)
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
    paid_id, paid_charge = payment_of(client, session.id)
    assert paid_id == intent_id
    assert (paid_charge.id != charge.id, paid_charge.status) == (True, "succeeded")


@pytest.mark.parametrize("currency", ["usd", "eur", "gbp"])
def test_a_slow_payment_is_complete_but_unpaid(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox, currency: str
) -> None:
    """The payment intent is processing until the bank pays; then the session is paid."""
    session = open_session(currency=currency)
    sandbox.pay(session.id, PayWith.BANK_DEBIT)
    waiting = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (waiting.status, waiting.payment_status) == ("complete", "unpaid")
    assert isinstance(waiting.payment_intent, stripe.PaymentIntent)
    assert waiting.payment_intent.status == "processing"
    sandbox.end_slow_payment(session.id, SlowOutcome.SUCCEEDS)
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
    assert payment_of(client, session.id)[1].amount_captured == 5000


def test_a_slow_payment_that_fails_stays_unpaid(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """The session stays complete and unpaid; only the payment intent shows the failure."""
    session = open_session()
    sandbox.pay(session.id, PayWith.BANK_DEBIT)
    sandbox.end_slow_payment(session.id, SlowOutcome.FAILS)
    after = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (after.status, after.payment_status) == ("complete", "unpaid")
    assert isinstance(after.payment_intent, stripe.PaymentIntent)
    assert after.payment_intent.status == "requires_payment_method"
    assert payment_of(client, session.id)[1].status == "failed"


def test_a_slow_payment_can_end_by_itself(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """With an outcome and a time, it ends without further action."""
    session = open_session()
    sandbox.pay(
        session.id, PayWith.BANK_DEBIT, slow_outcome=SlowOutcome.SUCCEEDS, slow_seconds=3600
    )
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "unpaid"
    sandbox.advance_clock(3600)
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_a_slow_method_must_be_offered(open_session: OpenSession, sandbox: Sandbox) -> None:
    """A session for cards only cannot be paid by bank debit."""
    session = open_session(allowed_payment_method_types=["card"])
    with pytest.raises(Refused, match="does not offer"):
        sandbox.pay(session.id, PayWith.BANK_DEBIT)


@pytest.mark.parametrize("by", ["payment_intent", "charge"])
def test_a_refund_gives_all_back(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox, by: str
) -> None:
    """Without an amount, all that is captured is refunded; the session stays paid."""
    session = open_session()
    sandbox.pay(session.id)
    intent_id, charge = payment_of(client, session.id)
    payment: Any = {by: {"payment_intent": intent_id, "charge": charge.id}[by]}
    extras = {"metadata": {"attempt": "1"}, "reason": "requested_by_customer"}
    params: Any = {**payment, **extras}
    refund = client.v1.refunds.create(params)
    assert (refund.amount, refund.status, refund.currency) == (5000, "succeeded", "usd")
    assert client.v1.refunds.retrieve(refund.id).to_dict() == refund.to_dict()
    assert [found.id for found in client.v1.refunds.list(payment).data] == [refund.id]
    _, after = payment_of(client, session.id)
    assert (after.amount_refunded, after.refunded) == (5000, True)
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_refunds_add_up_to_the_charge_and_no_further(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """Partial refunds work until nothing is left; then the code is `charge_already_refunded`."""
    session = open_session()
    sandbox.pay(session.id)
    intent_id, _ = payment_of(client, session.id)
    client.v1.refunds.create({"payment_intent": intent_id, "amount": 2000})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        client.v1.refunds.create({"payment_intent": intent_id, "amount": 3001})
    assert client.v1.refunds.create({"payment_intent": intent_id}).amount == 3000
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent_id})
    assert refused.value.code == "charge_already_refunded"
    assert payment_of(client, session.id)[1].amount_refunded == 5000


def test_a_failed_refund_can_be_repeated(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """After the bank returns a refund, the charge counts as captured and can be refunded."""
    session = open_session()
    sandbox.pay(session.id)
    refund = sandbox.refund(session.id)
    sandbox.fail_refund(refund.id)
    failed = client.v1.refunds.retrieve(refund.id)
    assert (failed.status, failed.failure_reason) == ("failed", "lost_or_stolen_card")
    intent_id, charge = payment_of(client, session.id)
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    assert client.v1.refunds.create({"payment_intent": intent_id}).amount == 5000


def test_a_disputed_charge_cannot_be_refunded(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """The buyer's bank already has the money: the code is `charge_disputed`."""
    session = open_session()
    sandbox.pay(session.id)
    assert sandbox.dispute(session.id).amount == 5000
    intent_id, charge = payment_of(client, session.id)
    assert charge.disputed
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent_id})
    assert refused.value.code == "charge_disputed"


def test_a_payment_that_is_processing_cannot_be_refunded(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """Before the bank pays, there is nothing to refund."""
    session = open_session()
    sandbox.pay(session.id, PayWith.BANK_DEBIT)
    intent_id, _ = payment_of(client, session.id)
    with pytest.raises(stripe.InvalidRequestError, match="successful charge"):
        client.v1.refunds.create({"payment_intent": intent_id})


def test_a_refund_needs_something_to_refund(client: stripe.StripeClient) -> None:
    """A refund without a charge or payment intent, or of an unknown one, is refused."""
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"amount": 5})
    assert refused.value.code == "parameter_missing"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": "pi_none"})
    assert refused.value.code == "resource_missing"


def test_refunds_can_be_expanded(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """An expanded charge lists its refunds, newest first."""
    session = open_session()
    sandbox.pay(session.id)
    first, second = (sandbox.refund(session.id, amount=100).id for _ in range(2))
    _, charge = payment_of(client, session.id)
    shown = client.v1.charges.retrieve(charge.id, {"expand": ["refunds"]}).refunds
    assert shown is not None
    assert [refund.id for refund in shown.data] == [second, first]
