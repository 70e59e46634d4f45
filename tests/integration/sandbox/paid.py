"""A paid session, and its payment as the API shows it."""

import stripe
from attrs import frozen

from tests.integration.sandbox.conftest import OpenSession
from ticketing_service.sandbox import PayWith, Sandbox


@frozen
class Payment:
    """The ids of a payment."""

    session_id: str
    intent_id: str
    charge_id: str


def paid(open_session: OpenSession, sandbox: Sandbox, pay_with: PayWith = PayWith.CARD) -> Payment:
    """Open a session of 50 dollars and pay it."""
    session = open_session()
    sandbox.pay(session.id, pay_with)
    charge = sandbox.charge(session.id)
    assert charge is not None
    return Payment(session.id, charge.payment_intent, charge.id)


def charge_of(client: stripe.StripeClient, payment: Payment) -> stripe.Charge:
    """Return the charge as the API shows it now."""
    return client.v1.charges.retrieve(payment.charge_id)


def event_types(sandbox: Sandbox, *prefixes: str) -> list[str]:
    """Return the types of all events that begin so, oldest first."""
    types = [sent.event["type"] for sent in reversed(sandbox.events())]
    return [kind for kind in types if kind.startswith(prefixes)]
