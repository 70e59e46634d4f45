"""Turns every error into one form of answer: ``application/problem+json`` (RFC 9457)."""

import logging
import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import uuid4

import msgspec
from flask import Flask, Response, request
from msgspec import UNSET, Meta, Struct, UnsetType
from werkzeug.exceptions import HTTPException

from ticketing_core.errors import TicketingError
from ticketing_service.http.refusals import (
    ERRORS,
    AnyError,
    BadRequest,
    BodyTooLarge,
    FieldProblem,
    InternalError,
    MethodNotAllowed,
    NotFound,
    RequestRefused,
    meaning_of,
    status_of,
)
from ticketing_service.http.shapes import Instant

logger = logging.getLogger(__name__)

_encode = msgspec.json.Encoder().encode

_OF_FLASK = {error.status: error for error in (NotFound, MethodNotAllowed, BodyTooLarge)}
"""What Flask itself refuses; anything else it finds wrong is a `BadRequest`."""


class Problem(Struct, kw_only=True):
    """Why the request did not succeed (RFC 9457)."""

    type: Literal["about:blank"] = "about:blank"
    title: str
    status: int
    detail: Annotated[str, Meta(description="Plain English, fit to be shown.")]
    code: Annotated[
        str,
        Meta(
            description="For programs; the list is closed.",
            extra_json_schema={"enum": list(ERRORS)},
        ),
    ]
    retryable: Annotated[bool, Meta(description="Whether the same request may succeed later.")]
    errors: list[FieldProblem] | UnsetType = UNSET
    places_left: int | UnsetType = UNSET
    limit: int | UnsetType = UNSET
    kept: Annotated[int | UnsetType, Meta(description="Places the buyer has.")] = UNSET
    ticket_id: Annotated[int | None, Meta(description="The buyer's open ticket.")] | UnsetType = (
        UNSET
    )
    checkout_url: Annotated[str | None, Meta(description="Where to pay it.")] | UnsetType = UNSET
    opens_at: Instant | UnsetType = UNSET
    gateway_code: str | UnsetType = UNSET
    incident: str | UnsetType = UNSET


_MEMBERS = [
    field.name
    for field in msgspec.structs.fields(Problem)
    if field.default is UNSET and field.name != "errors"
]


def answer_problems(app: Flask) -> None:
    """Answer all errors of ``app`` as problems."""
    app.register_error_handler(TicketingError, problem_of)
    app.register_error_handler(RequestRefused, _of_request)
    app.register_error_handler(HTTPException, _of_flask)
    app.register_error_handler(Exception, _of_bug)


def problem_of(error: TicketingError) -> Response:
    """Return the answer to an error of a use case. Its members are the error's attributes."""
    members = {name: getattr(error, name, UNSET) for name in _MEMBERS}
    response = _answer(type(error), error.detail, retryable=error.retryable, members=members)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(math.ceil(error.retry_after.total_seconds()))
    return response


def _of_request(error: RequestRefused) -> Response:
    members = {"errors": list(error.errors)} if error.errors else {}
    return _answer(
        type(error),
        error.detail,
        retryable=error.retryable,
        headers=error.headers,
        members=members,
    )


def _of_flask(error: HTTPException) -> Response:
    kind = next((kind for status, kind in _OF_FLASK.items() if status == error.code), BadRequest)
    # `Allow` comes with 405; the type and the text are ours.
    headers = {name: text for name, text in error.get_headers() if name != "Content-Type"}
    return _answer(kind, meaning_of(kind), headers=headers)


def _of_bug(error: Exception) -> Response:
    incident = uuid4().hex
    logger.error("incident %s at %s %s", incident, request.method, request.path, exc_info=error)
    detail = f"Something went wrong on our side. Incident {incident}."
    return _answer(InternalError, detail, members={"incident": incident})


def _answer(
    error: AnyError,
    detail: str,
    *,
    retryable: bool = False,
    headers: Mapping[str, str] | None = None,
    members: Mapping[str, Any] | None = None,
) -> Response:
    status = status_of(error)
    problem = Problem(
        title=status.phrase,
        status=status,
        detail=detail,
        code=error.code,
        retryable=retryable,
        **(members or {}),
    )
    return Response(
        _encode(problem), status=status, headers=headers, mimetype="application/problem+json"
    )
