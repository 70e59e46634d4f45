"""Stripe's rules about currencies and amounts (docs.stripe.com/currencies)."""

from decimal import Decimal, InvalidOperation

from ticketing_service.sandbox.errors import Refusal, Refused, invalid

ZERO_DECIMAL = frozenset(
    "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split(),
)
THREE_DECIMAL = frozenset("bhd jod kwd omr tnd".split())
# Have no smaller unit, but are still sent with two decimals that must be 00.
WHOLE_UNITS_OF_TWO_DECIMALS = frozenset("isk ugx".split())

_TWO_DECIMAL = frozenset(
    """aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad
    cdf chf cny cop crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg
    huf idr ils inr jmd kes kgs khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk
    mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sek sgd
    shp sle sos srd std szl thb tjs top try ttd twd tzs uah usd uyu uzs wst xcd yer zar
    zmw""".split(),
)
CURRENCIES = _TWO_DECIMAL | ZERO_DECIMAL | THREE_DECIMAL | WHOLE_UNITS_OF_TWO_DECIMALS

LARGEST = 99_999_999
# In minor units. For other currencies Stripe converts to the account's own; without rates the
# sandbox only refuses zero there.
SMALLEST = {
    "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250,
    "eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200,
    "nok": 300, "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000, "usd": 50,
}  # fmt: skip
_SIGNS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


def decimals(currency: str) -> int:
    """Return how many decimal places amounts of this currency are sent with."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def in_words(amount: int, currency: str) -> str:
    """Return an amount for people: `$25.00`, `¥500`, `12.500 KWD`."""
    places = decimals(currency)
    number = f"{Decimal(amount).scaleb(-places):,.{places}f}"
    sign = _SIGNS.get(currency)
    return f"{sign}{number}" if sign else f"{number} {currency.upper()}"


def from_words(text: str, currency: str) -> int | None:
    """Return an amount that people wrote (`25.00`) in minor units; None when it is none."""
    try:
        amount = Decimal(text.strip()).scaleb(decimals(currency))
        possible = 0 < amount <= LARGEST and amount == amount.to_integral_value()
    except InvalidOperation:
        # Not a number, in either sense.
        return None
    return int(amount) if possible else None


def check_granularity(*, amount: int, currency: str, param: str) -> None:
    """Raise `Refused` for an amount finer than the currency can be charged in."""
    if currency in THREE_DECIMAL and amount % 10:
        raise invalid(
            f"Invalid integer: {amount}. The last digit must be 0 for {currency}.",
            param=param,
            code="parameter_invalid_integer",
        )
    if currency in WHOLE_UNITS_OF_TWO_DECIMALS and amount % 100:
        raise invalid(
            f"Invalid integer: {amount}. The last two digits must be 00 for {currency}.",
            param=param,
            code="parameter_invalid_integer",
        )


def check_total(*, amount: int, currency: str) -> None:
    """Raise `Refused` for a total that Stripe cannot charge.

    Stripe takes a total of zero as a "no-cost order"; the sandbox refuses it, because nobody who
    sells tickets means to send one.
    """
    smallest = SMALLEST.get(currency, 1)
    if amount < smallest:
        raise _amount_refused(
            "The Checkout Session's total amount due must add up to at least "
            f"{in_words(smallest, currency)} {currency}",
            code="amount_too_small",
        )
    if amount > LARGEST:
        raise _amount_refused(
            "The Checkout Session's total amount due must be no more than "
            f"{in_words(LARGEST, currency)} {currency}",
            code="amount_too_large",
        )


def _amount_refused(message: str, *, code: str) -> Refused:
    return Refused(Refusal(status=400, message=message, code=code), saved=False)
