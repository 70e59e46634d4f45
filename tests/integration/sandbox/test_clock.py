"""A clock that can be set forward, and has a way back."""

import time

import pytest
import stripe

from tests.integration.sandbox.conftest import OpenSession
from tests.integration.sandbox.paid import paid
from ticketing_service.sandbox import PayWith, RefundPlan, Sandbox, SlowOutcome

MINUTE, DAY = 60, 24 * 3600


@pytest.mark.parametrize("ahead", [0, 10 * MINUTE, DAY, 40 * DAY])
def test_a_sale_is_possible_however_far_ahead_the_clock_is(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox, ahead: int
) -> None:
    """The seller's clock shows the real time: the 35 minutes that they ask for are 35 minutes."""
    sandbox.advance_clock(ahead)
    end = int(time.time()) + 35 * MINUTE
    session = open_session(expires_at=end)
    assert session.expires_at == end
    sandbox.advance_clock(34 * MINUTE)
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    sandbox.advance_clock(MINUTE)
    assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"


@pytest.mark.parametrize("away", [5 * MINUTE, 25 * 3600])
def test_the_bounds_of_a_session_are_those_of_the_real_time(
    open_session: OpenSession, sandbox: Sandbox, away: int
) -> None:
    """Control: an end that Stripe refuses is refused whatever the clock shows."""
    sandbox.advance_clock(2 * 3600)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        open_session(expires_at=int(time.time()) + away)
    assert refused.value.param == "expires_at"


def test_back_to_now(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """Every open session ends at the time that it shows; what has happened stays."""
    before, gone = open_session(), open_session(expires_at=int(time.time()) + 31 * MINUTE)
    sandbox.advance_clock(33 * MINUTE)
    ahead = open_session()
    assert client.v1.checkout.sessions.retrieve(gone.id).status == "expired"
    sandbox.return_clock()
    assert abs(sandbox.now() - time.time()) < 1
    after = open_session()
    sandbox.advance_clock(34 * MINUTE)
    sessions = [before, ahead, after, gone]
    statuses = [client.v1.checkout.sessions.retrieve(s.id).status for s in sessions]
    assert statuses == ["open", "open", "open", "expired"]
    sandbox.advance_clock(MINUTE)
    statuses = [client.v1.checkout.sessions.retrieve(s.id).status for s in sessions]
    assert statuses == ["expired"] * 4


def test_what_was_planned_ahead_comes_as_long_after_as_planned(
    open_session: OpenSession, sandbox: Sandbox
) -> None:
    """A debit and a refund that were planned a day ahead do not wait for that day."""
    sandbox.advance_clock(DAY)
    session = open_session()
    sandbox.pay(session.id, PayWith.BANK_DEBIT, slow_outcome=SlowOutcome.SUCCEEDS, slow_seconds=600)
    sandbox.plan_refund(RefundPlan("pending", then="succeeded", after=600))
    payment = paid(open_session, sandbox)
    sandbox.refund(payment.session_id)
    sandbox.return_clock()
    sandbox.advance_clock(500)
    assert sandbox.session(session.id).payment_status == "unpaid"
    assert sandbox.refunds(payment.session_id)[0].status == "pending"
    sandbox.advance_clock(100)
    assert sandbox.session(session.id).payment_status == "paid"
    assert sandbox.refunds(payment.session_id)[0].status == "succeeded"


def test_a_reset_returns_the_clock(sandbox: Sandbox) -> None:
    """A new beginning is now."""
    sandbox.advance_clock(DAY)
    sandbox.reset()
    assert abs(sandbox.now() - time.time()) < 1
