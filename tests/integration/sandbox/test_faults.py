"""Planned mishaps of API calls, as the SDK sees them."""

import time

import pytest
import stripe

from tests.integration.sandbox.conftest import OpenSession, session_params
from ticketing_service.sandbox import RATE_LIMITED, SERVER_ERROR, Fault, Refusal, Sandbox


def test_a_request_that_is_lost_has_no_effect(
    client: stripe.StripeClient, sandbox: Sandbox
) -> None:
    """The connection is closed without an answer, and nothing was made."""
    sandbox.plan_fault(Fault(drop=True))
    with pytest.raises(stripe.APIConnectionError):
        client.v1.checkout.sessions.create(session_params())
    assert sandbox.sessions() == []
    assert [said.status for said in sandbox.exchanges()] == [None]


def test_an_answer_that_is_lost_leaves_the_effect(
    client: stripe.StripeClient, sandbox: Sandbox
) -> None:
    """The caller sees the same as before, but the session is there."""
    sandbox.plan_fault(Fault(drop=True, after_effect=True))
    with pytest.raises(stripe.APIConnectionError):
        client.v1.checkout.sessions.create(session_params())
    assert len(sandbox.sessions()) == 1


@pytest.mark.parametrize("after_effect", [False, True])
def test_the_sdk_retries_into_one_session(
    hasty_client: stripe.StripeClient, sandbox: Sandbox, *, after_effect: bool
) -> None:
    """One key covers all tries of a call, so a lost request or answer makes one session."""
    sandbox.plan_fault(Fault(drop=True, after_effect=after_effect))
    session = hasty_client.v1.checkout.sessions.create(session_params())
    assert [made.id for made in sandbox.sessions()] == [session.id]
    assert len(sandbox.exchanges()) == 2


def test_a_call_that_hangs_times_out(hasty_client: stripe.StripeClient, sandbox: Sandbox) -> None:
    """The caller gives up, and the effect comes all the same, later."""
    sandbox.plan_fault(Fault(delay=0.6, method="GET"))
    began = time.monotonic()
    assert hasty_client.v1.checkout.sessions.list().data == []
    assert time.monotonic() - began >= 0.3


def test_a_slow_api_only_costs_time(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    """A delay without a number of times holds up every call."""
    sandbox.plan_fault(Fault(delay=0.1, times=None))
    began = time.monotonic()
    for _ in range(2):
        client.v1.refunds.list()
    assert time.monotonic() - began >= 0.2


def test_a_refusal_is_told_as_planned(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    """Status, type, code and message reach the caller; the next call goes well."""
    planned = Refusal(status=402, type="card_error", code="card_declined", message="No.", param="x")
    sandbox.plan_fault(Fault(error=planned))
    with pytest.raises(stripe.CardError) as refused:
        client.v1.checkout.sessions.create(session_params())
    assert (refused.value.code, refused.value.user_message) == ("card_declined", "No.")
    assert sandbox.sessions() == []
    assert client.v1.checkout.sessions.create(session_params()).status == "open"


def test_too_many_calls_are_a_rate_limit(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    """A planned 429 is the SDK's own error for it."""
    sandbox.plan_fault(Fault(error=RATE_LIMITED))
    with pytest.raises(stripe.RateLimitError):
        client.v1.refunds.list()


def test_a_fault_meets_only_the_calls_it_names(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """Others go well, and the fault waits for its own; each planned time is used up."""
    sandbox.plan_fault(Fault(method="POST", path="*/expire", times=2, error=SERVER_ERROR))
    session = open_session()
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            client.v1.checkout.sessions.expire(session.id)
    assert client.v1.checkout.sessions.expire(session.id).status == "expired"


def test_faults_can_be_taken_back(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    """After clearing, all goes well."""
    sandbox.plan_fault(Fault(times=None, error=SERVER_ERROR))
    sandbox.clear_faults()
    assert client.v1.refunds.list().data == []


def test_a_call_that_hangs_does_not_hold_up_the_others(
    client: stripe.StripeClient, hasty_client: stripe.StripeClient, sandbox: Sandbox
) -> None:
    """A delay is waited for without the lock; a repeat of the call itself is a conflict."""
    sandbox.plan_fault(Fault(method="POST", delay=60))
    with pytest.raises(stripe.APIError) as refused:
        hasty_client.v1.checkout.sessions.create(session_params())
    assert refused.value.http_status == 409
    assert client.v1.checkout.sessions.list().data == []
