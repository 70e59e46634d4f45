"""What the adapter and the sandbox take for granted, asked of an account.

`make test-stripe` asks Stripe's test mode, if `TICKETING_STRIPE_TEST_KEY` is set. The sandbox gets
the same questions in every run, so that they stay right. Where no document of Stripe answers, the
expected value is the sandbox's switch (`Unsettled`): if Stripe answers otherwise, change its
default.

The half for Stripe has not been run yet, for want of a key; each of its calls is checked against
Stripe's OpenAPI document. Not asked, since no test card does it: refunds that wait for the buyer's
account or for balance, and appeals.
"""

from collections.abc import Callable

import pytest
import stripe

from tests.integration.adapters.test_payment_page import USUAL_EMAILS
from tests.integration.real_stripe.accounts import (
    AMOUNT,
    ASKS_FIRST,
    CURRENCY,
    DISPUTED,
    FAILING_REFUND,
    INQUIRED,
    PENDING_REFUND,
    VISA,
    Account,
    at_sandbox,
    eventually,
)
from tests.integration.real_stripe.payments import (
    TOTAL,
    charge_of,
    decided,
    disputed,
    first_refund,
    money,
    opened,
    refunded,
)
from ticketing_core import Money
from ticketing_core.payment import Closed, GivenBack, Paid
from ticketing_service.sandbox import Unsettled

pytestmark = pytest.mark.timeout(900)  # Stripe takes its time over refunds and disputes.

# --- checkouts --------------------------------------------------------------------------------


def test_a_ticket_is_bought_and_refunded(account: Account) -> None:
    """The buyer pays on the page; the adapter sees all of it, and gives all of it back."""
    checkout = opened(account)
    account.pay(checkout.url, VISA)
    seen = account.gateway.look_up(checkout.checkout_id)
    assert isinstance(seen, Paid), seen
    assert (seen.total, seen.ours, seen.disputed) == (TOTAL, TOTAL, False)
    assert account.gateway.close(checkout.checkout_id) == seen
    key = f"{checkout.checkout_id}:refund"
    for _ in range(2):
        assert account.gateway.refund(seen, key=key) == GivenBack()
    after = account.gateway.look_up(checkout.checkout_id)
    assert isinstance(after, Paid), after
    assert (after.refunded_minor, after.ours) == (AMOUNT, Money(0, CURRENCY))


def test_a_checkout_is_closed_while_the_buyer_is_asked_by_their_bank(account: Account) -> None:
    """Nothing can be paid any more: the payment that waits ends with the session."""
    checkout = opened(account)
    account.begin_to_pay(checkout.url, ASKS_FIRST)

    def intent() -> stripe.PaymentIntent | None:
        expand = ["payment_intent"]
        sessions = account.client.v1.checkout.sessions
        found = sessions.retrieve(checkout.checkout_id, {"expand": expand}).payment_intent
        assert not isinstance(found, str)
        return found

    eventually(account, intent, lambda i: i is not None and i.status == "requires_action")
    assert account.gateway.close(checkout.checkout_id) == Closed()
    assert account.gateway.look_up(checkout.checkout_id) == Closed()
    ended = eventually(account, intent, lambda i: i is not None and i.status == "canceled")
    assert ended is not None
    assert ended.cancellation_reason == "expired"


@pytest.mark.parametrize("email", USUAL_EMAILS)
def test_every_email_that_is_sent_is_taken(account: Account, email: str) -> None:
    """The adapter leaves out what it takes for odd; it must not send what Stripe refuses."""
    checkout = opened(account, email=email)
    session = account.client.v1.checkout.sessions.retrieve(checkout.checkout_id)
    assert session.customer_email == email
    assert account.gateway.close(checkout.checkout_id) == Closed()


# --- refunds ----------------------------------------------------------------------------------


def test_a_pending_refund(account: Account) -> None:
    """It is on its way at once. Whether `amount_refunded` has it is one of the switches."""
    intent_id = account.paid_with(PENDING_REFUND)
    assert refunded(account, intent_id).status == "pending"
    seen = money(account, intent_id)
    assert (seen.refunded_minor, seen.waiting) == (AMOUNT, None)
    counted = charge_of(account, intent_id).amount_refunded == AMOUNT
    assert counted is Unsettled().pending_refunds_count
    eventually(
        account, lambda: charge_of(account, intent_id), lambda c: first_refund(c) == "succeeded"
    )
    assert charge_of(account, intent_id).amount_refunded == AMOUNT


def test_a_refund_that_the_bank_returns(account: Account) -> None:
    """The money is ours again. Whether `amount_refunded` still has it is one of the switches."""
    intent_id = account.paid_with(FAILING_REFUND)
    assert refunded(account, intent_id).status == "succeeded"
    assert money(account, intent_id).refunded_minor == AMOUNT
    charge = eventually(
        account, lambda: charge_of(account, intent_id), lambda c: first_refund(c) == "failed"
    )
    assert (charge.amount_refunded == AMOUNT) is Unsettled().failed_refunds_count
    seen = money(account, intent_id)
    assert (seen.ours, seen.failed_refunds) == (TOTAL, 1)


# --- disputes ---------------------------------------------------------------------------------


def test_an_open_dispute_holds_the_money(account: Account) -> None:
    """It cannot be refunded meanwhile."""
    intent_id, _ = disputed(account, DISPUTED)
    seen = money(account, intent_id)
    assert (seen.held_minor, seen.disputed, charge_of(account, intent_id).disputed) == (
        AMOUNT,
        True,
        True,
    )
    with pytest.raises(stripe.InvalidRequestError) as refused:
        refunded(account, intent_id)
    assert refused.value.code == "charge_disputed"


def test_a_dispute_that_is_won(account: Account) -> None:
    """The money is ours, though the charge stays marked, and it can be refunded."""
    intent_id, dispute_id = disputed(account, DISPUTED)
    decided(account, dispute_id, evidence="winning_evidence", status="won")
    seen = money(account, intent_id)
    assert (seen.ours, seen.disputed) == (TOTAL, False)
    assert charge_of(account, intent_id).disputed is True
    assert refunded(account, intent_id).status == "succeeded"


def test_a_dispute_that_is_lost(account: Account) -> None:
    """Nothing is ours, and nothing counts as refunded."""
    intent_id, dispute_id = disputed(account, DISPUTED)
    decided(account, dispute_id, evidence="losing_evidence", status="lost")
    seen = money(account, intent_id)
    assert (seen.lost_minor, seen.ours.amount_minor, seen.disputed) == (AMOUNT, 0, False)
    assert charge_of(account, intent_id).amount_refunded == 0


def test_an_inquiry(account: Account) -> None:
    """It takes nothing. Whether it marks the charge is one of the switches."""
    intent_id, dispute_id = disputed(account, INQUIRED)
    seen = money(account, intent_id)
    assert (seen.ours, seen.disputed) == (TOTAL, True)
    marked = charge_of(account, intent_id).disputed
    assert marked is Unsettled().inquiries_mark_the_charge
    decided(account, dispute_id, evidence="losing_evidence", status="warning_closed")
    assert money(account, intent_id).disputed is False
    assert refunded(account, intent_id).status == "succeeded"


def test_an_inquiry_becomes_a_dispute(account: Account) -> None:
    """From then on it holds the money."""
    intent_id, dispute_id = disputed(account, INQUIRED)
    decided(account, dispute_id, evidence="escalate_inquiry_evidence", status="needs_response")
    assert money(account, intent_id).held_minor == AMOUNT
    assert charge_of(account, intent_id).disputed is True


@pytest.mark.parametrize(
    ("otherwise", "test"),
    [
        (Unsettled(pending_refunds_count=False), test_a_pending_refund),
        (Unsettled(failed_refunds_count=True), test_a_refund_that_the_bank_returns),
        (Unsettled(inquiries_mark_the_charge=False), test_an_inquiry),
    ],
    ids=["pending refunds", "failed refunds", "inquiries"],
)
def test_control_another_answer_is_noticed(
    otherwise: Unsettled, test: Callable[[Account], None]
) -> None:
    """An account that answers otherwise than the sandbox usually does fails its test."""
    with at_sandbox(otherwise) as account, pytest.raises(AssertionError):
        test(account)
