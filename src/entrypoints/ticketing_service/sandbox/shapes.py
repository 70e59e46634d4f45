"""The kinds of values that parameters of Stripe's API have, each checked as Stripe does."""

import re
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

from attrs import field, frozen

from ticketing_service.sandbox.errors import Refused, invalid
from ticketing_service.sandbox.form import Form
from ticketing_service.sandbox.money import CURRENCIES

# docs.stripe.com/api/metadata
METADATA_KEYS, METADATA_KEY_LENGTH, METADATA_VALUE_LENGTH = 50, 40, 500
# The longest text that any parameter takes unless it says otherwise.
_LONGEST = 5000
# Stripe integers fit into 64 bits; longer digits are refused before Python reads them.
_MOST_DIGITS = 18
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


class Shape(Protocol):
    """Reads one parameter."""

    def read(self, value: "str | Form", *, param: str) -> Any:
        """Return the value as Python has it, or raise `Refused`, naming the parameter."""


def _text(value: "str | Form", param: str) -> str:
    if not isinstance(value, str):
        raise invalid(f"Invalid string: {dict(value)}", param=param)
    if not value:
        raise invalid(
            f"You passed an empty string for '{param}'. We assume empty values are an attempt to "
            f"unset a parameter; however '{param}' cannot be unset. You should remove '{param}' "
            "from your request or supply a non-empty value.",
            param=param,
            code="parameter_invalid_empty",
        )
    return value


@frozen
class Text:
    """A text of bounded length."""

    longest: int = _LONGEST

    def read(self, value: "str | Form", *, param: str) -> str:
        """Return the text."""
        text = _text(value, param)
        if len(text) > self.longest:
            raise invalid(
                f"Invalid string: {text[:10]}...; must be at most {self.longest} characters",
                param=param,
            )
        return text


@frozen
class Integer:
    """An integer within bounds, in decimal digits."""

    least: int | None = None
    most: int | None = None

    def read(self, value: "str | Form", *, param: str) -> int:
        """Return the number."""
        text = _text(value, param)
        if not re.fullmatch(rf"-?[0-9]{{1,{_MOST_DIGITS}}}", text):
            raise self._refused(f"Invalid integer: {text}", param)
        number = int(text)
        if self.least is not None and number < self.least:
            raise self._refused(
                f"This value must be greater than or equal to {self.least} (it currently is "
                f"'{number}').",
                param,
            )
        if self.most is not None and number > self.most:
            raise self._refused(
                f"This value must be less than or equal to {self.most} (it currently is "
                f"'{number}').",
                param,
            )
        return number

    @staticmethod
    def _refused(message: str, param: str) -> Refused:
        return invalid(message, param=param, code="parameter_invalid_integer")


@frozen
class Flag:
    """`true` or `false`."""

    def read(self, value: "str | Form", *, param: str) -> bool:
        """Return the truth value."""
        text = _text(value, param)
        if text not in {"true", "false"}:
            raise invalid(f"Invalid boolean: {text}", param=param)
        return text == "true"


@frozen
class Choice:
    """One of a few words."""

    words: tuple[str, ...] = field(converter=_words)

    def read(self, value: "str | Form", *, param: str) -> str:
        """Return the word."""
        text = _text(value, param)
        if text not in self.words:
            raise invalid(
                f"Invalid {param}: must be one of {', '.join(self.words)}",
                param=param,
            )
        return text


@frozen
class Currency:
    """A three-letter currency code that Stripe knows, in either case."""

    def read(self, value: "str | Form", *, param: str) -> str:
        """Return the code in lower case."""
        code = _text(value, param).lower()
        if code not in CURRENCIES:
            raise invalid(
                f"Invalid currency: {code}. Stripe currently supports these currencies: "
                f"{', '.join(sorted(CURRENCIES))}",
                param=param,
            )
        return code


@frozen
class Url:
    """An absolute http or https address; Stripe's `{CHECKOUT_SESSION_ID}` may stand in it."""

    def read(self, value: "str | Form", *, param: str) -> str:
        """Return the address as it was sent."""
        text = Text().read(value, param=param)
        try:
            parts = urlsplit(text)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise invalid("Not a valid URL", param=param, code="url_invalid")
        return text


@frozen
class Email:
    """An e-mail address."""

    def read(self, value: "str | Form", *, param: str) -> str:
        """Return the address."""
        text = Text(longest=800).read(value, param=param)
        if not _EMAIL.fullmatch(text):
            raise invalid(f"Invalid email address: {text}", param=param, code="email_invalid")
        return text


@frozen
class Metadata:
    """The caller's own keys and values; an empty value leaves its key out."""

    def read(self, value: "str | Form", *, param: str) -> dict[str, str]:
        """Return the keys that have a value."""
        if value == "":
            return {}
        if isinstance(value, str):
            raise invalid("Invalid metadata: must be a hash", param=param)
        if len(value) > METADATA_KEYS:
            raise invalid(
                f"You can only have up to {METADATA_KEYS} metadata keys, but you passed "
                f"{len(value)}.",
                param=param,
            )
        read = {name: self._value(name, text, param=param) for name, text in value.items()}
        return {name: text for name, text in read.items() if text}

    @staticmethod
    def _value(name: str, text: "str | Form", *, param: str) -> str:
        if len(name) > METADATA_KEY_LENGTH:
            raise invalid(
                f"Metadata keys can be at most {METADATA_KEY_LENGTH} characters long, but "
                f"'{name}' is {len(name)}.",
                param=param,
            )
        if not isinstance(text, str) or len(text) > METADATA_VALUE_LENGTH:
            raise invalid(
                f"Metadata values must be strings of at most {METADATA_VALUE_LENGTH} characters, "
                f"but the value of '{name}' is not.",
                param=f"{param}[{name}]",
            )
        return text


@frozen
class Many:
    """A list of values of one shape."""

    member: Shape
    most: int = 100

    def read(self, value: "str | Form", *, param: str) -> list[Any]:
        """Return the members in the order sent."""
        if isinstance(value, str) or not all(name.isdecimal() for name in value):
            raise invalid("Invalid array", param=param)
        if not 0 < len(value) <= self.most:
            raise invalid(f"The array must have 1 to {self.most} members", param=param)
        return [
            self.member.read(member, param=f"{param}[{position}]")
            for position, member in enumerate(value.values())
        ]


@frozen
class Period:
    """An instant, or a range of instants given by `gt`, `gte`, `lt`, `lte`; Unix seconds."""

    def read(self, value: "str | Form", *, param: str) -> dict[str, int]:
        """Return the bounds by their names."""
        if isinstance(value, str):
            instant = Integer().read(value, param=param)
            return {"gte": instant, "lte": instant}
        bounds = dict.fromkeys(("gt", "gte", "lt", "lte"), Integer())
        read: dict[str, int] = Fields(bounds).read(value, param=param)
        return read


@frozen
class Fields:
    """A group of named parameters; any other name is refused."""

    members: Mapping[str, Shape]
    required: tuple[str, ...] = field(default="", converter=_words)

    def read(self, value: "str | Form", *, param: str) -> dict[str, Any]:
        """Return the members that were sent. The empty `param` stands for the whole request."""
        if isinstance(value, str):
            raise invalid(f"Invalid object: {value}", param=param)
        for name in value:
            if name not in self.members:
                raise _unknown(_inside(param, name))
        for name in self.required:
            if name not in value:
                inner = _inside(param, name)
                raise invalid(
                    f"Missing required param: {inner}.", param=inner, code="parameter_missing"
                )
        return {
            name: self.members[name].read(inner, param=_inside(param, name))
            for name, inner in value.items()
        }


def _inside(param: str, name: str) -> str:
    return f"{param}[{name}]" if param else name


def _unknown(param: str) -> Refused:
    hint = (
        "Did you mean allowed_payment_method_types?"
        if param == "payment_method_types"
        else "The local sandbox knows only a part of Stripe's parameters."
    )
    return invalid(
        f"Received unknown parameter: {param}. {hint}", param=param, code="parameter_unknown"
    )
