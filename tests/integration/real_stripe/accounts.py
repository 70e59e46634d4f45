"""A seller's account, at the sandbox or in Stripe's test mode: what both have to answer alike."""

import abc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeVar
from uuid import uuid4

import requests
import stripe
from attrs import frozen
from playwright.sync_api import Page, sync_playwright
from stripe.params import PaymentIntentCreateParams

from tests.integration.real_stripe.stripe_page import fill_in, page_at_stripe
from tests.support.sandbox import checked_sandbox
from ticketing_adapters.stripe_checkout import PageOptions, StripeCheckout
from ticketing_adapters.stripe_checkout.calls import connect
from ticketing_service.sandbox import Limits, RunningSandbox, Unsettled

KEY = "TICKETING_STRIPE_TEST_KEY"
FRONTEND = "http://localhost:5173"

TEST_LIMIT = 25
"""Calls in a second, of an account in test mode (docs.stripe.com/rate-limits)."""

AMOUNT, CURRENCY = 2500, "usd"

T = TypeVar("T")


@frozen
class Card:
    """A test card of docs.stripe.com/testing: its number, and its name as a payment method."""

    number: str
    method: str


VISA = Card("4242424242424242", "pm_card_visa")
DISPUTED = Card("4000000000000259", "pm_card_createDispute")
INQUIRED = Card("4000000000001976", "pm_card_createDisputeInquiry")
PENDING_REFUND = Card("4000000000007726", "pm_card_pendingRefund")
FAILING_REFUND = Card("4000000000005126", "pm_card_refundFail")
ASKS_FIRST = Card("4000002500003155", "pm_card_authenticationRequiredOnSetup")


@frozen(kw_only=True)
class Account(abc.ABC):
    """What the two accounts do in different ways. All else is the same calls of Stripe's API.

    Attributes:
        api: The address of the API.
        key: The secret key.
        client: The SDK.
        gateway: Our adapter.
        looks: How often to look until something has to have happened.
    """

    api: str
    key: str
    client: stripe.StripeClient
    gateway: StripeCheckout
    looks: int

    @abc.abstractmethod
    def paid_with(self, card: Card) -> str:
        """Return the id of a payment intent over `AMOUNT` that the card has paid."""

    @abc.abstractmethod
    def pay(self, url: str, card: Card) -> None:
        """Pay a checkout as a buyer does on its page, and be sent back to the shop."""

    @abc.abstractmethod
    def begin_to_pay(self, url: str, card: Card) -> None:
        """Send the card that asks the buyer first, and let nobody answer."""

    @abc.abstractmethod
    def wait(self) -> None:
        """Let a second pass, or several."""

    @abc.abstractmethod
    def with_limits(self) -> AbstractContextManager[None]:
        """Count calls as in test mode."""


def key_of_test_mode(environment: Mapping[str, str]) -> str | None:
    """Return the key of an account in test mode, or None if there is none.

    Raises:
        ValueError: It is another key. The tests would pay and refund real money with a live one.
    """
    key = environment.get(KEY, "")
    if key and not key.startswith(("sk_test_", "rk_test_")):
        raise ValueError(f"{KEY} must begin with sk_test_ or rk_test_: never use a live key here")
    return key or None


def eventually(account: Account, look: Callable[[], T], until: Callable[[T], bool]) -> T:
    """Look until it is so, and return what is seen then."""
    seen = look()
    for _ in range(account.looks):
        if until(seen):
            return seen
        account.wait()
        seen = look()
    raise AssertionError(f"still {seen}")


def _gateway(key: str, *, api: str | None) -> StripeCheckout:
    return StripeCheckout(
        secret_key=key,
        frontend_url=FRONTEND,
        installation_id=uuid4(),
        api_base=api,
        # One language, whatever the browser prefers.
        options=PageOptions(locale="en"),
    )


@frozen(kw_only=True)
class AtSandbox(Account):
    """An account at the sandbox. It has no call that makes a payment without a checkout."""

    running: RunningSandbox

    def paid_with(self, card: Card) -> str:
        """Pay a checkout: the sandbox makes payment intents for checkouts only."""
        session = self.client.v1.checkout.sessions.create(
            {
                "mode": "payment",
                "line_items": [
                    {
                        "quantity": 1,
                        "price_data": {
                            "currency": CURRENCY,
                            "unit_amount": AMOUNT,
                            "product_data": {"name": "Concert"},
                        },
                    }
                ],
                "success_url": FRONTEND,
            }
        )
        assert session.url
        self.pay(session.url, card)
        paid = self.client.v1.checkout.sessions.retrieve(session.id)
        return str(paid.payment_intent)

    def pay(self, url: str, card: Card) -> None:
        """Send the form of the page."""
        answer = requests.post(url, {"card_number": card.number}, allow_redirects=False, timeout=10)
        assert answer.headers["Location"].startswith(FRONTEND), answer.text

    def begin_to_pay(self, url: str, card: Card) -> None:
        """Send the form, which returns the question of the bank."""
        answer = requests.post(url, {"card_number": card.number}, timeout=10)
        assert answer.status_code == 200, answer.text

    def wait(self) -> None:
        """Set the account's clock forward: no time passes here."""
        self.running.sandbox.advance_clock(5)

    @contextmanager
    def with_limits(self) -> Iterator[None]:
        """Set them."""
        self.running.sandbox.limits = Limits(each_operation=TEST_LIMIT, in_all=TEST_LIMIT)
        yield
        self.running.sandbox.limits = None


@contextmanager
def at_sandbox(unsettled: Unsettled | None = None) -> Iterator[Account]:
    """Run a sandbox, and check every exchange with it against Stripe's OpenAPI document."""
    key = "sk_test_any"
    with checked_sandbox(unsettled=unsettled) as running, requests.Session() as http:
        yield AtSandbox(
            api=running.url,
            key=key,
            client=connect(key, api_base=running.url, http=http),
            gateway=_gateway(key, api=running.url),
            looks=20,
            running=running,
        )


def payment_by(card: Card) -> PaymentIntentCreateParams:
    """Return the parameters of a payment that needs no page (docs.stripe.com/testing)."""
    return {
        "amount": AMOUNT,
        "currency": CURRENCY,
        "payment_method": card.method,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "confirm": True,
        "description": "A test of ticketing-core",
    }


@frozen(kw_only=True)
class AtStripe(Account):
    """An account in Stripe's test mode. Its checkouts are paid in a real browser."""

    open_page: Callable[[], Page]

    def paid_with(self, card: Card) -> str:
        """Confirm a payment intent with the test payment method."""
        intent = self.client.v1.payment_intents.create(payment_by(card))
        assert intent.status == "succeeded", intent
        return intent.id

    def pay(self, url: str, card: Card) -> None:
        """Fill in the page in Chromium, and wait until it leads back to the shop."""
        page = self.open_page()
        fill_in(page, url, number=card.number)
        page.wait_for_url(f"{FRONTEND}/**")

    def begin_to_pay(self, url: str, card: Card) -> None:
        """Fill in the page; the question of the bank stays open in it."""
        fill_in(self.open_page(), url, number=card.number)

    def wait(self) -> None:
        """Sleep: Stripe reports by webhook only, for which a test has no address."""
        time.sleep(1)

    @contextmanager
    def with_limits(self) -> Iterator[None]:
        """Let the calls of earlier tests be forgotten."""
        time.sleep(2)
        yield


@contextmanager
def at_stripe(key: str, *, chromium_path: Callable[[], str]) -> Iterator[Account]:
    """Give the account of this key. A browser is started when a page is opened."""
    with ExitStack() as stack:
        http = stack.enter_context(requests.Session())

        def open_page() -> Page:
            playwright = stack.enter_context(sync_playwright())
            return stack.enter_context(
                page_at_stripe(playwright, chromium_path(), frontend=FRONTEND)
            )

        yield AtStripe(
            api=stripe.DEFAULT_API_BASE,
            key=key,
            client=connect(key, api_base=None, http=http),
            gateway=_gateway(key, api=None),
            # Minutes: "some time later", says docs.stripe.com/testing of refunds.
            looks=300,
            open_page=open_page,
        )
