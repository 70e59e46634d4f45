"""Simultaneous steps take effect one after the other."""

import threading
from collections.abc import Callable

import stripe

from tests.integration.sandbox.conftest import OpenSession, session_params, stripe_client
from ticketing_service.sandbox import Refused, RunningSandbox, Sandbox


def at_once(*steps: Callable[[], object]) -> int:
    """Start all steps at the same time. Return how many were not refused."""
    barrier = threading.Barrier(len(steps))
    done: list[object] = []

    def run(step: Callable[[], object]) -> None:
        barrier.wait()
        try:
            done.append(step())
        except (Refused, stripe.StripeError):
            return

    threads = [threading.Thread(target=run, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(done)


def test_a_session_is_paid_or_expired_but_not_both(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """Buyers pay while the seller expires the session: exactly one of them succeeds."""
    for _ in range(5):
        session_id = open_session().id
        expire = [lambda s=session_id: client.v1.checkout.sessions.expire(s)] * 3
        pay = [lambda s=session_id: sandbox.pay(s)] * 3
        assert at_once(*expire, *pay) == 1


def test_a_charge_is_refunded_once(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """Of several full refunds with different keys, exactly one succeeds."""
    session = open_session()
    sandbox.pay(session.id)
    intent_id = client.v1.checkout.sessions.retrieve(session.id).payment_intent
    assert isinstance(intent_id, str)
    refund = [lambda: client.v1.refunds.create({"payment_intent": intent_id})] * 4
    assert at_once(*refund) == 1
    assert len(sandbox.refunds(session.id)) == 1


def test_one_key_makes_one_session(running: RunningSandbox) -> None:
    """Simultaneous calls with one key open one session, whatever their responses."""
    params, options = session_params(), stripe.RequestOptions(idempotency_key="one")
    with stripe_client(running.url, retries=0) as client:
        create = [lambda: client.v1.checkout.sessions.create(params, options)] * 6
        assert at_once(*create) >= 1
    assert len(running.sandbox.sessions()) == 1
