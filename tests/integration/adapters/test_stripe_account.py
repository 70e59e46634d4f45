"""What the Stripe gateway decides without an answer of Stripe."""

import pytest
import stripe

from tests.integration.adapters.stripe_at_sandbox import gateway_at
from ticketing_core.errors import TotalTooLarge
from ticketing_core.money import Money
from ticketing_core.payment import Unknown


@pytest.mark.parametrize(
    ("total", "largest"),
    [
        (Money(99_999_999, "usd"), None),
        (Money(100_000_000, "usd"), Money(99_999_999, "usd")),
        (Money(100_000_000, "jpy"), Money(99_999_999, "jpy")),
        (Money(150_000_000, "idr"), None),
        (Money(10**12, "idr"), Money(10**12 - 1, "idr")),
        # What is too small depends on the currency of the account's payouts.
        (Money(1, "usd"), None),
    ],
)
def test_only_a_total_above_stripes_maximum_is_refused_without_a_call(
    total: Money, largest: Money | None
) -> None:
    """Eight digits; twelve in rupiah. Stripe itself refuses what is too small."""
    gateway = gateway_at("http://127.0.0.1:9")
    assert gateway.objection(total) == (TotalTooLarge(largest) if largest else None)


def test_a_refused_connection_is_unknown() -> None:
    """It proves nothing about an earlier call."""
    assert isinstance(gateway_at("http://127.0.0.1:9").look_up("cs_test_1"), Unknown)


def test_telemetry_is_off() -> None:
    """The SDK's telemetry would write a file in the home folder."""
    gateway_at("http://127.0.0.1:9")
    assert stripe.enable_telemetry is False
