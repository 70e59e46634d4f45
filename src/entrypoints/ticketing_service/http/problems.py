"""The status of every error, and the form of the response to it: a problem (RFC 9457)."""

import inspect
import logging
import math
import random
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Annotated, Any, Literal
from uuid import uuid4

import msgspec
from flask import Flask, Response, has_request_context, request
from msgspec import UNSET, Meta, Struct, UnsetType
from werkzeug.exceptions import HTTPException, InternalServerError

from ticketing_core import Money, errors
from ticketing_service.http.responses import Protected
from ticketing_service.http.schemas import Amount, Instant
from ticketing_service.http.service_errors import (
    BadRequest,
    BodyStalled,
    BodyTooLarge,
    FieldProblem,
    InternalError,
    MethodNotAllowed,
    NotFound,
    RoleMissing,
    ServiceError,
    TokenExpired,
    TokenInvalid,
    TokenMissing,
    TooManyRequests,
    UnsupportedMediaType,
)
from ticketing_service.observing.counted import CountedWarnings
from ticketing_service.observing.requests import CODE

log = logging.getLogger(__name__)

_encode = msgspec.json.Encoder().encode


SPREAD = 1 / 3
"""The largest random part on top of the wait that many are told at once, so that they do not come
back at once."""

AnyError = type[ServiceError] | type[errors.TicketingError]

_STATUSES: Mapping[HTTPStatus, Sequence[AnyError]] = {
    HTTPStatus.UNAUTHORIZED: [TokenMissing, TokenExpired, TokenInvalid],
    HTTPStatus.FORBIDDEN: [RoleMissing, errors.NotYourTicket, errors.NotYourEvent],
    HTTPStatus.NOT_FOUND: [NotFound, errors.NotFound],
    HTTPStatus.CONFLICT: [errors.IdTaken, errors.NameTaken, errors.StaleVersion],
    HTTPStatus.METHOD_NOT_ALLOWED: [MethodNotAllowed],
    HTTPStatus.REQUEST_TIMEOUT: [BodyStalled],
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: [BodyTooLarge],
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: [UnsupportedMediaType],
    HTTPStatus.UNPROCESSABLE_ENTITY: [errors.IdempotencyKeyReused, errors.ScanIdReused],
    HTTPStatus.TOO_MANY_REQUESTS: [TooManyRequests],
    HTTPStatus.INTERNAL_SERVER_ERROR: [InternalError],
    HTTPStatus.SERVICE_UNAVAILABLE: [errors.PurchaseInProgress, errors.Unavailable],
}
"""Which errors, with all below them, have which status. Any other is a 400, as the payment API has
it."""

_TITLES = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Content Too Large",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Unprocessable Content",
}
"""The names of RFC 9110, which `HTTPStatus` has only from Python 3.13 on."""


def status_of(error: AnyError) -> HTTPStatus:
    """Return the status of every response with this error."""
    found = (status for status, kinds in _STATUSES.items() if issubclass(error, tuple(kinds)))
    return next(found, HTTPStatus.BAD_REQUEST)


def meaning_of(error: AnyError) -> str:
    """Return the error's docstring without its attributes, for readers of the API."""
    return on_one_line(inspect.cleandoc(error.__doc__ or "").partition("\n\nAttributes:")[0])


def on_one_line(text: str) -> str:
    """Return the text without line breaks, which some viewers of the document would keep."""
    return " ".join(text.split())


_ALL: Sequence[AnyError] = [*ServiceError.__subclasses__(), *errors.leaves()]

ERRORS: Mapping[str, AnyError] = MappingProxyType({error.code: error for error in _ALL})
"""Every error of this version by its ``code``. New ones may be added; none changes its meaning."""


class Problem(Struct, kw_only=True):
    """Why the request did not succeed (RFC 9457)."""

    type: Literal["about:blank"] = "about:blank"
    title: str
    status: int
    detail: Annotated[
        str,
        Meta(
            description="In English. Refusals of a purchase and states of a payment may be shown "
            "to buyers; mistakes of the program, such as `invalid_input`, are for its log."
        ),
    ]
    code: Annotated[
        str,
        Meta(
            description="For programs. These are all codes of this version; new ones may be added.",
            extra_json_schema={"enum": list(ERRORS)},
        ),
    ]
    retryable: Annotated[bool, Meta(description="Whether the same request may succeed later.")]
    errors: list[FieldProblem] | UnsetType = UNSET
    places_left: int | UnsetType = UNSET
    limit: int | UnsetType = UNSET
    kept: Annotated[
        int | UnsetType,
        Meta(description="Places that the buyer, or the event, has taken."),
    ] = UNSET
    unpaid: Annotated[
        bool | UnsetType,
        Meta(description="Of unpaid places: pay for the open orders or cancel them."),
    ] = UNSET
    version: Annotated[int | UnsetType, Meta(description="The event's present version.")] = UNSET
    tickets: Annotated[
        int | UnsetType | None,
        Meta(description="Issued tickets that a cancellation would void now."),
    ] = UNSET
    refund_total: Annotated[
        Amount | UnsetType | None, Meta(description="What a cancellation would give back now.")
    ] = UNSET
    ticket_id: Annotated[int | None, Meta(description="The buyer's open ticket.")] | UnsetType = (
        UNSET
    )
    checkout_url: Annotated[str | None, Meta(description="Where to pay it.")] | UnsetType = UNSET
    opens_at: Instant | UnsetType = UNSET
    gateway_code: str | UnsetType = UNSET
    incident: str | UnsetType = UNSET
    line_token: Annotated[
        str | UnsetType,
        Meta(description="Keeps the buyer's place in the line. Send it as `Line-Token`."),
    ] = UNSET


_MEMBERS = [name for name in Problem.__struct_fields__ if name not in {"type", "title", "status"}]
"""What a problem takes from the error: the attributes of the same names."""


def handle_errors(app: Flask) -> None:
    """Make ``app`` respond to every error with a problem."""
    failed = CountedWarnings(log, "requests failed because of the database")

    def without_database(error: errors.StoreUnavailable) -> Response:
        # The reason is for operators: it may name hosts and accounts.
        failed.add(error.reason)
        return problem_of(error)

    app.register_error_handler(errors.TicketingError, problem_of)
    app.register_error_handler(errors.StoreUnavailable, without_database)
    app.register_error_handler(ServiceError, problem_of)
    app.register_error_handler(HTTPException, _refused_by_flask)
    app.register_error_handler(Exception, _bug)


def problem_of(error: errors.TicketingError | ServiceError, **members: Any) -> Response:
    """Return the response to an error. Its members are the error's attributes, and ``members``."""
    body = body_of(error, **members)
    if has_request_context():
        request.environ[CODE] = error.code
    headers = dict(error.headers) if isinstance(error, ServiceError) else {}
    if error.retry_after is not None:
        wait = error.retry_after.total_seconds()
        if isinstance(error, errors.Overloaded):
            wait *= 1 + random.uniform(0, SPREAD)  # noqa: S311 - nothing to guess
        headers["Retry-After"] = str(math.ceil(wait))
    return Protected(
        _encode(body),
        status=body.status,
        headers=headers,
        mimetype="application/problem+json",
    )


def body_of(error: errors.TicketingError | ServiceError, **members: Any) -> Problem:
    """Return the body of the response to an error; see `problem_of`."""
    status = status_of(type(error))
    members = {name: _shown(getattr(error, name, UNSET)) for name in _MEMBERS} | members
    title = _TITLES.get(status, status.phrase)
    return Problem(title=title, status=status, **members)


def _shown(value: Any) -> Any:
    if isinstance(value, Money):
        return Amount(amount_minor=value.amount_minor, currency=value.currency)
    return value


_BY_FLASK: Mapping[int | None, type[ServiceError]] = {
    status_of(error): error for error in (NotFound, MethodNotAllowed, BodyTooLarge)
}
"""What Flask itself refuses. Anything else that it finds wrong is a `BadRequest`."""


def _refused_by_flask(error: HTTPException) -> Response:
    if isinstance(error, InternalServerError) and error.original_exception is not None:
        # A bug outside of the views, such as in routing, comes here in Flask's wrapping.
        return _bug(error.original_exception)
    # `Allow` comes with 405. The type and the text are those of problems.
    headers = {name: text for name, text in error.get_headers() if name != "Content-Type"}
    return problem_of(_BY_FLASK.get(error.code, BadRequest)(headers=headers))


def _bug(error: BaseException) -> Response:
    incident = uuid4().hex
    log.error("incident %s at %s %s", incident, request.method, request.path, exc_info=error)
    return problem_of(InternalError(incident))
