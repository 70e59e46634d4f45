"""Parses requests into the types of `schemas`, and serializes responses.

msgspec alone would accept ``10.0`` for 10 and report only the first mistake, so the fields are
checked here, against the bounds in their types.
"""

import re
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec
from flask import Response, request
from msgspec import UNSET, Struct, inspect
from werkzeug.exceptions import RequestEntityTooLarge

from ticketing_core.ticket import LONGEST_KEY
from ticketing_service.http import service_errors

LARGEST_BODY = 64 * 1024
"""Bytes. No request of this API comes near, and reading so much costs nothing."""

LARGEST_NOTIFICATION = 1024 * 1024
"""Bytes. An event about a dispute holds its evidence, of up to 150,000 characters
(docs.stripe.com/api/disputes/update), and JSON may write one with six bytes."""

IDEMPOTENCY_KEY = "Idempotency-Key"

Schema = TypeVar("Schema", bound=Struct)
Rule = Callable[[object], object]

_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_value = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode

_DIGITS = re.compile("[1-9][0-9]*")
"""No leading zero, sign or blank, and only ASCII (``[0-9]``, not ``\\d``)."""


def json_response(body: Struct) -> Response:
    """Return a success with this body."""
    return Response(_encode(body), mimetype="application/json")


def idempotency_key() -> str | None:
    """Return the idempotency key of the current request, if it has one.

    Raises:
        InvalidInput: The header is not a key.
    """
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is None or (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        return key
    detail = f"must be 1 to {LONGEST_KEY} printable ASCII characters"
    raise service_errors.InvalidInput(
        service_errors.FieldProblem(field=IDEMPOTENCY_KEY, detail=detail)
    )


class Reader(Generic[Schema]):
    """Reads one kind of request. Make it once: building the rules is expensive."""

    def __init__(self, schema: type[Schema]) -> None:
        self._schema = schema
        declared = inspect.type_info(schema)
        assert isinstance(declared, inspect.StructType)  # noqa: S101 - `Schema` is a Struct
        self._fields = [(each.name, _rule(each.type), each.required) for each in declared.fields]

    def body(self) -> Schema:
        """Parse the body of the current request. Unknown fields are ignored.

        Raises:
            ServiceError: It is not a JSON object, or fields are missing or wrong; all are named.
        """
        members = _object()
        return self._read(lambda name: _decoded(members[name]) if name in members else UNSET)

    def query(self) -> Schema:
        """Parse the query of the current request.

        Raises:
            InvalidInput: Fields are wrong, and all of them are named; or the query is not text.
        """
        try:
            sent = request.args
        except UnicodeDecodeError:
            # Some servers hand on bytes that are not percent-encoded.
            detail = "The query must be percent-encoded UTF-8."
            raise service_errors.InvalidInput(detail=detail) from None
        return self._read(lambda name: sent.get(name, UNSET))

    def _read(self, member: Callable[[str], object]) -> Schema:
        values: dict[str, Any] = {}
        errors: list[service_errors.FieldProblem] = []
        for name, rule, required in self._fields:
            value = member(name)
            if value is UNSET:
                if required:
                    errors.append(service_errors.FieldProblem(field=name, detail="is missing"))
                continue
            try:
                values[name] = rule(value)
            except ValueError as error:
                errors.append(service_errors.FieldProblem(field=name, detail=str(error)))
        if errors:
            raise service_errors.InvalidInput(*errors)
        return self._schema(**values)


def raw_body(largest: int = LARGEST_BODY, *, keep: bool = False) -> bytes:
    """Return the body of the current request as it was sent.

    Args:
        largest: How many bytes it may have.
        keep: Whether it can be read again.

    Raises:
        RequestEntityTooLarge: It has more than ``largest`` bytes.
        BodyCutShort: The connection ended before it did.
    """
    # One byte more: werkzeug cuts a chunked body there without an error.
    request.max_content_length = largest + 1
    body = request.get_data(cache=keep)
    # Flask refuses a larger body by its Content-Length. A chunked body has none and is cut off.
    if len(body) > largest:
        raise RequestEntityTooLarge
    if len(body) < (request.content_length or 0):
        raise service_errors.BodyCutShort
    return body


def _object() -> dict[str, msgspec.Raw]:
    text = raw_body(keep=True)
    if not text:
        raise service_errors.MalformedJson("The request has no body. Send a JSON object.")
    if not request.is_json:
        raise service_errors.UnsupportedMediaType(
            "Send the body as `Content-Type: application/json`."
        )
    try:
        return _members(text)
    except msgspec.ValidationError:
        raise service_errors.InvalidInput(detail="The body must be a JSON object.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise service_errors.MalformedJson(f"The body is not JSON: {error}.") from None
    except RecursionError:
        raise service_errors.MalformedJson("The body is nested too deeply.") from None


def _decoded(member: msgspec.Raw) -> object:
    """Return the value of a member, or None, which no field accepts, if it cannot be decoded.

    A number beyond all bounds is a mistake in one field, not in the body.
    """
    try:
        return _value(member)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _rule(declared: inspect.Type) -> Rule:
    match declared:
        case inspect.Metadata(type=inner):
            return _rule(inner)
        case inspect.BoolType():
            return _boolean
        case inspect.IntType(ge=int(smallest), le=int(largest)):
            return lambda value: _integer(value, smallest=smallest, largest=largest)
        case inspect.StrType(max_length=int(longest)):
            return lambda value: _text(value, longest=longest)
        case _:
            raise TypeError(f"no rule reads {declared}")


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
