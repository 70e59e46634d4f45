"""Money in integer minor units, and how a written price such as ``25.00`` becomes one."""

import re
from decimal import Decimal

from attrs import Attribute, field, frozen
from attrs import validators as v

LARGEST_AMOUNT_MINOR = 2**53 - 1
"""The largest amount that every store and every reader of JSON holds exactly: a double has 53 bits
(RFC 8259, 6). What one payment can be is for its gateway to say."""

_WRITTEN = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,6})?")
"""Digits as people write prices, few enough to be exact. `Decimal` reads more, such as powers of
ten, of which the smallest would round to a free ticket."""

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
"""In which cards are charged (docs.stripe.com/currencies); the account's country decides which of
them it can use. Not the lev (bgn): Stripe has not taken it since February 2026, a month after
Bulgaria adopted the euro (support.stripe.com/questions/bulgarian-lev-(bgn)-transition-to-euro-(eur)
)."""

_NO_DECIMALS = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())
_THREE_DECIMALS = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])
_TWO_DECIMALS_BUT_WHOLE = frozenset(("isk", "ugx"))
"""Written with two decimals for historical reasons, but only whole units can be charged."""


def decimals(currency: str) -> int:
    """Return how many decimals card payments give the minor unit of a currency.

    Card networks differ from ISO 4217 here (docs.stripe.com/currencies): the ariary (MGA) has
    none, the Icelandic króna and the Ugandan shilling have two.
    """
    if currency in _NO_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2


def _three_letters(_: object, attribute: "Attribute[str]", value: str) -> None:
    if not re.fullmatch("[a-z]{3}", value):
        raise ValueError(f"{attribute.name} must be three small letters such as usd, not {value!r}")


@frozen
class Money:
    """An amount of money; never negative, never a float.

    For example::

        Money(2500, "usd")  # 25.00 USD
        Money(2500, "jpy")  # 2500 JPY: the yen has no smaller unit
        Money.parse("25.00", "usd")

    Attributes:
        amount_minor: The amount in the smallest unit that cards are charged in.
        currency: ISO 4217 code in lower case.

    Raises:
        ValueError: The amount is negative, or the currency not three small letters.
        TypeError: The amount is not an integer.
    """

    amount_minor: int = field(validator=[v.instance_of(int), v.ge(0)])
    currency: str = field(validator=[v.instance_of(str), _three_letters])

    @classmethod
    def parse(cls, text: str, currency: str) -> "Money":
        """Read a price such as ``"25"`` or ``"25.00"`` in the main unit of ``currency``.

        Raises:
            ValueError: The text is not a price, or the currency cannot express it.
        """
        currency = currency.lower()
        if not re.fullmatch("[a-z]{3}", currency):
            raise ValueError(f"currency must be three letters such as usd, not {currency!r}")
        if not _WRITTEN.fullmatch(text):
            raise ValueError(f"price must be a number such as 25.00, not {text!r}")
        amount = Decimal(text)
        if amount < 0:
            raise ValueError(f"price must be zero or more, not {text}")
        minor = amount.scaleb(decimals(currency))
        if minor > LARGEST_AMOUNT_MINOR:
            raise ValueError(f"price must be at most {cls(LARGEST_AMOUNT_MINOR, currency)}")
        if len(text.partition(".")[2]) > decimals(currency):
            raise ValueError(_too_fine(text, currency))
        money = cls(int(minor), currency)
        if money.amount_minor % money.smallest_step:
            raise ValueError(f"price {text} is finer than {currency} can be charged in")
        return money

    @property
    def smallest_step(self) -> int:
        """Minor units between two amounts that a card can be charged in this currency."""
        if self.currency in _TWO_DECIMALS_BUT_WHOLE:
            return 100
        return 10 if self.currency in _THREE_DECIMALS else 1

    @property
    def is_zero(self) -> bool:
        """Whether there is nothing to pay."""
        return self.amount_minor == 0

    def times(self, quantity: int) -> "Money":
        """Return the price of ``quantity`` places."""
        return Money(self.amount_minor * quantity, self.currency)

    def __str__(self) -> str:
        """Write the amount as people do: ``25.00 USD``."""
        places = decimals(self.currency)
        amount = Decimal(self.amount_minor).scaleb(-places)
        return f"{amount:.{places}f} {self.currency.upper()}"


def _too_fine(text: str, currency: str) -> str:
    """Say what to write: in many countries a dot groups thousands, so ``1.000`` may mean 1000."""
    whole, _, fraction = text.partition(".")
    places = decimals(currency)
    cut = f"{whole}.{fraction[:places]}" if places else whole
    return (
        f"price {text} is finer than the {places or 'no'} decimals of {currency.upper()}: write "
        f"{whole}{fraction} without a dot if it groups thousands, or {cut}"
    )
