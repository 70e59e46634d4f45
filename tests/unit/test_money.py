"""Money: written prices become minor units exactly, or are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing_core import Money


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("25", "usd", 2500),
        ("25.00", "USD", 2500),
        ("25.0", "usd", 2500),
        ("0", "eur", 0),
        ("0.29", "gbp", 29),
        ("1500", "jpy", 1500),
        ("1.250", "kwd", 1250),
        ("1000.00", "eur", 100_000),
        ("100000", "krw", 100_000),
        ("300", "isk", 30000),
        ("999999.99", "usd", 99_999_999),
        ("1500000", "idr", 150_000_000),
        ("90071992547409.91", "usd", 2**53 - 1),
    ],
)
def test_a_written_price_becomes_minor_units(text: str, currency: str, minor: int) -> None:
    """By the decimals of its currency, without rounding."""
    assert Money.parse(text, currency) == Money(minor, currency.lower())


@pytest.mark.parametrize(
    ("text", "currency", "reason"),
    [
        ("", "usd", "number"),
        ("abc", "usd", "number"),
        ("-1", "usd", "zero or more"),
        ("NaN", "usd", "number"),
        ("Infinity", "usd", "number"),
        ("1e999999", "usd", "number"),
        ("1e-999999999", "usd", "number"),
        ("1_0", "usd", "number"),
        ("\uff11\uff12", "usd", "number"),
        ("25." + "0" * 40 + "1", "usd", "number"),
        ("9" * 20, "usd", "at most"),
        ("1.005", "usd", "finer"),
        ("1.5", "jpy", "finer"),
        ("1.255", "kwd", "finer"),
        ("1.5", "isk", "finer"),
        ("1.000", "eur", "write 1000 without a dot if it groups thousands, or 1.00"),
        ("150.000", "idr", "write 150000 without a dot if it groups thousands, or 150.00"),
        ("100.000", "krw", "no decimals of KRW: write 100000 .* or 100$"),
        ("25.00", "jpy", "no decimals"),
        ("1.2500", "kwd", "finer"),
        ("90071992547409.92", "usd", "at most"),
        ("25", "us", "three letters"),
        ("25", "dollar", "three letters"),
    ],
)
def test_any_other_price_is_refused_with_the_reason(text: str, currency: str, reason: str) -> None:
    """Nothing is rounded, cut or guessed."""
    with pytest.raises(ValueError, match=reason):
        Money.parse(text, currency)


@given(st.integers(0, 2**53 // 100), st.sampled_from(["usd", "jpy", "kwd", "isk"]))
def test_a_written_amount_reads_back_unchanged(steps: int, currency: str) -> None:
    """The text form of an amount is a price of the same amount."""
    money = Money(steps * Money(0, currency).smallest_step, currency)
    assert Money.parse(str(money).split()[0], currency) == money


@pytest.mark.parametrize("wrong", [-1, 1.0, "1", None])
def test_an_amount_is_a_whole_number_of_minor_units(wrong: object) -> None:
    """Floats and text are refused."""
    with pytest.raises((TypeError, ValueError)):
        Money(wrong, "usd")  # type: ignore[arg-type]  # the point
