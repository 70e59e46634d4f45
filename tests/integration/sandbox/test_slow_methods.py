"""Vouchers, bank debits, and cards that ask first."""

from typing import Any

import pytest
import stripe

from tests.integration.sandbox.conftest import OpenSession
from tests.integration.sandbox.paid import event_types
from tests.integration.sandbox.test_money_back import payment_of
from ticketing_service.sandbox import Decline, PayWith, Refused, Sandbox, SlowOutcome
from ticketing_service.sandbox.payment_methods import BANK_DEBITS, SLOW_METHODS, VOUCHERS

AMOUNTS = {"jpy": 2500, "mxn": 25_000}
# What a seller sends who wants none of them; the API knows more than the sandbox offers.
ALL_SLOW: list[Any] = sorted({*SLOW_METHODS, "customer_balance"})


def shown(client: stripe.StripeClient, session_id: str) -> tuple[str | None, str, str]:
    """Return the status and payment status of a session, and the status of its intent."""
    session = client.v1.checkout.sessions.retrieve(session_id, {"expand": ["payment_intent"]})
    assert isinstance(session.payment_intent, stripe.PaymentIntent)
    return session.status, session.payment_status, session.payment_intent.status


@pytest.mark.parametrize(("currency", "method"), sorted(VOUCHERS.items()))
@pytest.mark.parametrize(
    ("outcome", "after", "event"),
    [
        (SlowOutcome.SUCCEEDS, ("complete", "paid", "succeeded"), "succeeded"),
        (SlowOutcome.FAILS, ("complete", "unpaid", "requires_payment_method"), "failed"),
    ],
)
def test_a_voucher_decides_days_later(
    client: stripe.StripeClient,
    open_session: OpenSession,
    sandbox: Sandbox,
    *,
    currency: str,
    method: str,
    outcome: SlowOutcome,
    after: tuple[str, str, str],
    event: str,
) -> None:
    """docs.stripe.com/payments/vouchers: the session is complete, and unpaid, until then."""
    session = open_session(currency=currency, unit_amount=AMOUNTS.get(currency, 2500))
    assert method in session.payment_method_types
    sandbox.pay(session.id, PayWith.VOUCHER, slow_outcome=outcome, slow_seconds=3 * 24 * 3600)
    assert shown(client, session.id) == ("complete", "unpaid", "requires_action")
    intent_id = client.v1.checkout.sessions.retrieve(session.id).payment_intent
    assert isinstance(intent_id, str)
    waiting = client.v1.payment_intents.retrieve(intent_id)
    assert (waiting.latest_charge, waiting.payment_method_types) == (None, [method])
    assert waiting.next_action is not None
    assert waiting.next_action.type == f"{method}_display_details"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.expire(session.id)
    sandbox.advance_clock(2 * 24 * 3600)
    assert shown(client, session.id) == ("complete", "unpaid", "requires_action")
    sandbox.advance_clock(24 * 3600)
    assert shown(client, session.id) == after
    assert event_types(sandbox, "checkout.session.async") == [
        f"checkout.session.async_payment_{event}"
    ]


@pytest.mark.parametrize("currency", sorted({*BANK_DEBITS, *VOUCHERS}))
def test_excluded_methods_are_not_offered(
    open_session: OpenSession, sandbox: Sandbox, currency: str
) -> None:
    """Control: without the list, each of these currencies has a slow method."""
    unit_amount = AMOUNTS.get(currency, 2500)
    offering = open_session(currency=currency, unit_amount=unit_amount)
    assert set(offering.payment_method_types) & SLOW_METHODS
    session = open_session(
        currency=currency, unit_amount=unit_amount, excluded_payment_method_types=ALL_SLOW
    )
    assert session.payment_method_types == ["card"]
    assert session.excluded_payment_method_types == ALL_SLOW
    for slow in (PayWith.BANK_DEBIT, PayWith.VOUCHER):
        with pytest.raises(Refused, match="does not offer"):
            sandbox.pay(session.id, slow)


@pytest.mark.parametrize("slow", [PayWith.BANK_DEBIT, PayWith.VOUCHER])
def test_a_slow_payment_can_be_canceled_in_the_dashboard(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox, slow: PayWith
) -> None:
    """Only the payment intent shows it: the session stays complete and unpaid."""
    session = open_session(currency="eur")
    sandbox.pay(session.id, slow, slow_outcome=SlowOutcome.SUCCEEDS, slow_seconds=60)
    sandbox.cancel_payment(session.id)
    sandbox.advance_clock(120)
    assert shown(client, session.id) == ("complete", "unpaid", "canceled")
    assert event_types(sandbox, "payment_intent.")[-1] == "payment_intent.canceled"
    with pytest.raises(Refused, match="no payment that can be canceled"):
        sandbox.cancel_payment(session.id)


def test_a_card_that_asks_first(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """The session stays open, with an intent that needs action; a pass pays it."""
    session = open_session()
    sandbox.pay(session.id, PayWith.AUTHENTICATED_CARD)
    assert shown(client, session.id) == ("open", "unpaid", "requires_action")
    sandbox.authenticate(session.id, passed=True)
    assert shown(client, session.id) == ("complete", "paid", "succeeded")
    assert payment_of(client, session.id)[1].amount_captured == 5000
    with pytest.raises(Refused, match="no card that waits"):
        sandbox.authenticate(session.id, passed=True)


def test_a_card_whose_question_fails(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """No charge is made, the session stays open, and another card pays with the same intent."""
    session = open_session()
    sandbox.pay(session.id, PayWith.AUTHENTICATED_CARD)
    assert isinstance(sandbox.authenticate(session.id, passed=False), Decline)
    assert shown(client, session.id) == ("open", "unpaid", "requires_payment_method")
    intent = sandbox.intent(session.id)
    assert intent is not None
    failed = client.v1.payment_intents.retrieve(intent.id)
    assert failed.last_payment_error is not None
    assert failed.last_payment_error.code == "payment_intent_authentication_failure"
    assert failed.latest_charge is None
    sandbox.pay(session.id)
    assert shown(client, session.id) == ("complete", "paid", "succeeded")
    assert payment_of(client, session.id)[0] == intent.id
    assert event_types(sandbox, "payment_intent.created") == ["payment_intent.created"]


@pytest.mark.parametrize("card", [PayWith.DECLINED_CARD, PayWith.AUTHENTICATED_CARD])
def test_an_expired_session_cancels_its_intent(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox, card: PayWith
) -> None:
    """An attempt was made, and can no longer be finished."""
    session = open_session()
    sandbox.pay(session.id, card)
    client.v1.checkout.sessions.expire(session.id)
    assert shown(client, session.id) == ("expired", "unpaid", "canceled")
    intent = sandbox.intent(session.id)
    assert intent is not None
    canceled = client.v1.payment_intents.retrieve(intent.id)
    assert (canceled.cancellation_reason, bool(canceled.canceled_at)) == ("expired", True)
    with pytest.raises(Refused, match="no card that waits"):
        sandbox.authenticate(session.id, passed=True)


def test_an_intent_of_a_session_cannot_be_canceled_directly(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """docs.stripe.com/api/payment_intents/cancel: the session has to be expired."""
    session = open_session()
    sandbox.pay(session.id, PayWith.DECLINED_CARD)
    intent = sandbox.intent(session.id)
    assert intent is not None
    with pytest.raises(stripe.InvalidRequestError, match="Expire the Checkout Session"):
        client.v1.payment_intents.cancel(intent.id)
    assert shown(client, session.id) == ("open", "unpaid", "requires_payment_method")


def test_what_was_not_charged_cannot_be_refunded(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """A voucher has no charge, and a declined card has one that failed."""
    voucher, declined = open_session(currency="eur"), open_session()
    sandbox.pay(voucher.id, PayWith.VOUCHER)
    sandbox.pay(declined.id, PayWith.DECLINED_CARD)
    for session in (voucher, declined):
        intent = sandbox.intent(session.id)
        assert intent is not None
        with pytest.raises(stripe.InvalidRequestError, match="successful charge"):
            client.v1.refunds.create({"payment_intent": intent.id})
