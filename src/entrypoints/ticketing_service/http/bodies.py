"""Reads requests into the types of `shapes`, and writes answers from them.

msgspec alone would take ``10.0`` for 10 and tell only the first mistake, so the fields are
checked here, by the bounds that the types carry.
"""

import re
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec
from flask import Response, request
from msgspec import UNSET, Struct, inspect
from werkzeug.exceptions import RequestEntityTooLarge

from ticketing_core.ticket import LONGEST_KEY
from ticketing_service.http.refusals import (
    FieldProblem,
    InvalidInput,
    MalformedJson,
    UnsupportedMediaType,
)

LARGEST_BODY = 64 * 1024
"""Bytes. No request of this API comes near, and reading so much costs nothing."""

DIGITS = re.compile("[1-9][0-9]*")
"""No leading zero, no sign, no blank, and only ASCII (``[0-9]``, not ``\\d``)."""

Shape = TypeVar("Shape", bound=Struct)
Rule = Callable[[object], object]

_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_value = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def answer(body: Struct) -> Response:
    """A success with this body."""
    return Response(_encode(body), mimetype="application/json")


IDEMPOTENCY_KEY = "Idempotency-Key"


def idempotency_key() -> str | None:
    """The key that the current request's caller has given it, if he has.

    Raises:
        RequestRefused: It is no key.
    """
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is None or (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        return key
    detail = f"must be 1 to {LONGEST_KEY} printable ASCII characters"
    raise InvalidInput(
        f"{IDEMPOTENCY_KEY} {detail}.",
        errors=[FieldProblem(field=IDEMPOTENCY_KEY, detail=detail)],
    )


class Reader(Generic[Shape]):
    """Reads one kind of request. Made once, for the work is in finding the rules.

    Args:
        shape: What to read.
    """

    def __init__(self, shape: type[Shape]) -> None:
        self._shape = shape
        declared = inspect.type_info(shape)
        if not isinstance(declared, inspect.StructType):
            raise TypeError(f"{shape} is no Struct")
        self._fields = [(each.name, _rule(each.type), each.required) for each in declared.fields]

    def body(self) -> Shape:
        """The body of the current request. Fields nobody knows are ignored.

        Raises:
            RequestRefused: It is no JSON object, or a field is missing or wrong; all are named.
        """
        members = _object()
        return self._read(lambda name: _decoded(members[name]) if name in members else UNSET)

    def query(self) -> Shape:
        """The query of the current request.

        Raises:
            RequestRefused: A field is wrong; all are named.
        """
        return self._read(lambda name: request.args.get(name, UNSET))

    def _read(self, sent: Callable[[str], object]) -> Shape:
        values: dict[str, Any] = {}
        errors: list[FieldProblem] = []
        for name, rule, required in self._fields:
            value = sent(name)
            if value is UNSET:
                if required:
                    errors.append(FieldProblem(field=name, detail="is missing"))
                continue
            try:
                values[name] = rule(value)
            except ValueError as error:
                errors.append(FieldProblem(field=name, detail=str(error)))
        if errors:
            told = "; ".join(f"{each.field} {each.detail}" for each in errors)
            raise InvalidInput(f"{told}.", errors=errors)
        return self._shape(**values)


def raw_body() -> bytes:
    """The body of the current request as it was sent.

    Raises:
        RequestEntityTooLarge: It has more than `LARGEST_BODY` bytes.
    """
    body = request.get_data(cache=False)
    # Flask refuses a longer one by the length it tells; one sent in chunks tells none, and is
    # cut off there.
    if len(body) > LARGEST_BODY:
        raise RequestEntityTooLarge
    return body


def _object() -> dict[str, msgspec.Raw]:
    text = raw_body()
    if not text:
        raise MalformedJson("The request has no body. Send a JSON object.")
    if not request.is_json:
        raise UnsupportedMediaType("Send the body as `Content-Type: application/json`.")
    try:
        return _members(text)
    except msgspec.ValidationError:
        raise InvalidInput("The body must be a JSON object.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedJson(f"The body is not JSON: {error}.") from None
    except RecursionError:
        raise MalformedJson("The body is nested too deeply.") from None


def _decoded(member: msgspec.Raw) -> object:
    """The value of one member; None, which no field takes, where it has none.

    A number beyond all bounds is the fault of one field, not of the body.
    """
    try:
        return _value(member)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _rule(declared: inspect.Type) -> Rule:
    match declared:
        case inspect.Metadata(type=inner):
            return _rule(inner)
        case inspect.IntType(ge=int(smallest), le=int(largest)):
            return lambda value: _integer(value, smallest=smallest, largest=largest)
        case inspect.StrType(max_length=int(longest)):
            return lambda value: _text(value, longest=longest)
        case _:
            raise TypeError(f"no rule reads {declared}")


def _integer(value: object, *, smallest: int, largest: int) -> int:
    if isinstance(value, str) and len(value) <= len(str(largest)) and DIGITS.fullmatch(value):
        value = int(value)
    if type(value) is int and smallest <= value <= largest:
        return value
    raise ValueError(f"must be a whole number from {smallest} to {largest}")


def _text(value: object, *, longest: int) -> str:
    # Lone surrogates do not get here: to msgspec they are no JSON.
    if isinstance(value, str) and 0 < len(value) <= longest and "\0" not in value:
        return value
    raise ValueError(f"must be text of 1 to {longest} characters without NUL")
