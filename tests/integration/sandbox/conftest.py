"""A running sandbox for each test, called by the real SDK and checked by Stripe's OpenAPI."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import pytest
import stripe
from stripe.params.checkout import SessionCreateParams

from tests.integration.sandbox.webhook_receiver import SECRET, WebhookReceiver, webhook_receiver
from tests.support.sandbox import checked_sandbox
from ticketing_service.sandbox import RunningSandbox, Sandbox, WebhookEndpoint

CHOSEN_EVENTS = (
    "checkout.session.completed",
    "checkout.session.expired",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "charge.refunded",
    "refund.failed",
    "charge.dispute.created",
)
"""What a seller's endpoint asks for: an account has many more events."""


class OpenSession(Protocol):
    """Opens a session with the usual parameters and the changes of the test."""

    def __call__(
        self, *, currency: str = "usd", unit_amount: int = 2500, **changes: Any
    ) -> stripe.checkout.Session:
        """Return the new session."""


@pytest.fixture(autouse=True)
def no_telemetry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the SDK from writing to the home folder."""
    monkeypatch.setattr(stripe, "enable_telemetry", False)


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    """Return a webhook endpoint that listens."""
    with webhook_receiver() as listening:
        yield listening


@pytest.fixture
def running(receiver: WebhookReceiver) -> Iterator[RunningSandbox]:
    """Return a running sandbox, checked at the end against Stripe's document."""
    webhook = WebhookEndpoint(receiver.url, SECRET, enabled_events=CHOSEN_EVENTS)
    with checked_sandbox(webhook=webhook) as started:
        yield started


@pytest.fixture
def sandbox(running: RunningSandbox) -> Sandbox:
    """Return the sandbox itself, to act as the buyer or the bank."""
    return running.sandbox


@contextmanager
def stripe_client(
    url: str, *, key: str = "sk_test_any", timeout: float = 10.0, retries: int = 0
) -> Iterator[stripe.StripeClient]:
    """Yield a client of the real SDK, and close its connections."""
    http = stripe.RequestsClient(timeout=(3.0, timeout))
    yield stripe.StripeClient(
        key, base_addresses={"api": url}, http_client=http, max_network_retries=retries
    )
    http.close()  # type: ignore[no-untyped-call]  # untyped in the SDK


@pytest.fixture
def client(running: RunningSandbox) -> Iterator[stripe.StripeClient]:
    """Return a client that never retries."""
    with stripe_client(running.url) as made:
        yield made


@pytest.fixture
def hasty_client(running: RunningSandbox) -> Iterator[stripe.StripeClient]:
    """Return a client that times out after a second and tries three times."""
    with stripe_client(running.url, timeout=1.0, retries=2) as made:
        yield made


def session_params(
    *, currency: str = "usd", unit_amount: int = 2500, **changes: Any
) -> SessionCreateParams:
    """Return what a ticket seller sends. A change to None leaves the parameter out."""
    params = {
        "mode": "payment",
        "submit_type": "book",
        "line_items": [
            {
                "quantity": 2,
                "price_data": {
                    "currency": currency,
                    "unit_amount": unit_amount,
                    "product_data": {"name": "Summer Jazz Night"},
                },
            }
        ],
        "success_url": "http://shop.test/success?session_id={CHECKOUT_SESSION_ID}&ticket_id=31",
        "cancel_url": "http://shop.test/cancel?ticket_id=31",
        "client_reference_id": "31",
        "metadata": {"ticket_code": "6e40a178"},
        "payment_intent_data": {"metadata": {"ticket_code": "6e40a178"}},
        "adaptive_pricing": {"enabled": False},
        "automatic_tax": {"enabled": False},
        "allow_promotion_codes": False,
        "expires_at": int(time.time()) + 35 * 60,
        **changes,
    }
    kept: Any = {name: value for name, value in params.items() if value is not None}
    sent: SessionCreateParams = kept
    return sent


@pytest.fixture
def open_session(client: stripe.StripeClient) -> OpenSession:
    """Return a function that opens a session."""

    def open_one(
        *, currency: str = "usd", unit_amount: int = 2500, **changes: Any
    ) -> stripe.checkout.Session:
        return client.v1.checkout.sessions.create(
            session_params(currency=currency, unit_amount=unit_amount, **changes)
        )

    return open_one
