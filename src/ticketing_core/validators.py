"""Rules that values of several classes share, as attrs validators and converters."""

import re
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from typing import Any

from attrs import Attribute

LARGEST_INTEGER = 2**31 - 1
"""The largest quantity or capacity: what a 32-bit column and every client can hold."""

LARGEST_ID = 2**53 - 1
"""The largest id: what a JSON number holds exactly in every client (RFC 8259, 6)."""


def require_whole(name: str, value: Any, *, largest: int) -> None:
    """Raise `ValueError` unless it is a whole number from 1 to ``largest``."""
    if not isinstance(value, int) or not 1 <= value <= largest:
        found = "" if isinstance(value, int) else f", not {type(value).__name__}"
        raise ValueError(f"{name} must be a whole number from 1 to {largest}{found}")


def valid_id(_: object, attribute: "Attribute[Any]", value: Any) -> None:
    """A whole number from 1 to `LARGEST_ID`."""
    require_whole(attribute.name, value, largest=LARGEST_ID)


def positive(_: object, attribute: "Attribute[Any]", value: Any) -> None:
    """A whole number from 1 to `LARGEST_INTEGER`."""
    require_whole(attribute.name, value, largest=LARGEST_INTEGER)


def require_zoned(name: str, value: datetime) -> None:
    """Raise `ValueError` if the time has no time zone."""
    if value.tzinfo is None:
        raise ValueError(f"{name} must be an aware datetime")


def zoned(_: object, attribute: "Attribute[Any]", value: datetime) -> None:
    """A time with a time zone, by any clock."""
    require_zoned(attribute.name, value)


def aware(instance: object, attribute: "Attribute[Any]", value: datetime | None) -> None:
    """An instant with a time zone that UTC has, too. None is left to the type checker."""
    if value is None:
        return
    zoned(instance, attribute, value)
    if value.year in (MINYEAR, MAXYEAR):
        # Its offset may lead out of the years that there are, and stores keep UTC.
        try:
            value.astimezone(UTC)
        except OverflowError:
            raise ValueError(f"{attribute.name} must be in the years 1 to 9999 in UTC") from None


def storable_text(_: object, attribute: "Attribute[Any]", value: Any) -> None:
    """Text that every store can hold: not empty, no NUL, nothing that UTF-8 cannot express."""
    require_storable(attribute.name, value)


def require_storable(name: str, value: Any) -> None:
    """Raise `ValueError` unless it is text that every store can hold, as `storable_text` says."""
    if not isinstance(value, str) or not value:
        found = "" if isinstance(value, str) else f", not {type(value).__name__}"
        raise ValueError(f"{name} must be text that is not empty{found}")
    if value.isascii():
        usable = "\0" not in value
    else:
        usable = not any(each == "\0" or "\ud800" <= each <= "\udfff" for each in value)
    if not usable:
        raise ValueError(f"{name} must not hold NUL or lone surrogates")


def storable(text: str) -> str:
    """Return the text as every store can hold it: what `storable_text` refuses becomes ``?``.

    A converter for text from outside, which must not keep a change from being stored.
    """
    return text.encode(errors="replace").decode().replace("\0", "?")


_NOT_ON_ONE_LINE = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Controls, line breaks and lone surrogates. What Python calls printable is narrower: it leaves out
the joiners of Persian, Hindi and many emoji, most spaces, and what is newer than its tables."""


def is_one_line(text: str) -> bool:
    """Return whether it is text on one line, in any script, that is not blank."""
    return bool(text.strip()) and not _NOT_ON_ONE_LINE.search(text)


def one_line(_: object, attribute: "Attribute[Any]", value: str) -> None:
    """Text on one line, in any script, that is not blank."""
    if not is_one_line(value):
        raise ValueError(
            f"{attribute.name} must be printable text on one line: no control characters"
        )
