"""Idempotency keys (docs.stripe.com/api/idempotent_requests)."""

import threading

import pytest
import stripe

from tests.integration.sandbox.conftest import session_params
from ticketing_service.sandbox import SERVER_ERROR, Fault, Refusal, Sandbox

KEY: stripe.RequestOptions = {"idempotency_key": "6e40a178:open:1"}


def test_a_repeat_gets_the_first_response(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    """The same key and parameters return the session as it was then, and open no other."""
    params = session_params()
    first = client.v1.checkout.sessions.create(params, KEY)
    sandbox.pay(first.id)
    second = client.v1.checkout.sessions.create(params, KEY)
    assert second.to_dict() == first.to_dict()
    assert len(sandbox.sessions()) == 1
    assert second.last_response is not None
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    assert [exchange.replayed for exchange in sandbox.exchanges()] == [False, True]


def test_other_parameters_under_the_same_key_are_refused(
    client: stripe.StripeClient, sandbox: Sandbox
) -> None:
    """A key is for one request. With a later `expires_at` it is another request."""
    params = session_params()
    client.v1.checkout.sessions.create(params, KEY)
    with pytest.raises(stripe.IdempotencyError) as refused:
        client.v1.checkout.sessions.create({**params, "expires_at": params["expires_at"] + 1}, KEY)
    assert refused.value.http_status == 400
    assert len(sandbox.sessions()) == 1


def test_another_call_under_the_same_key_is_refused(client: stripe.StripeClient) -> None:
    """A key is for one path, too."""
    client.v1.checkout.sessions.create(session_params(), KEY)
    with pytest.raises(stripe.IdempotencyError):
        client.v1.refunds.create({"payment_intent": "pi_none"}, KEY)


def test_a_validation_failure_is_not_saved(client: stripe.StripeClient) -> None:
    """A call that was refused before it did anything can be corrected under the same key."""
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.create(session_params(unit_amount=1), KEY)
    assert client.v1.checkout.sessions.create(session_params(), KEY).status == "open"


@pytest.mark.parametrize("status", [401, 409, 429])
def test_a_call_that_did_not_begin_is_not_saved(
    client: stripe.StripeClient, sandbox: Sandbox, status: int
) -> None:
    """Errors that are not about the request itself are not saved."""
    sandbox.plan_fault(Fault(error=Refusal(status=status, message="planned")))
    with pytest.raises(stripe.StripeError):
        client.v1.checkout.sessions.create(session_params(), KEY)
    assert client.v1.checkout.sessions.create(session_params(), KEY).status == "open"


@pytest.mark.parametrize(("after_effect", "sessions"), [(False, 0), (True, 1)])
def test_a_server_error_is_replayed(
    client: stripe.StripeClient, sandbox: Sandbox, *, after_effect: bool, sessions: int
) -> None:
    """A 500 stays the response of its key, whether the session was opened or not."""
    params = session_params()
    sandbox.plan_fault(Fault(error=SERVER_ERROR, after_effect=after_effect))
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            client.v1.checkout.sessions.create(params, KEY)
    assert len(sandbox.sessions()) == sessions
    assert client.v1.checkout.sessions.create(params, {"idempotency_key": "another"}).id


def test_a_key_in_use_is_a_conflict(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    """While the first call is in progress, the second gets 409, and the first goes on."""
    sandbox.plan_fault(Fault(delay=1.0, after_effect=True))
    params = session_params()
    made: list[str] = []
    first = threading.Thread(
        target=lambda: made.append(client.v1.checkout.sessions.create(params, KEY).id)
    )
    first.start()
    while not sandbox.sessions():
        # The first call takes effect at once, and then holds its key for a second.
        first.join(0.01)
    with pytest.raises(stripe.APIError) as refused:
        client.v1.checkout.sessions.create(params, KEY)
    first.join()
    assert refused.value.http_status == 409
    assert refused.value.error is not None
    assert refused.value.error.code == "idempotency_key_in_use"
    assert client.v1.checkout.sessions.create(params, KEY).id == made[0]


def test_a_refund_is_made_once(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    """Repeating a refund with its key refunds nothing twice."""
    session = client.v1.checkout.sessions.create(session_params())
    sandbox.pay(session.id)
    intent_id = client.v1.checkout.sessions.retrieve(session.id).payment_intent
    assert isinstance(intent_id, str)
    params: stripe.params.RefundCreateParams = {"payment_intent": intent_id, "amount": 1000}
    first, second = (client.v1.refunds.create(params, KEY) for _ in range(2))
    assert first.id == second.id
    assert len(sandbox.refunds(session.id)) == 1


def test_a_key_is_forgotten_after_a_day(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    """After 24 hours, the same key opens a new session."""
    params = session_params(expires_at=None)
    client.v1.checkout.sessions.create(params, KEY)
    sandbox.advance_clock(24 * 3600)
    client.v1.checkout.sessions.create(params, KEY)
    assert len(sandbox.sessions()) == 2
