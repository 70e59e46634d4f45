"""Payments of an account, as the tests make them and look at them."""

from datetime import timedelta
from uuid import UUID, uuid4

import stripe

from tests.integration.real_stripe.accounts import AMOUNT, CURRENCY, Account, Card, eventually
from ticketing_adapters.stripe_checkout.amounts import paid
from ticketing_adapters.system import SystemClock
from ticketing_core import Money
from ticketing_core.payment import Open, Paid
from ticketing_core.reservation import TicketDraft
from ticketing_core.ticket import Checkout

CODE = UUID(int=1, version=4)
TOTAL = Money(AMOUNT, CURRENCY)


def opened(account: Account, *, email: str | None = None) -> Checkout:
    """Open a checkout by the adapter."""
    now = SystemClock().now()
    draft = TicketDraft(
        ticket_code=uuid4(),
        event_id=1,
        buyer="42",
        quantity=1,
        price=TOTAL,
        at=now,
        held_until=now,
    )
    state = account.gateway.open(
        draft.ticket(1), event_name="Concert", ends_at=now + timedelta(minutes=35), email=email
    )
    assert isinstance(state, Open), state
    return state.checkout


def charge_of(account: Account, intent_id: str) -> stripe.Charge:
    """Return the charge of a payment, with its refunds."""
    expand = ["latest_charge.refunds"]
    intent = account.client.v1.payment_intents.retrieve(intent_id, {"expand": expand})
    assert isinstance(intent.latest_charge, stripe.Charge)
    return intent.latest_charge


def disputes_of(account: Account, intent_id: str) -> list[stripe.Dispute]:
    """Return the disputes of a payment."""
    return account.client.v1.disputes.list({"payment_intent": intent_id}).data


def money(account: Account, intent_id: str) -> Paid:
    """Return whose the money is, as the adapter counts it."""
    charge = charge_of(account, intent_id)
    return paid(
        charge,
        ticket_code=CODE,
        payment_id=intent_id,
        refunds=charge.refunds.data if charge.refunds else [],
        disputes=disputes_of(account, intent_id),
    )


def disputed(account: Account, card: Card) -> tuple[str, str]:
    """Pay with a card that is disputed; return the ids of the payment and of the dispute."""
    intent_id = account.paid_with(card)
    (dispute,) = eventually(account, lambda: disputes_of(account, intent_id), bool)
    return intent_id, dispute.id


def decided(account: Account, dispute_id: str, *, evidence: str, status: str) -> stripe.Dispute:
    """Send the evidence that decides a dispute in test mode (docs.stripe.com/testing#evidence)."""
    disputes = account.client.v1.disputes
    disputes.update(dispute_id, {"evidence": {"uncategorized_text": evidence}, "submit": True})
    return eventually(account, lambda: disputes.retrieve(dispute_id), lambda d: d.status == status)


def refunded(account: Account, intent_id: str) -> stripe.Refund:
    """Refund all of a payment."""
    return account.client.v1.refunds.create({"payment_intent": intent_id, "amount": AMOUNT})


def first_refund(charge: stripe.Charge) -> str | None:
    """Return the status of the only refund of a charge."""
    assert charge.refunds is not None
    return charge.refunds.data[0].status
