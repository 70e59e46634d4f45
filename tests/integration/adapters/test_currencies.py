"""Currencies: the adapter's table, the core's decimals and the sandbox's table agree.

The sandbox shares no code with the adapter, so the tests compare it over HTTP, as a client does.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import pytest
import stripe

from ticketing_adapters.stripe_checkout import StripeCheckout
from ticketing_adapters.stripe_checkout.calls import connect
from ticketing_adapters.stripe_checkout.currencies import (
    LARGEST_CHARGE,
    LARGEST_CHARGE_IN,
    SMALLEST_CHARGE,
)
from ticketing_core import Money, Ticket, TicketStatus
from ticketing_core.money import CURRENCIES
from ticketing_core.payment import Open
from ticketing_service.sandbox import running_sandbox


@pytest.fixture(scope="module")
def sandbox_url() -> Iterator[str]:
    """The address of a sandbox."""
    with running_sandbox() as running:
        yield running.url


@pytest.fixture(params=sorted(CURRENCIES))
def currency(request: pytest.FixtureRequest) -> str:
    """Each currency in which Stripe takes payments."""
    code: str = request.param
    return code


_numbers = count(1)


def can_be_paid(sandbox_url: str, total: Money) -> bool:
    """Return whether the sandbox opens a session over ``total``."""
    gateway = StripeCheckout(
        secret_key="sk_test_any",
        frontend_url="http://localhost:5173",
        installation_id=UUID(int=1, version=4),
        api_base=sandbox_url,
    )
    number, now = next(_numbers), datetime.now(UTC)
    ticket = Ticket(
        ticket_id=number,
        ticket_code=UUID(int=number, version=4),
        event_id=1,
        buyer="42",
        quantity=1,
        total=total,
        status=TicketStatus.RESERVED,
        created_at=now,
        held_until=now,
    )
    opened = gateway.open(ticket, event_name="Concert", ends_at=now + timedelta(minutes=35))
    return isinstance(opened, Open)


def test_the_smallest_charge_is_the_sandboxs(sandbox_url: str, currency: str) -> None:
    """One step less is refused, and so is an amount between two steps."""
    step = Money(0, currency).smallest_step
    smallest = SMALLEST_CHARGE.get(currency, step)
    assert can_be_paid(sandbox_url, Money(smallest, currency))
    assert not can_be_paid(sandbox_url, Money(smallest - step, currency))
    assert step == 1 or not can_be_paid(sandbox_url, Money(smallest + 1, currency))


def test_the_decimals_are_the_sandboxs(sandbox_url: str, currency: str) -> None:
    """An error that names the largest amount writes it as the core does."""
    largest = LARGEST_CHARGE_IN.get(currency, LARGEST_CHARGE)
    client = connect("sk_test_any", api_base=sandbox_url)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.checkout.sessions.create(
            {
                "mode": "payment",
                "success_url": "https://example.com",
                "line_items": [
                    {
                        "quantity": 1,
                        "price_data": {
                            "currency": currency,
                            "unit_amount": largest + 1,
                            "product_data": {"name": "Concert"},
                        },
                    }
                ],
            }
        )
    (amount,) = re.findall(r"[\d,.]*\d", refused.value.user_message or "")
    assert amount.replace(",", "") == str(Money(largest, currency)).split()[0]


def test_every_currency_with_a_smallest_charge_is_supported() -> None:
    """The tables of the adapter and of the core agree."""
    assert set(SMALLEST_CHARGE) <= CURRENCIES


@pytest.mark.parametrize("withdrawn", ["bgn", "hrk", "ltl", "sll"])
def test_withdrawn_currencies_are_not_supported(withdrawn: str) -> None:
    """No buyer could pay a ticket with a price in one of them."""
    assert withdrawn not in CURRENCIES
