"""Turns every error into one form of answer: ``application/problem+json`` (RFC 9457)."""

import logging
import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import msgspec
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from ticketing_core.errors import (
    NotEnoughPlaces,
    OverBuyerLimit,
    OverOrderLimit,
    PaymentRefused,
    SaleNotOpen,
    TicketingError,
)
from ticketing_service.http.error_codes import ERROR_CODES
from ticketing_service.http.shapes import FieldProblem, Problem

logger = logging.getLogger(__name__)

_encode = msgspec.json.Encoder().encode

_CODE_OF_STATUS: Mapping[int | None, str] = {
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "body_too_large",
}
"""What Flask itself refuses; everything else it finds wrong is a ``bad_request``."""


class RequestRefused(Exception):
    """The request was refused before a use case was asked.

    Attributes:
        code: One of `ERROR_CODES`.
        detail: The reason in plain English.
        errors: Each bad field.
        retryable: Whether the same request may succeed later.
        headers: Headers that the answer has to carry.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        errors: Sequence[FieldProblem] = (),
        retryable: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.errors = errors
        self.retryable = retryable
        self.headers = headers or {}


def answer_problems(app: Flask) -> None:
    """Answer all errors of ``app`` as problems."""
    app.register_error_handler(TicketingError, _of_use_case)
    app.register_error_handler(RequestRefused, refusal)
    app.register_error_handler(HTTPException, _of_flask)
    app.register_error_handler(Exception, _of_bug)


def _of_use_case(error: TicketingError) -> Response:
    return _answer(
        error.code,
        error.detail,
        retryable=error.retryable,
        retry_after=error.retry_after,
        members=_members(error),
    )


def _members(error: TicketingError) -> Mapping[str, Any]:
    """What a frontend can act on, beyond the words."""
    match error:
        case NotEnoughPlaces():
            return {"places_left": error.places_left}
        case OverOrderLimit():
            return {"limit": error.limit}
        case OverBuyerLimit():
            return {
                "limit": error.limit,
                "kept": error.kept,
                "ticket_id": error.ticket_id,
                "checkout_url": error.checkout_url,
            }
        case SaleNotOpen():
            return {"opens_at": error.opens_at}
        case PaymentRefused():
            return {"gateway_code": error.gateway_code}
        case _:
            return {}


def refusal(error: RequestRefused) -> Response:
    """The answer to a request that was refused."""
    return _answer(
        error.code,
        error.detail,
        retryable=error.retryable,
        headers=error.headers,
        members={"errors": list(error.errors)} if error.errors else {},
    )


def _of_flask(error: HTTPException) -> Response:
    code = _CODE_OF_STATUS.get(error.code, "bad_request")
    detail = ERROR_CODES[code].meaning
    # `Allow` comes with 405; the type and the text are ours.
    headers = {name: text for name, text in error.get_headers() if name != "Content-Type"}
    return _answer(code, detail, headers=headers)


def _of_bug(error: Exception) -> Response:
    incident = uuid4().hex
    logger.error("incident %s at %s %s", incident, request.method, request.path, exc_info=error)
    return _answer(
        "internal_error",
        f"Something went wrong on our side. Incident {incident}.",
        members={"incident": incident},
    )


def _answer(
    code: str,
    detail: str,
    *,
    retryable: bool = False,
    retry_after: timedelta | None = None,
    headers: Mapping[str, str] | None = None,
    members: Mapping[str, Any] | None = None,
) -> Response:
    status = ERROR_CODES[code].status
    problem = Problem(
        title=status.phrase,
        status=status,
        detail=detail,
        code=code,
        retryable=retryable,
        **(members or {}),
    )
    answer = Response(
        _encode(problem), status=status, headers=headers, mimetype="application/problem+json"
    )
    if retry_after is not None:
        answer.headers["Retry-After"] = str(math.ceil(retry_after.total_seconds()))
    return answer
