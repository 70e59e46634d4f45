"""The types of the parameters of Stripe's API, each checked as Stripe checks it.

A type is a function that takes the form value and the full name of the parameter, such as
`line_items[0][quantity]`. It returns the value, or raises `Refused`, naming the parameter.
"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from ticketing_service.sandbox.amounts import CURRENCIES
from ticketing_service.sandbox.form import Form
from ticketing_service.sandbox.refusals import invalid

ParameterType = Callable[["str | Form", str], Any]

# docs.stripe.com/api/metadata
_METADATA_KEYS, _METADATA_KEY_LENGTH, _METADATA_VALUE_LENGTH = 50, 40, 500
# The longest text that a parameter takes unless its documentation says otherwise.
_LONGEST = 5000
# Stripe's integers have 64 bits. More digits are refused before Python converts them.
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


def _not_empty(value: "str | Form", param: str) -> str:
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


def text(longest: int = _LONGEST) -> ParameterType:
    """Return the type of texts up to this length."""

    def read(value: "str | Form", param: str) -> str:
        sent = _not_empty(value, param)
        if len(sent) > longest:
            raise invalid(
                f"Invalid string: {sent[:10]}...; must be at most {longest} characters", param=param
            )
        return sent

    return read


def integer(least: int | None = None, most: int | None = None) -> ParameterType:
    """Return the type of integers within these bounds."""

    def read(value: "str | Form", param: str) -> int:
        sent = _not_empty(value, param)
        if not _INTEGER.fullmatch(sent):
            problem = f"Invalid integer: {sent}"
        elif least is not None and int(sent) < least:
            problem = (
                f"This value must be greater than or equal to {least} (it currently is "
                f"'{int(sent)}')."
            )
        elif most is not None and int(sent) > most:
            problem = (
                f"This value must be less than or equal to {most} (it currently is '{int(sent)}')."
            )
        else:
            return int(sent)
        raise invalid(problem, param=param, code="parameter_invalid_integer")

    return read


def flag(value: "str | Form", param: str) -> bool:
    """Read `true` or `false`."""
    sent = _not_empty(value, param)
    if sent not in {"true", "false"}:
        raise invalid(f"Invalid boolean: {sent}", param=param)
    return sent == "true"


def choice(words: str) -> ParameterType:
    """Return the type of a parameter that is one of these words."""
    choices = words.split()

    def read(value: "str | Form", param: str) -> str:
        sent = _not_empty(value, param)
        if sent not in choices:
            raise invalid(f"Invalid {param}: must be one of {', '.join(choices)}", param=param)
        return sent

    return read


def currency(value: "str | Form", param: str) -> str:
    """Read a currency code in upper or lower case; return it in lower case."""
    code = _not_empty(value, param).lower()
    if code not in CURRENCIES:
        raise invalid(
            f"Invalid currency: {code}. Stripe currently supports these currencies: "
            f"{', '.join(sorted(CURRENCIES))}",
            param=param,
        )
    return code


def url(value: "str | Form", param: str) -> str:
    """Read an absolute http or https address, perhaps with Stripe's `{CHECKOUT_SESSION_ID}`."""
    sent: str = text()(value, param)
    try:
        parts = urlsplit(sent)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise invalid("Not a valid URL", param=param, code="url_invalid")
    return sent


def email(value: "str | Form", param: str) -> str:
    """Read an e-mail address."""
    sent: str = text(longest=800)(value, param)
    if not _EMAIL.fullmatch(sent):
        raise invalid(f"Invalid email address: {sent}", param=param, code="email_invalid")
    return sent


def metadata(value: "str | Form", param: str) -> dict[str, str]:
    """Read the caller's own keys and values; a key with an empty value is left out."""
    if value == "":
        return {}
    if isinstance(value, str):
        raise invalid("Invalid metadata: must be a hash", param=param)
    if len(value) > _METADATA_KEYS:
        raise invalid(
            f"You can only have up to {_METADATA_KEYS} metadata keys, but you passed {len(value)}.",
            param=param,
        )
    kept = {}
    for name, member in value.items():
        if len(name) > _METADATA_KEY_LENGTH:
            raise invalid(
                f"Metadata keys can be at most {_METADATA_KEY_LENGTH} characters long, but "
                f"'{name}' is {len(name)}.",
                param=param,
            )
        if not isinstance(member, str) or len(member) > _METADATA_VALUE_LENGTH:
            raise invalid(
                f"Metadata values must be strings of at most {_METADATA_VALUE_LENGTH} characters, "
                f"but the value of '{name}' is not.",
                param=f"{param}[{name}]",
            )
        if member:
            kept[name] = member
    return kept


def many(member: ParameterType, *, most: int = 100) -> ParameterType:
    """Return the type of lists with members of this type."""

    def read(value: "str | Form", param: str) -> list[Any]:
        if isinstance(value, str) or not all(name.isdecimal() for name in value):
            raise invalid("Invalid array", param=param)
        if not 0 < len(value) <= most:
            raise invalid(f"The array must have 1 to {most} members", param=param)
        return [
            member(sent, f"{param}[{position}]") for position, sent in enumerate(value.values())
        ]

    return read


def fields(required: str = "", /, **members: ParameterType) -> ParameterType:
    """Return the type of objects with these members, some of them required.

    A request as a whole is such an object; its name is empty.
    """

    def read(value: "str | Form", param: str) -> dict[str, Any]:
        if isinstance(value, str):
            raise invalid(f"Invalid object: {value}", param=param)
        full = {name: f"{param}[{name}]" if param else name for name in (*value, *required.split())}
        for name in value:
            if name not in members:
                hint = (
                    "Did you mean allowed_payment_method_types?"
                    if full[name] == "payment_method_types"
                    else "The local sandbox knows only a part of Stripe's parameters."
                )
                raise invalid(
                    f"Received unknown parameter: {full[name]}. {hint}",
                    param=full[name],
                    code="parameter_unknown",
                )
        for name in required.split():
            if name not in value:
                raise invalid(
                    f"Missing required param: {full[name]}.",
                    param=full[name],
                    code="parameter_missing",
                )
        return {name: members[name](sent, full[name]) for name, sent in value.items()}

    return read


_BOUNDS = fields(gt=integer(), gte=integer(), lt=integer(), lte=integer())


def period(value: "str | Form", param: str) -> dict[str, int]:
    """Read an instant, or a range of instants, in Unix seconds; return its bounds."""
    if isinstance(value, str):
        instant = integer()(value, param)
        return {"gte": instant, "lte": instant}
    return dict(_BOUNDS(value, param))
