"""Parses requests into the types of `schemas`, and serializes responses.

msgspec alone would accept ``10.0`` for 10 and report only the first mistake, so the fields are
checked here, against the bounds in their types.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec
from flask import Response, request
from msgspec import UNSET, Struct, inspect
from werkzeug.exceptions import RequestEntityTooLarge

from ticketing_core.ticket import LONGEST_KEY
from ticketing_service.http import service_errors
from ticketing_service.http.responses import Protected
from ticketing_service.http.rules import is_list, rule_of

LARGEST_BODY = 64 * 1024
"""Bytes. No request of this API comes near, and reading so much costs nothing."""

LARGEST_NOTIFICATION = 1024 * 1024
"""Bytes. An event about a dispute holds its evidence, of up to 150,000 characters
(docs.stripe.com/api/disputes/update), and JSON may write one with six bytes."""

IDEMPOTENCY_KEY = "Idempotency-Key"

Schema = TypeVar("Schema", bound=Struct)
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
_value = msgspec.json.Decoder().decode
_UNREADABLE = object()
_encode = msgspec.json.Encoder().encode


def json_response(body: Struct) -> Response:
    """Return a success with this body."""
    return Protected(_encode(body), mimetype="application/json")


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
        self._fields = [(each.name, rule_of(each.type), each.required) for each in declared.fields]
        self._lists = {each.name for each in declared.fields if is_list(each.type)}

    def body(self) -> Schema:
        """Parse the body of the current request. Unknown fields are ignored.

        The items of a list are left as `Raw`, for the reader of their schema: one that is wrong
        shall not spoil the others.

        Raises:
            ServiceError: It is not a JSON object, or fields are missing or wrong; all are named.
        """
        return self._of(_object())

    def item(self, raw: msgspec.Raw) -> Schema:
        """Parse an item of a list.

        Raises:
            InvalidInput: It is not an object, or fields are missing or wrong; all are named.
        """
        try:
            members = _members(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise service_errors.InvalidInput(detail="must be a JSON object.") from None
        return self._of(members)

    def _of(self, members: dict[str, msgspec.Raw]) -> Schema:
        def member(name: str) -> object:
            if name not in members:
                return UNSET
            return _decoded(members[name], _items if name in self._lists else _value)

        return self._read(member)

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


def _decoded(member: msgspec.Raw, decode: Callable[[msgspec.Raw], object]) -> object:
    """Return the value of a member, or what no field accepts if it cannot be decoded.

    A number beyond all bounds is a mistake in one field, not in the body.
    """
    try:
        return decode(member)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _UNREADABLE
