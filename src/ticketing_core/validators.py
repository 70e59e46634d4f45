"""The few rules that values of several classes share, as attrs validators."""

from datetime import datetime
from typing import Any

from attrs import Attribute
from attrs import validators as v

LARGEST_INTEGER = 2**31 - 1
"""The largest id, quantity or capacity: what a 32-bit column and every client can hold."""

positive = v.and_(v.instance_of(int), v.ge(1), v.le(LARGEST_INTEGER))


def aware(_: object, attribute: "Attribute[Any]", value: datetime | None) -> None:
    """The instant says its time zone; None is left to the type checker."""
    if value is not None and value.tzinfo is None:
        raise ValueError(f"{attribute.name} must be an aware datetime")


def storable_text(_: object, attribute: "Attribute[Any]", value: Any) -> None:
    """Text that every store takes: not empty, no NUL, and nothing that UTF-8 cannot express."""
    if not isinstance(value, str) or not value:
        raise ValueError(f"{attribute.name} must be text that is not empty")
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError(f"{attribute.name} must not hold NUL or lone surrogates")
