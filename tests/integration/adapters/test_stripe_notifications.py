"""Stripe's webhooks: only signed events are read, and they lead to the right checkout."""

import json
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from uuid import UUID

import pytest
import stripe

from tests.support.sandbox import SandboxWorld, checked_sandbox
from ticketing_adapters.stripe_checkout import PageOptions, StripeCheckout, StripeNotifications
from ticketing_adapters.system import SystemClock
from ticketing_core import Checkout, Money, Ticket, TicketStatus
from ticketing_core.payment import Hint, Notification, NotOurs, Open, Unknown
from ticketing_core.ports import NotificationReader
from ticketing_core.signature import Forged
from ticketing_core.testing import NotificationReaderContract
from ticketing_service.sandbox import Fault, RunningSandbox, WebhookEndpoint

OURS = UUID("0f4ad7a2-91a5-4d53-8ba5-3f4f2ee00001")
THEIRS = UUID("0f4ad7a2-91a5-4d53-8ba5-3f4f2ee00002")
SECRET = "whsec_test"


@pytest.fixture
def running() -> Iterator[RunningSandbox]:
    """A sandbox that signs its events for an endpoint that does not exist."""
    with checked_sandbox(webhook=WebhookEndpoint("http://127.0.0.1:9/", SECRET)) as started:
        yield started


def reader(running: RunningSandbox, *, installation_id: UUID = OURS) -> StripeNotifications:
    """Return the adapter as in production, but with another address."""
    return StripeNotifications(
        webhook_secret=SECRET,
        secret_key="sk_test_any",
        installation_id=installation_id,
        api_base=running.url,
    )


def opened(running: RunningSandbox) -> Checkout:
    """Open a checkout of this installation."""
    gateway = StripeCheckout(
        secret_key="sk_test_any",
        frontend_url="http://localhost:5173",
        installation_id=OURS,
        api_base=running.url,
        options=PageOptions(slow_methods=True),
    )
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
    state = gateway.open(ticket, event_name="Concert", ends_at=now + timedelta(minutes=35))
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
        return reader(self.running)

    def own_notification(self) -> tuple[str, bytes, Mapping[str, str]]:
        """See the suite."""
        checkout = opened(self.running)
        SandboxWorld(self.running.sandbox).pay(checkout.url)
        body = json.dumps(self.running.sandbox.events()[0].event).encode()
        return checkout.checkout_id, body, signed(body)

    def foreign_notification(self) -> tuple[bytes, Mapping[str, str]]:
        """See the suite."""
        return GENUINE, signed(GENUINE)


def test_an_event_leads_to_its_checkout(running: RunningSandbox) -> None:
    """Events of sessions directly; events of refunds and disputes through their payment."""
    world, checkout = SandboxWorld(running.sandbox), opened(running)
    world.pay_slowly(checkout.url)
    world.decide(checkout.checkout_id, paid=True)
    world.give_back(checkout.checkout_id)
    world.send_back(checkout.checkout_id)
    world.dispute(checkout.checkout_id)
    hint = Hint(checkout.checkout_id)
    outcomes = read_all(running, reader(running))
    known = (
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "charge.refunded",
        "refund.failed",
        "charge.dispute.created",
    )
    assert {event: outcomes[event] for event in known} == dict.fromkeys(known, hint)
    assert set(outcomes.values()) == {hint, NotOurs()}


def test_events_of_another_installation_are_not_ours(running: RunningSandbox) -> None:
    """Two installations may share an account."""
    world, checkout = SandboxWorld(running.sandbox), opened(running)
    world.pay(checkout.url)
    world.give_back(checkout.checkout_id)
    assert set(read_all(running, reader(running, installation_id=THEIRS)).values()) == {NotOurs()}


def test_a_payment_that_cannot_be_looked_up_is_unknown(running: RunningSandbox) -> None:
    """So Stripe sends the event again."""
    world, checkout = SandboxWorld(running.sandbox), opened(running)
    world.pay(checkout.url)
    world.give_back(checkout.checkout_id)
    running.sandbox.plan_fault(Fault(path="/v1/*", drop=True, times=None))
    assert isinstance(read_all(running, reader(running))["charge.refunded"], Unknown)


GENUINE = json.dumps(
    {"type": "customer.created", "data": {"object": {"id": "cus_1", "metadata": {}}}}
).encode()


def test_events_of_other_types_are_not_ours(running: RunningSandbox) -> None:
    """Including types that do not exist yet."""
    assert reader(running).read(GENUINE, signed(GENUINE)) == NotOurs()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Stripe-Signature": ""},
        {"Stripe-Signature": "nonsense"},
        {"Stripe-Signature": "t=abc,v1=def"},
        {"Stripe-Signature": f"t={int(time.time())},v1="},
        signed(GENUINE, secret="whsec_other"),
        signed(GENUINE + b" "),
        signed(GENUINE, at=int(time.time()) - 3600),
    ],
    ids=["none", "empty", "nonsense", "no number", "no value", "secret", "body", "old"],
)
def test_what_stripe_did_not_sign_is_forged(
    running: RunningSandbox, headers: dict[str, str]
) -> None:
    """No signature, a wrong one, one over another body, and one that is replayed later."""
    assert isinstance(reader(running).read(GENUINE, headers), Forged)


def about_a_session_named(name: object) -> bytes:
    """Return an event of a session of this installation with this id."""
    subject = {"id": name, "metadata": {"installation": str(OURS)}}
    event = {"type": "checkout.session.completed", "data": {"object": subject}}
    return json.dumps(event).encode()


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
        *(about_a_session_named(name) for name in (5, None, ["cs_1"], "", "cs_\0", "\ud800")),
        b"[" * 100_000,
    ],
)
def test_a_signed_body_that_is_not_an_event_is_refused(
    running: RunningSandbox, body: bytes
) -> None:
    """No bytes raise an exception."""
    assert isinstance(reader(running).read(body, signed(body)), Forged)
