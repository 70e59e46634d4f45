"""The API of an account, and of our own calls what only Stripe gets."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
import stripe

from tests.integration.real_stripe.accounts import (
    ASKS_FIRST,
    DISPUTED,
    FAILING_REFUND,
    INQUIRED,
    KEY,
    PENDING_REFUND,
    TEST_LIMIT,
    VISA,
    Account,
    at_sandbox,
    eventually,
    key_of_test_mode,
    payment_by,
)
from tests.integration.real_stripe.payments import charge_of, disputed, opened, refunded
from tests.support.stripe_openapi import check_exchange
from ticketing_service.sandbox.stripe_objects import TEMPLATES

pytestmark = pytest.mark.timeout(900)  # Stripe takes its time over disputes.


def test_the_bucket_of_the_limit(account: Account) -> None:
    """It holds the calls of one second, and is refilled at the documented pace."""

    def call(_: int) -> requests.Response:
        url = f"{account.api}/v1/payment_intents?limit=1"
        return requests.get(url, auth=(account.key, ""), timeout=30)

    with account.with_limits(), ThreadPoolExecutor(30) as pool:
        before = time.monotonic()
        answers = list(pool.map(call, range(10 * TEST_LIMIT)))
        seconds = time.monotonic() - before
    accepted = [answer for answer in answers if answer.ok]
    refused = [answer for answer in answers if not answer.ok]
    assert {answer.status_code for answer in refused} <= {429}
    assert {"Stripe-Rate-Limited-Reason" in answer.headers for answer in refused} <= {True}
    assert TEST_LIMIT <= len(accepted) <= TEST_LIMIT * (1 + seconds)


def test_control_a_larger_bucket_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox accepts four times as many calls here."""
    monkeypatch.setattr("tests.integration.real_stripe.accounts.TEST_LIMIT", 4 * TEST_LIMIT)
    with at_sandbox() as account, pytest.raises(AssertionError):
        test_the_bucket_of_the_limit(account)


def test_stripe_has_every_field_that_the_sandbox_has(account: Account) -> None:
    """The adapter could otherwise rely on one that the sandbox has made up."""
    intent_id, dispute_id = disputed(account, DISPUTED)
    other = account.paid_with(VISA)
    v1 = account.client.v1
    checkout = opened(account)
    seen: dict[str, stripe.StripeObject] = {
        "checkout.session": v1.checkout.sessions.retrieve(checkout.checkout_id),
        "payment_intent": v1.payment_intents.retrieve(intent_id),
        "charge": charge_of(account, other),
        "refund": refunded(account, other),
        "dispute": v1.disputes.retrieve(dispute_id),
    }
    missing = {kind: set(TEMPLATES[kind]) - set(each.to_dict()) for kind, each in seen.items()}
    assert not any(missing.values()), missing


def form(value: object) -> Any:
    """Return parameters as a form has them: texts only."""
    if isinstance(value, dict):
        return {name: form(each) for name, each in value.items()}
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_what_only_stripe_is_sent_is_in_its_document() -> None:
    """The calls to the sandbox are checked by `checked_sandbox`; this one it does not have."""
    for card in (VISA, DISPUTED, INQUIRED, PENDING_REFUND, FAILING_REFUND, ASKS_FIRST):
        sent = form(payment_by(card))
        assert check_exchange("POST", "/v1/payment_intents", sent, None, None) == []
    # The control.
    assert check_exchange("POST", "/v1/payment_intents", {"card": "1"}, None, None) != []


@pytest.mark.parametrize("key", ["sk_live_1", "rk_live_1", "pk_test_1", "whsec_1", "x"])
def test_a_live_key_is_refused(key: str) -> None:
    """So is everything else that is not a key of test mode."""
    with pytest.raises(ValueError, match="never use a live key"):
        key_of_test_mode({KEY: key})
    assert [key_of_test_mode({KEY: text}) for text in ("sk_test_1", "")] == ["sk_test_1", None]


def test_control_what_never_comes_is_reported() -> None:
    """A wait for something that does not happen ends, and the test fails."""
    with at_sandbox() as account, pytest.raises(AssertionError, match="still pending"):
        eventually(account, lambda: "pending", lambda status: status == "succeeded")
