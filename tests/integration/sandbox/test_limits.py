"""Call limits: docs.stripe.com/rate-limits."""

from collections.abc import Iterator

import pytest
import stripe

from tests.integration.sandbox.conftest import session_params, stripe_client
from tests.support.sandbox import checked_sandbox
from ticketing_service.sandbox import (
    LIVE,
    TEST,
    Limits,
    Refused,
    RunningSandbox,
)
from ticketing_service.sandbox.limits import Limiter

# A bucket holds at least one call. It is filled so slowly that no machine sees another.
FEW = Limits(each_operation=0.001, in_all=0.001)


class Watch:
    """A clock that only a test moves."""

    now = 100.0

    def __call__(self) -> float:
        """Return its time."""
        return self.now


def allowed(limiter: Limiter, operation: str) -> int:
    """Call until the limiter refuses, and return how many calls were allowed."""
    for count in range(1000):
        try:
            limiter.check(operation)
        except Refused:
            return count
    return 1000


def test_the_numbers_are_those_of_stripe() -> None:
    """25 a second for each operation; 100 in all in live mode, 25 in test mode."""
    assert (LIVE.each_operation, LIVE.in_all) == (25, 100)
    assert (TEST.each_operation, TEST.in_all) == (25, 25)


def test_each_operation_has_a_bucket_and_so_has_the_account() -> None:
    """All ids share the bucket of their operation; five operations exceed the account's."""
    watch = Watch()
    limiter = Limiter(LIVE, clock=watch)
    assert [allowed(limiter, f"GET /{n}") for n in range(5)] == [25, 25, 25, 25, 0]
    watch.now += 0.2
    assert allowed(limiter, "GET /0") == 5
    assert allowed(limiter, "GET /1") == 5
    watch.now += 3600
    assert allowed(limiter, "GET /1") == 25, "a bucket never holds more than a second"


def test_without_limits_all_is_allowed() -> None:
    """Control: the default of the demo and of other tests."""
    assert allowed(Limiter(None), "GET /0") == 1000


@pytest.fixture
def limited() -> Iterator[RunningSandbox]:
    """Return a sandbox that allows a single call."""
    with checked_sandbox(limits=FEW) as running:
        yield running


def test_a_call_too_many_has_stripes_answer(limited: RunningSandbox) -> None:
    """429 with code, type and reason; and nothing was done."""
    with stripe_client(limited.url) as client:
        client.v1.checkout.sessions.create(session_params())
        with pytest.raises(stripe.RateLimitError) as refused:
            client.v1.checkout.sessions.create(session_params())
        assert refused.value.http_status == 429
        assert refused.value.error is not None
        error = refused.value.error
        assert (error.code, error.type) == ("rate_limit", "invalid_request_error")
        assert (refused.value.headers or {})["Stripe-Rate-Limited-Reason"] == "endpoint-rate"
        with pytest.raises(stripe.RateLimitError) as refused:
            client.v1.refunds.list()
        assert (refused.value.headers or {})["Stripe-Rate-Limited-Reason"] == "global-rate"
    assert len(limited.sandbox.sessions()) == 1


def test_an_idempotency_key_does_not_keep_the_refusal(limited: RunningSandbox) -> None:
    """docs.stripe.com/error-low-level: the same key works once the limit allows it."""
    params, options = session_params(), stripe.RequestOptions(idempotency_key="one")
    with stripe_client(limited.url) as client:
        client.v1.refunds.list()
        with pytest.raises(stripe.RateLimitError):
            client.v1.checkout.sessions.create(params, options)
        limited.sandbox.limits = None
        assert client.v1.checkout.sessions.create(params, options).status == "open"


def test_calls_are_counted_by_operation(limited: RunningSandbox) -> None:
    """Refused ones too: a test can assert what a client costs."""
    limited.sandbox.limits = None
    with stripe_client(limited.url) as client:
        ids = [client.v1.checkout.sessions.create(session_params()).id for _ in range(2)]
        for session_id in ids:
            client.v1.checkout.sessions.retrieve(session_id)
        limited.sandbox.limits = FEW
        client.v1.refunds.list()
        with pytest.raises(stripe.RateLimitError):
            client.v1.refunds.list()
    assert limited.sandbox.calls() == {
        "POST /v1/checkout/sessions": 2,
        "GET /v1/checkout/sessions/{id}": 2,
        "GET /v1/refunds": 2,
    }
    limited.sandbox.reset()
    assert limited.sandbox.calls() == {}
    assert limited.sandbox.limits == FEW
