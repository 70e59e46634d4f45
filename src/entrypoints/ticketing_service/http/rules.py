"""Derives the rules for the fields of requests from the types in `schemas`.

msgspec alone would accept ``10.0`` for 10.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct, inspect

from ticketing_core.validators import is_one_line

Rule = Callable[[object], object]
"""Returns the value of a field; raises `ValueError` if it is wrong."""

_Instant = Annotated[datetime, Meta(tz=True)]

_DIGITS = re.compile("[1-9][0-9]*")
"""No leading zero, sign or blank, and only ASCII (``[0-9]``, not ``\\d``)."""


def rule_of(declared: inspect.Type) -> Rule:
    """Return the rule of a field of this type."""
    match declared:
        case inspect.Metadata() | inspect.UnionType() | inspect.StructType():
            return _composed_rule(declared)
        case inspect.BoolType():
            return _boolean
        case inspect.IntType(ge=int(smallest), le=int(largest)):
            return lambda value: _integer(value, smallest=smallest, largest=largest)
        case inspect.StrType():
            return _text_rule(declared)
        case inspect.LiteralType(values=(str(only),)):
            return lambda value: _literal(value, only=only)
        case inspect.EnumType(cls=kind):
            return lambda value: _choice(value, {each.value: each for each in kind})
        case inspect.UUIDType():
            return lambda value: _converted(value, UUID, what="a UUID such as 6e40a178-…")
        case inspect.DateTimeType():
            return lambda value: _converted(value, _Instant, what="an instant (RFC 3339)")
        case inspect.ListType(min_length=int(fewest), max_length=int(most)):
            return lambda value: _list(value, fewest=fewest, most=most)
        case _:
            raise TypeError(f"no rule reads {declared}")


def is_list(declared: inspect.Type) -> bool:
    """Return whether a field of this type is a list."""
    plain = declared.type if isinstance(declared, inspect.Metadata) else declared
    return isinstance(plain, inspect.ListType)


def _text_rule(declared: inspect.StrType) -> Rule:
    longest = declared.max_length
    if longest is None or declared.min_length is None:
        return lambda value: _any_text(value, longest=longest)
    # The only pattern is that of a line.
    rule = _text if declared.pattern is None else _line
    return lambda value: rule(value, longest=longest)


def _composed_rule(declared: inspect.Metadata | inspect.UnionType | inspect.StructType) -> Rule:
    match declared:
        case inspect.Metadata(type=inner):
            return rule_of(inner)
        case inspect.UnionType(types=types):
            (other,) = (each for each in types if not isinstance(each, inspect.NoneType))
            rule = rule_of(other)
            return lambda value: None if value is None else rule(value)
        case inspect.StructType(cls=schema, fields=fields):
            return _object_rule(schema, fields)


def _object_rule(schema: type[Struct], fields: tuple[inspect.Field, ...]) -> Rule:
    """Return the rule of an object that needs all of its fields."""
    rules = {field.name: rule_of(field.type) for field in fields}

    def read(value: object) -> Struct:
        if not isinstance(value, dict) or not rules.keys() <= value.keys():
            raise ValueError(f"must be an object with {' and '.join(rules)}")
        members = {}
        for name, rule in rules.items():
            try:
                members[name] = rule(value[name])
            except ValueError as error:
                raise ValueError(f"is wrong: {name} {error}") from None
        return schema(**members)

    return read


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError("must be true or false")


def _integer(value: object, *, smallest: int, largest: int) -> int:
    if isinstance(value, str) and len(value) <= len(str(largest)) and _DIGITS.fullmatch(value):
        value = int(value)
    if type(value) is int and smallest <= value <= largest:
        return value
    raise ValueError(f"must be a whole number from {smallest} to {largest}")


def _text(value: object, *, longest: int) -> str:
    # msgspec has refused lone surrogates by now: to it they are not JSON.
    if isinstance(value, str) and 0 < len(value) <= longest and "\0" not in value:
        return value
    raise ValueError(f"must be text of 1 to {longest} characters without NUL")


def _line(value: object, *, longest: int) -> str:
    text = _text(value, longest=longest)
    if is_one_line(text):
        return text
    raise ValueError("must be printable text on one line")


def _any_text(value: object, *, longest: int | None) -> str:
    """Return any text, such as that of another shop's QR code."""
    if isinstance(value, str) and (longest is None or len(value) <= longest):
        return value
    raise ValueError("must be text" + (f" of at most {longest} characters" if longest else ""))


def _literal(value: object, *, only: str) -> str:
    if value == only:
        return only
    raise ValueError(f"must be {only}")


def _choice(value: object, choices: Mapping[str, object]) -> object:
    if isinstance(value, str) and value in choices:
        return choices[value]
    raise ValueError(f"must be one of {', '.join(choices)}")


def _converted(value: object, kind: Any, *, what: str) -> object:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        raise ValueError(f"must be {what}") from None


def _list(value: object, *, fewest: int, most: int) -> object:
    if isinstance(value, list) and fewest <= len(value) <= most:
        return value
    raise ValueError(f"must be a list of {fewest} to {most} entries")
