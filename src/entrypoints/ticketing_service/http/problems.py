"""Turns every error into one form of response: ``application/problem+json`` (RFC 9457)."""

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
    BadRequest,
    BodyTooLarge,
    FieldProblem,
    InternalError,
    MethodNotAllowed,
    NotFound,
    RequestRefused,
    status_of,
)
from ticketing_service.http.schemas import Instant

logger = logging.getLogger(__name__)

_encode = msgspec.json.Encoder().encode


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


_MEMBERS = [name for name in Problem.__struct_fields__ if name not in {"type", "title", "status"}]
"""What a problem takes from the error: the attributes of the same names."""


def answer_problems(app: Flask) -> None:
    """Make ``app`` respond to every error with a problem."""
    app.register_error_handler(TicketingError, problem_of)
    app.register_error_handler(RequestRefused, problem_of)
    app.register_error_handler(HTTPException, _refused_by_flask)
    app.register_error_handler(Exception, _bug)


def problem_of(error: TicketingError | RequestRefused) -> Response:
    """Return the response to an error. Its members are the error's attributes."""
    status = status_of(type(error))
    members: dict[str, Any] = {name: getattr(error, name, UNSET) for name in _MEMBERS}
    headers = dict(error.headers) if isinstance(error, RequestRefused) else {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(math.ceil(error.retry_after.total_seconds()))
    return Response(
        _encode(Problem(title=status.phrase, status=status, **members)),
        status=status,
        headers=headers,
        mimetype="application/problem+json",
    )


_BY_FLASK: Mapping[int | None, type[RequestRefused]] = {
    status_of(error): error for error in (NotFound, MethodNotAllowed, BodyTooLarge)
}
"""What Flask itself refuses. Anything else that it finds wrong is a `BadRequest`."""


def _refused_by_flask(error: HTTPException) -> Response:
    # `Allow` comes with 405. The type and the text are those of problems.
    headers = {name: text for name, text in error.get_headers() if name != "Content-Type"}
    return problem_of(_BY_FLASK.get(error.code, BadRequest)(headers=headers))


def _bug(error: Exception) -> Response:
    incident = uuid4().hex
    logger.error("incident %s at %s %s", incident, request.method, request.path, exc_info=error)
    return problem_of(InternalError(incident))
