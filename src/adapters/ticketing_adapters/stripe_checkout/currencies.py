"""The bounds of a payment at Stripe in each currency."""

from ticketing_core.errors import TotalTooLarge
from ticketing_core.money import Money

SMALLEST_CHARGE = {
    currency: amount
    for amount, currencies in {
        30: "gbp",
        50: "aud brl cad chf eur inr jpy nzd sgd usd",
        200: "aed myr pln ron",
        250: "dkk",
        300: "nok sek",
        400: "hkd",
        1000: "mxn thb",
        1500: "czk",
        17500: "huf",
    }.items()
    for currency in currencies.split()
}
"""In minor units (docs.stripe.com/currencies#minimum-and-maximum-charge-amounts). Only a hint: the
minimum is that of the currency in which the account is settled, after conversion. So Stripe itself
refuses what is too small."""

LARGEST_CHARGE = 99_999_999
"""Eight digits of the minor unit, in every currency but those below (as above)."""

LARGEST_CHARGE_IN = {"idr": 999_999_999_999}


def too_small(total: Money) -> Money | None:
    """Return the published minimum if the total is less. Stripe may still take it, or want more."""
    minimum = SMALLEST_CHARGE.get(total.currency, 1)
    return Money(minimum, total.currency) if total.amount_minor < minimum else None


def too_large(total: Money) -> TotalTooLarge | None:
    """Return the objection to a total that is too large for Stripe, or None."""
    maximum = LARGEST_CHARGE_IN.get(total.currency, LARGEST_CHARGE)
    if total.amount_minor <= maximum:
        return None
    return TotalTooLarge(Money(maximum, total.currency))
