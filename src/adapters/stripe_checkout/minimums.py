"""The smallest payments that Stripe takes, which have to be known before places are taken."""

from ticketing_core.money import Money
from ticketing_core.ports.gateway import TooSmall

SMALLEST_CHARGE = {
    "aed": 200,
    "aud": 50,
    "brl": 50,
    "cad": 50,
    "chf": 50,
    "czk": 1500,
    "dkk": 250,
    "eur": 50,
    "gbp": 30,
    "hkd": 400,
    "huf": 17500,
    "inr": 50,
    "jpy": 50,
    "mxn": 1000,
    "myr": 200,
    "nok": 300,
    "nzd": 50,
    "pln": 200,
    "ron": 200,
    "sek": 300,
    "sgd": 50,
    "thb": 1000,
    "usd": 50,
}
"""Minor units (docs.stripe.com/currencies#minimum-and-maximum-charge-amounts). In a currency that
is not listed Stripe itself refuses what is too small after conversion."""


def too_small(total: Money) -> TooSmall | None:
    """Whether Stripe takes no payment as small as ``total``, and from where on it does."""
    minimum = Money(SMALLEST_CHARGE.get(total.currency, 1), total.currency)
    return TooSmall(minimum) if total.amount_minor < minimum.amount_minor else None
