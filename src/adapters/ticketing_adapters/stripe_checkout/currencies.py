"""The currencies in which Stripe takes payments, and the bounds of a payment in each."""

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

CURRENCIES = frozenset(
    """
    aed afn all amd ang aoa ars aud awg azn bam bbd bdt bhd bif bmd bnd bob brl bsd bwp
    byn bzd cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp
    gel gip gmd gnf gtq gyd hkd hnl htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf
    krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr
    mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar
    sbd scr sek sgd shp sle sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx usd
    uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw
    """.split()
)
"""From docs.stripe.com/currencies; the account's country decides which of them it can use. Not the
lev (bgn): Stripe has not taken it since February 2026, a month after Bulgaria adopted the euro
(support.stripe.com/questions/bulgarian-lev-(bgn)-transition-to-euro-(eur))."""


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
