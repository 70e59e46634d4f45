"""In which currencies and from which amount on Stripe takes payments: known before it is asked."""

from ticketing_core.errors import TotalTooSmall
from ticketing_core.money import Money

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

CURRENCIES = frozenset(
    """
    aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd
    bwp byn bzd cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp
    gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr ils inr isk jmd jod jpy kes kgs khr
    kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn
    myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf
    sar sbd scr sek sgd shp sle sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx
    usd uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw
    """.split()
)
"""Of docs.stripe.com/currencies. Which of them an account takes depends on its country."""


def too_small(total: Money) -> TotalTooSmall | None:
    """Whether Stripe takes no payment as small as ``total``, and from where on it does."""
    minimum = Money(SMALLEST_CHARGE.get(total.currency, 1), total.currency)
    return TotalTooSmall(minimum) if total.amount_minor < minimum.amount_minor else None
