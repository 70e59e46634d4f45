"""How commands show amounts: exact integers in JSON, and as people write them in tables."""

from collections.abc import Iterator
from typing import Any

from ticketing_core import Money, Sums

AMOUNTS = ("taken", "earned", "refunded", "charged_back", "owed", "paid_back_otherwise")
"""What was taken, and the five amounts that it is the sum of."""


def amounts_shape(sums: Sums, currency: str) -> dict[str, Any]:
    """Return the amounts alone, in minor units of the currency."""
    return {"currency": currency, **{name: getattr(sums, name) for name in AMOUNTS}}


def written(amount_minor: int, currency: str) -> str:
    """Write an amount, which may be negative, such as ``-25.00 USD``."""
    sign = "-" if amount_minor < 0 else ""
    return f"{sign}{Money(abs(amount_minor), currency)}"


def written_amounts(sums: Sums, currency: str) -> Iterator[tuple[str, str]]:
    """Yield what was taken, and the amounts of which it is the sum, without those that are zero."""
    for name in AMOUNTS:
        amount = getattr(sums, name)
        if amount or name == "taken":
            yield name.replace("_", " "), written(amount, currency)
