"""Stripe's webhooks: only signed events are read, and they lead to checkout or payment."""

import json
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from uuid import UUID

import pytest
import stripe
from attrs import evolve

from tests.support.sandbox import SandboxWorld, checked_sandbox
from ticketing_adapters.stripe_checkout import PageOptions, StripeCheckout, StripeNotifications
from ticketing_adapters.system import SystemClock
from ticketing_core import Checkout, Money, Ticket, TicketStatus
from ticketing_core.payment import Hint, Notification, NotOurs, Open, Paid, PaymentHint
from ticketing_core.ports import NotificationReader
from ticketing_core.signature import Forged
from ticketing_core.testing import DisputeStatus, NotificationReaderContract
from ticketing_service.sandbox import RunningSandbox, WebhookEndpoint

OURS = UUID("0f4ad7a2-91a5-4d53-8ba5-3f4f2ee00001")
THEIRS = UUID("0f4ad7a2-91a5-4d53-8ba5-3f4f2ee00002")
SECRET = "whsec_test"


@pytest.fixture
def running() -> Iterator[RunningSandbox]:
    """A sandbox that signs its events for an endpoint that does not exist."""
    with checked_sandbox(webhook=WebhookEndpoint("http://127.0.0.1:9/", SECRET)) as started:
        yield started


def reader(*, installation_id: UUID = OURS) -> StripeNotifications:
    """Return the adapter as in production."""
    return StripeNotifications(webhook_secret=SECRET, installation_id=installation_id)


def gateway_of(running: RunningSandbox) -> StripeCheckout:
    """Return the gateway of this installation."""
    return StripeCheckout(
        secret_key="sk_test_any",
        frontend_url="http://localhost:5173",
        installation_id=OURS,
        api_base=running.url,
        options=PageOptions(slow_methods=True),
    )


def opened(running: RunningSandbox) -> Checkout:
    """Open a checkout of this installation."""
    now = SystemClock().now()
    ticket = Ticket(
        ticket_id=31,
        ticket_code=UUID(int=31, version=4),
        event_id=15,
        buyer="42",
        quantity=2,
        total=Money(5000, "usd"),
        status=TicketStatus.RESERVED,
        created_at=now,
        held_until=now,
    )
    state = gateway_of(running).open(
        ticket, event_name="Concert", ends_at=now + timedelta(minutes=35)
    )
    assert isinstance(state, Open)
    return state.checkout


def signed(body: bytes, *, secret: str = SECRET, at: int | None = None) -> dict[str, str]:
    """Return the headers with which Stripe sends ``body``."""
    at = int(time.time()) if at is None else at
    signature = stripe.WebhookSignature._compute_signature(  # noqa: SLF001 - the SDK's own function
        f"{at}.{body.decode('utf-8', 'replace')}", secret
    )
    return {"Stripe-Signature": f"t={at},v1={signature}"}


def read_all(running: RunningSandbox, by: StripeNotifications) -> dict[str, Notification]:
    """Read all events of the sandbox, and return the outcomes by the events' types."""
    outcomes = {}
    for sent in running.sandbox.events():
        body = json.dumps(sent.event).encode()
        outcomes[sent.event["type"]] = by.read(body, signed(body))
    return outcomes


class TestStripeNotifications(NotificationReaderContract):
    """Webhooks that the sandbox has signed."""

    @pytest.fixture(autouse=True)
    def _started(self, running: RunningSandbox) -> None:
        self.running = running

    def make_reader(self) -> NotificationReader:
        """See the suite."""
        return reader()

    def own_notification(self) -> tuple[str, bytes, Mapping[str, str]]:
        """See the suite."""
        checkout = opened(self.running)
        SandboxWorld(self.running.sandbox).pay(checkout.url)
        body = json.dumps(self.running.sandbox.events()[0].event).encode()
        return checkout.checkout_id, body, signed(body)

    def foreign_notification(self) -> tuple[bytes, Mapping[str, str]]:
        """See the suite."""
        return GENUINE, signed(GENUINE)


def test_an_event_leads_to_its_checkout_or_payment(running: RunningSandbox) -> None:
    """Without a call: those of sessions name the session, those of money the payment."""
    world, checkout = SandboxWorld(running.sandbox), opened(running)
    world.pay_slowly(checkout.url)
    world.decide(checkout.checkout_id, paid=True)
    world.give_back(checkout.checkout_id, 2000)
    world.send_back(checkout.checkout_id)
    world.dispute(checkout.checkout_id)
    world.decide_dispute(checkout.checkout_id, DisputeStatus.WON)
    world.warn_of_fraud(checkout.checkout_id)
    payment_id = running.sandbox.sessions()[0].payment_intent
    assert payment_id
    calls = len(running.sandbox.exchanges())
    outcomes = read_all(running, reader())
    assert len(running.sandbox.exchanges()) == calls
    session, payment = Hint(checkout.checkout_id), PaymentHint(payment_id=payment_id)
    known: dict[str, Notification] = {
        "checkout.session.completed": session,
        "checkout.session.async_payment_succeeded": session,
        "refund.created": evolve(payment, refunded_minor=2000),
        "refund.failed": payment,
        "charge.dispute.created": payment,
        "charge.dispute.funds_withdrawn": payment,
        "charge.dispute.funds_reinstated": payment,
        "charge.dispute.closed": payment,
        "radar.early_fraud_warning.created": evolve(payment, is_fraud_warning=True),
    }
    assert {event: outcomes[event] for event in known} == known
    assert set(outcomes.values()) == {*known.values(), NotOurs()}


def test_events_of_another_installation_name_none_of_our_tickets(running: RunningSandbox) -> None:
    """Two installations may share an account. What does not name either may be ours."""
    world, checkout = SandboxWorld(running.sandbox), opened(running)
    world.pay(checkout.url)
    paid = gateway_of(running).look_up(checkout.checkout_id)
    assert isinstance(paid, Paid)
    gateway_of(running).refund(paid, key="refund:0")
    assert set(read_all(running, reader(installation_id=THEIRS)).values()) == {NotOurs()}
    ours = read_all(running, reader())["refund.created"]
    assert ours == PaymentHint(
        payment_id=paid.payment_id, ticket_code=paid.ticket_code, refunded_minor=5000
    )
    world.send_back(checkout.checkout_id)
    world.warn_of_fraud(checkout.checkout_id)
    theirs = read_all(running, reader(installation_id=THEIRS))
    unnamed = PaymentHint(payment_id=paid.payment_id, is_fraud_warning=True)
    assert set(theirs.values()) == {unnamed, NotOurs()}


GENUINE = json.dumps(
    {"type": "customer.created", "data": {"object": {"id": "cus_1", "metadata": {}}}}
).encode()


def test_events_of_other_types_are_not_ours() -> None:
    """Including types that do not exist yet."""
    assert reader().read(GENUINE, signed(GENUINE)) == NotOurs()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Stripe-Signature": ""},
        {"Stripe-Signature": "nonsense"},
        {"Stripe-Signature": "t=abc,v1=def"},
        {"Stripe-Signature": f"t={int(time.time())},v1="},
        {"Stripe-Signature": f"t={int(time.time())},v1=é"},
        signed(GENUINE, secret="whsec_other"),
        signed(GENUINE + b" "),
        signed(GENUINE, at=int(time.time()) - 3600),
    ],
    ids=[
        "none",
        "empty",
        "nonsense",
        "no number",
        "no value",
        "not ASCII",
        "secret",
        "body",
        "old",
    ],
)
def test_what_stripe_did_not_sign_is_forged(headers: dict[str, str]) -> None:
    """No signature, a wrong one, one over another body, and one that is replayed later."""
    assert isinstance(reader().read(GENUINE, headers), Forged)


ODD_IDS: tuple[object, ...] = (5, ["cs_1"], "", "cs_\0", "\ud800")


def about_a_session_named(name: object) -> bytes:
    """Return an event of a session of this installation with this id."""
    subject = {"id": name, "metadata": {"installation": str(OURS)}}
    event = {"type": "checkout.session.completed", "data": {"object": subject}}
    return json.dumps(event).encode()


def about_a_payment_named(name: object) -> bytes:
    """Return an event of a refund of a payment with this id."""
    refund = {"object": "refund", "payment_intent": name, "status": "failed"}
    return json.dumps({"type": "refund.failed", "data": {"object": refund}}).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"not json",
        b"[]",
        b"null",
        b'"text"',
        b"{}",
        b'{"type": 5}',
        b'{"type": "checkout.session.completed"}',
        b'{"type": "checkout.session.completed", "data": []}',
        b'{"type": "checkout.session.completed", "data": {"object": 5}}',
        b'{"type": "charge.refunded", "data": {"object": {}}}',
        b'{"type": "charge.refunded", "data": {"object": {"payment_intent": ["pi_1"]}}}',
        *(about_a_payment_named(name) for name in ODD_IDS),
        *(about_a_session_named(name) for name in (None, *ODD_IDS)),
        b"[" * 100_000,
    ],
)
def test_a_signed_body_that_is_not_an_event_is_refused(body: bytes) -> None:
    """No bytes raise an exception."""
    assert isinstance(reader().read(body, signed(body)), Forged)
