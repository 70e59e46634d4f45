"""A running sandbox for each test, spoken to by the real SDK and checked by Stripe's OpenAPI."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import pytest
import stripe
from stripe.params.checkout import SessionCreateParams

from tests.integration.sandbox.webhook_receiver import SECRET, WebhookReceiver, webhook_receiver
from tests.support.stripe_openapi import check_exchange, check_object
from ticketing_service.sandbox import RunningSandbox, Sandbox, WebhookEndpoint, running_sandbox


class OpenSession(Protocol):
    """Opens a session with the usual parameters, changed where the test says so."""

    def __call__(
        self, *, currency: str = "usd", unit_amount: int = 2500, **changes: Any
    ) -> stripe.checkout.Session:
        """Return the new session."""


@pytest.fixture(autouse=True)
def no_telemetry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the SDK from writing into the home folder."""
    monkeypatch.setattr(stripe, "enable_telemetry", False)


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    """Return a webhook endpoint that listens."""
    with webhook_receiver() as listening:
        yield listening


@pytest.fixture
def running(receiver: WebhookReceiver) -> Iterator[RunningSandbox]:
    """Return a sandbox; at the end all it said must conform to Stripe's document."""
    endpoint = WebhookEndpoint(receiver.url, SECRET)
    with running_sandbox(webhook=endpoint, retry_pauses=(0.05, 0.1), late_seconds=0.3) as started:
        yield started
    assert problems(started.sandbox) == []


def problems(sandbox: Sandbox) -> list[str]:
    """Return what Stripe's document objects to in all that the sandbox has answered and sent."""
    found: list[str] = []
    for said in sandbox.exchanges():
        found += check_exchange(said.method, said.path, said.params, said.status, said.body)
    for sent in sandbox.events():
        subject = sent.event["data"]["object"]
        found += check_object("event", sent.event) + check_object(subject["object"], subject)
    return found


@pytest.fixture
def sandbox(running: RunningSandbox) -> Sandbox:
    """Return the sandbox itself, for what buyers and banks do."""
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
    http.close()  # type: ignore[no-untyped-call]  # the SDK has not typed it


@pytest.fixture
def client(running: RunningSandbox) -> Iterator[stripe.StripeClient]:
    """Return a client that never retries."""
    with stripe_client(running.url) as made:
        yield made


@pytest.fixture
def hasty_client(running: RunningSandbox) -> Iterator[stripe.StripeClient]:
    """Return a client that waits 0.3 s for an answer, and tries three times."""
    with stripe_client(running.url, timeout=0.3, retries=2) as made:
        yield made


def session_params(
    *, currency: str = "usd", unit_amount: int = 2500, **changes: Any
) -> SessionCreateParams:
    """Return what a ticket seller sends; a change to None leaves the parameter out."""
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
    """Return the way to open a session."""

    def opened(
        *, currency: str = "usd", unit_amount: int = 2500, **changes: Any
    ) -> stripe.checkout.Session:
        return client.v1.checkout.sessions.create(
            session_params(currency=currency, unit_amount=unit_amount, **changes)
        )

    return opened
