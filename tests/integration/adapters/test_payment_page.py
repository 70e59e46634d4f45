"""The payment page is as the seller has chosen, and by default takes no slow payment methods."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from stripe.params.checkout import SessionCreateParams

from tests.integration.adapters.stripe_at_sandbox import gateway_at
from tests.support.sandbox import SandboxWorld, checked_sandbox
from ticketing_adapters.stripe_checkout import PageOptions
from ticketing_adapters.stripe_checkout.session_params import SLOW_METHODS, USUAL_PAGE
from ticketing_adapters.system import SystemClock
from ticketing_core import Money
from ticketing_core.payment import Open
from ticketing_core.reservation import TicketDraft
from ticketing_core.testing.contracts.gateway import ODD_EMAILS
from ticketing_service.sandbox import Fault, Refusal, RunningSandbox
from ticketing_service.sandbox import Refused as SandboxRefused
from ticketing_service.sandbox.stripe_objects import session_object
from ticketing_service.settings_checks.stripe import LOCALES


@pytest.fixture
def running() -> Iterator[RunningSandbox]:
    """A sandbox; every exchange with it is checked against Stripe's OpenAPI document."""
    with checked_sandbox() as started:
        yield started


def opened(
    running: RunningSandbox,
    options: PageOptions = USUAL_PAGE,
    *,
    email: str | None = None,
    at: datetime | None = None,
) -> tuple[str, dict[str, Any]]:
    """Open a checkout; return its address and the parameters that Stripe received."""
    gateway = gateway_at(running.url, options=options)
    now = at or SystemClock().now()
    draft = TicketDraft(
        ticket_code=UUID(int=1, version=4),
        event_id=1,
        buyer="42",
        quantity=1,
        price=Money(2500, "usd"),
        at=now,
        held_until=now,
    )
    ends_at = now + timedelta(minutes=35)
    state = gateway.open(draft.ticket(1), event_name="Concert", ends_at=ends_at, email=email)
    assert isinstance(state, Open), state
    params: dict[str, Any] = running.sandbox.exchanges()[-1].params
    return state.checkout.url, params


def names_of(parameter: str) -> set[str]:
    """Return the values of a parameter that the SDK knows."""
    # Not `get_type_hints`: the SDK's hints name types that its modules import for mypy alone.
    hint = repr(SessionCreateParams.__annotations__[parameter])
    return set(re.findall(r"'([\w-]+)'", hint))


def test_slow_methods_are_left_out(running: RunningSandbox) -> None:
    """A bank debit would complete the checkout unpaid, and keep its places for days."""
    url, params = opened(running, PageOptions())
    assert params["excluded_payment_method_types"] == list(SLOW_METHODS)
    with pytest.raises(SandboxRefused):
        SandboxWorld(running.sandbox).pay_slowly(url)


def test_control_slow_methods_are_offered_where_they_are_on(running: RunningSandbox) -> None:
    """The same payment is possible then, so the test above can fail."""
    url, params = opened(running, PageOptions(slow_methods=True))
    assert "excluded_payment_method_types" not in params
    SandboxWorld(running.sandbox).pay_slowly(url)


def test_stripe_knows_every_slow_method_and_every_locale() -> None:
    """Stripe would refuse the whole session for one wrong name."""
    known = names_of("excluded_payment_method_types")
    assert set(SLOW_METHODS) <= known
    assert names_of("locale") == LOCALES
    # The control: near misses are no names.
    assert not {"us_bank_transfer", "sepa", "sk"} & known


def test_what_the_seller_has_chosen_is_on_the_page(running: RunningSandbox) -> None:
    """Language, terms, and what the statement of the card says."""
    chosen = PageOptions(statement_suffix="NIGHT 1", locale="de", terms=True)
    _, params = opened(running, chosen)
    assert params["locale"] == "de"
    assert params["consent_collection"] == {"terms_of_service": "required"}
    assert params["payment_intent_data"]["statement_descriptor_suffix"] == "NIGHT 1"
    assert params["payment_intent_data"]["description"] == "Concert (ticket 1)"


def test_without_a_choice_stripes_defaults_apply(running: RunningSandbox) -> None:
    """Nothing is sent for them."""
    _, params = opened(running, PageOptions())
    assert {"locale", "consent_collection"} & set(params) == set()
    assert "statement_descriptor_suffix" not in params["payment_intent_data"]


USUAL_EMAILS = (
    "anna@example.com",
    "Anna.O'Neil+tickets@mail.example.co.uk",
    "a@b-c.de",
    "anna_1@xn--bcher-kva.example",
    f"{'a' * 64}@{'example.' * 23}com",
)


@pytest.mark.parametrize("email", USUAL_EMAILS)
def test_the_page_has_the_buyers_email_filled_in(running: RunningSandbox, email: str) -> None:
    """Stripe stores it with the session and shows it on the page."""
    url, params = opened(running, email=email)
    assert params["customer_email"] == email
    (session,) = running.sandbox.sessions()
    assert session_object(session)["customer_email"] == email
    assert SandboxWorld(running.sandbox).email_on(url) == email


@pytest.mark.parametrize("email", [*ODD_EMAILS, ".anna@example.com", "anna@-a.example", "a@b.c"])
def test_an_odd_email_is_not_sent(running: RunningSandbox, email: str) -> None:
    """Stripe would refuse the whole session for it; without it the page asks the buyer."""
    url, params = opened(running, email=email)
    assert "customer_email" not in params
    assert SandboxWorld(running.sandbox).email_on(url) is None


REFUSED_EMAIL = Refusal(
    status=400,
    code="email_invalid",
    param="customer_email",
    message="Invalid email address: anna@example.com",
)


def test_an_email_that_stripe_refuses_is_left_out(
    running: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """Its rules are not documented. A repeat opens nothing new, and no log has the address."""
    # A repeat has the same times, too.
    now = SystemClock().now()
    for _ in range(2):
        running.sandbox.plan_fault(Fault(path="/v1/checkout/sessions", error=REFUSED_EMAIL))
        _, params = opened(running, email="anna@example.com", at=now)
        assert "customer_email" not in params
    assert len(running.sandbox.sessions()) == 1
    assert "email address" in caplog.text
    assert "anna" not in caplog.text


def test_with_and_without_an_email_are_two_requests(running: RunningSandbox) -> None:
    """A program that repeats a call without the address is not refused for it."""
    with_email, _ = opened(running, email="anna@example.com")
    without, _ = opened(running)
    assert len(running.sandbox.sessions()) == 2
    assert with_email != without
