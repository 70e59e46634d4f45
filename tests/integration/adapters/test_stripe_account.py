"""What the Stripe gateway decides without an answer of Stripe."""

import pytest
import stripe

from tests.integration.adapters.test_stripe_checkout import gateway_at
from ticketing_core.errors import TotalTooSmall
from ticketing_core.money import Money
from ticketing_core.payment import Unknown


@pytest.mark.parametrize(
    ("total", "minimum"),
    [
        (Money(49, "usd"), Money(50, "usd")),
        (Money(29, "gbp"), Money(30, "gbp")),
        (Money(50, "usd"), None),
        (Money(50, "jpy"), None),
        (Money(1, "kes"), None),
    ],
)
def test_a_total_below_stripes_minimum_is_refused_without_a_call(
    total: Money, minimum: Money | None
) -> None:
    """Where the minimum is published; elsewhere Stripe itself refuses."""
    gateway = gateway_at("http://127.0.0.1:9")
    assert gateway.objection(total) == (TotalTooSmall(minimum) if minimum else None)


def test_a_refused_connection_is_unknown() -> None:
    """It proves nothing about an earlier call."""
    assert isinstance(gateway_at("http://127.0.0.1:9").look_up("cs_test_1"), Unknown)


def test_telemetry_is_off() -> None:
    """The SDK's telemetry would write a file in the home folder."""
    gateway_at("http://127.0.0.1:9")
    assert stripe.enable_telemetry is False
