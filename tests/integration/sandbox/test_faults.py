"""Planned faults of API calls, as the SDK sees them."""

import time

import pytest
import stripe

from tests.integration.sandbox.conftest import OpenSession, session_params, stripe_client
from ticketing_service.sandbox import (
    RATE_LIMITED,
    SERVER_ERROR,
    Fault,
    Refusal,
    RunningSandbox,
    Sandbox,
)


def test_a_request_that_is_lost_has_no_effect(
    client: stripe.StripeClient, sandbox: Sandbox
) -> None:
    """The connection is closed without a response, and no session exists."""
    sandbox.plan_fault(Fault(drop=True))
    with pytest.raises(stripe.APIConnectionError):
        client.v1.checkout.sessions.create(session_params())
    assert sandbox.sessions() == []
    assert [exchange.status for exchange in sandbox.exchanges()] == [None]


def test_a_response_that_is_lost_leaves_the_effect(
    client: stripe.StripeClient, sandbox: Sandbox
) -> None:
    """The caller sees the same closed connection, but the session exists."""
    sandbox.plan_fault(Fault(drop=True, after_effect=True))
    with pytest.raises(stripe.APIConnectionError):
        client.v1.checkout.sessions.create(session_params())
    assert len(sandbox.sessions()) == 1


@pytest.mark.parametrize("after_effect", [False, True])
def test_the_sdk_retries_into_one_session(
    running: RunningSandbox, sandbox: Sandbox, *, after_effect: bool
) -> None:
    """All attempts of a call have one key: after a lost request or response, one session exists."""
    sandbox.plan_fault(Fault(drop=True, after_effect=after_effect))
    with stripe_client(running.url, retries=2) as patient:
        session = patient.v1.checkout.sessions.create(session_params())
    assert [made.id for made in sandbox.sessions()] == [session.id]
    assert len(sandbox.exchanges()) == 2


def test_a_call_that_hangs_times_out(hasty_client: stripe.StripeClient, sandbox: Sandbox) -> None:
    """The first attempt times out, and a later one succeeds."""
    sandbox.plan_fault(Fault(delay=2, method="GET"))
    began = time.monotonic()
    assert hasty_client.v1.checkout.sessions.list().data == []
    assert time.monotonic() - began >= 1.0


def test_a_slow_api_only_costs_time(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    """A delay with no number of times slows down each call."""
    sandbox.plan_fault(Fault(delay=0.1, times=None))
    began = time.monotonic()
    for _ in range(2):
        client.v1.refunds.list()
    assert time.monotonic() - began >= 0.2


def test_a_planned_error_reaches_the_caller(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    """The caller gets its status, type, code and message; the next call succeeds."""
    planned = Refusal(status=402, type="card_error", code="card_declined", message="No.", param="x")
    sandbox.plan_fault(Fault(error=planned))
    with pytest.raises(stripe.CardError) as refused:
        client.v1.checkout.sessions.create(session_params())
    assert (refused.value.code, refused.value.user_message) == ("card_declined", "No.")
    assert sandbox.sessions() == []
    assert client.v1.checkout.sessions.create(session_params()).status == "open"


def test_too_many_calls_are_a_rate_limit(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    """A planned 429 raises the SDK's error for rate limits."""
    sandbox.plan_fault(Fault(error=RATE_LIMITED))
    with pytest.raises(stripe.RateLimitError):
        client.v1.refunds.list()


def test_a_fault_affects_matching_calls_only(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """Other calls succeed and do not count; after the planned number of times the fault is over."""
    sandbox.plan_fault(Fault(method="POST", path="*/expire", times=2, error=SERVER_ERROR))
    session = open_session()
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            client.v1.checkout.sessions.expire(session.id)
    assert client.v1.checkout.sessions.expire(session.id).status == "expired"


def test_faults_can_be_cleared(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    """After clearing, calls succeed."""
    sandbox.plan_fault(Fault(times=None, error=SERVER_ERROR))
    sandbox.clear_faults()
    assert client.v1.refunds.list().data == []


def test_a_call_that_hangs_does_not_delay_others(
    client: stripe.StripeClient, hasty_client: stripe.StripeClient, sandbox: Sandbox
) -> None:
    """A delay does not hold the lock. Repeating the delayed call is a conflict."""
    sandbox.plan_fault(Fault(method="POST", delay=60))
    with pytest.raises(stripe.APIError) as refused:
        hasty_client.v1.checkout.sessions.create(session_params())
    assert refused.value.http_status == 409
    assert client.v1.checkout.sessions.list().data == []
