"""Stripe's rules about currencies and amounts (docs.stripe.com/currencies)."""

from decimal import Decimal, InvalidOperation

from ticketing_service.sandbox.refusals import invalid

ZERO_DECIMAL = frozenset(
    "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split(),
)
THREE_DECIMAL = frozenset("bhd jod kwd omr tnd".split())
# Have no smaller unit; Stripe still takes them with two decimals, which must be 00.
WHOLE_UNITS_OF_TWO_DECIMALS = frozenset("isk ugx".split())

_TWO_DECIMAL = frozenset(
    """aed afn all amd ang aoa ars aud awg azn bam bbd bdt bmd bnd bob brl bsd bwp byn bzd cad
    cdf chf cny cop crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg
    huf idr ils inr jmd kes kgs khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk
    mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sek sgd
    shp sle sos srd std szl thb tjs top try ttd twd tzs uah usd uyu uzs wst xcd xcg yer zar
    zmw""".split(),
)
CURRENCIES = _TWO_DECIMAL | ZERO_DECIMAL | THREE_DECIMAL | WHOLE_UNITS_OF_TWO_DECIMALS

LARGEST, LARGEST_IDR = 99_999_999, 999_999_999_999
# In minor units. For other currencies Stripe converts to the currency of the account; the sandbox
# has no exchange rates and refuses only zero.
SMALLEST = {
    "aed": 200, "aud": 50, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250,
    "eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200,
    "nok": 300, "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000, "usd": 50,
}  # fmt: skip
_TOTAL = "The Checkout Session's total amount due"
_SIGNS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


def decimals(currency: str) -> int:
    """Return the number of decimal places of the currency's minor unit."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def largest(currency: str) -> int:
    """Return the most that one payment can be, in minor units."""
    return LARGEST_IDR if currency == "idr" else LARGEST


def in_words(amount: int, currency: str) -> str:
    """Return an amount for people: `$25.00`, `¥500`, `12.500 KWD`."""
    number = in_major_units(amount, currency, separator=",")
    sign = _SIGNS.get(currency)
    return f"{sign}{number}" if sign else f"{number} {currency.upper()}"


def in_major_units(amount: int, currency: str, *, separator: str = "") -> str:
    """Return an amount as a number field takes it: `2500.00`."""
    places = decimals(currency)
    return f"{Decimal(amount).scaleb(-places):{separator}.{places}f}"


def from_major_units(text: str, currency: str) -> int | None:
    """Return the minor units of an amount such as `25.00`, or None if it is not an amount."""
    try:
        amount = Decimal(text.strip()).scaleb(decimals(currency))
        possible = 0 < amount <= largest(currency) and amount == amount.to_integral_value()
    except InvalidOperation:
        # A text that is not a number, or a NaN.
        return None
    return int(amount) if possible else None


def check_granularity(*, amount: int, currency: str, param: str) -> None:
    """Raise `Refused` if the currency cannot be charged in so fine an amount."""
    if currency in THREE_DECIMAL and amount % 10:
        rule = "The last digit must be 0"
    elif currency in WHOLE_UNITS_OF_TWO_DECIMALS and amount % 100:
        rule = "The last two digits must be 00"
    else:
        return
    raise invalid(
        f"Invalid integer: {amount}. {rule} for {currency}.",
        param=param,
        code="parameter_invalid_integer",
    )


def check_total(*, amount: int, currency: str) -> None:
    """Raise `Refused` for a total that Stripe cannot charge.

    Stripe takes a total of zero as a "no-cost order". The sandbox refuses it, because a ticket
    seller never means to send one.
    """
    smallest = SMALLEST.get(currency, 1)
    if amount < smallest:
        bound, code = f"at least {in_words(smallest, currency)}", "amount_too_small"
        raise invalid(f"{_TOTAL} must add up to {bound} {currency}", code=code)
    if amount > largest(currency):
        bound, code = f"no more than {in_words(largest(currency), currency)}", "amount_too_large"
        raise invalid(f"{_TOTAL} must be {bound} {currency}", code=code)
