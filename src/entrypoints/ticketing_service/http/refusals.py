"""Why a request is refused before a use case is called, and the closed list of all error codes.

As in `ticketing_core.errors`, a code on the wire is the name of its class in snake case.
"""

import inspect
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import ClassVar

from msgspec import Struct

from ticketing_core import errors


class FieldProblem(Struct):
    """One thing wrong with one field."""

    field: str
    detail: str


class RequestRefused(Exception):
    """The request was refused before a use case was called.

    Attributes:
        detail: The reason in plain English.
        errors: Each bad field.
        retryable: Whether the same request may succeed later.
        headers: Headers that the answer has to carry.
    """

    code: ClassVar[str]
    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.code = errors.code_of(cls)

    def __init__(
        self,
        detail: str,
        *,
        errors: Sequence[FieldProblem] = (),
        retryable: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.retryable = retryable
        self.headers = headers or {}


class BadRequest(RequestRefused):
    """The request cannot be understood."""


class MalformedJson(RequestRefused):
    """The body is missing or is not JSON."""


class InvalidInput(RequestRefused):
    """`errors` names each bad field and says why."""


class TokenMissing(RequestRefused):
    """There is no access token."""

    status = HTTPStatus.UNAUTHORIZED


class TokenExpired(RequestRefused):
    """The access token has expired."""

    status = HTTPStatus.UNAUTHORIZED


class TokenInvalid(RequestRefused):
    """The access token is not valid."""

    status = HTTPStatus.UNAUTHORIZED


class NotFound(RequestRefused):
    """There is nothing at this address."""

    status = HTTPStatus.NOT_FOUND


class MethodNotAllowed(RequestRefused):
    """This address does not take this method."""

    status = HTTPStatus.METHOD_NOT_ALLOWED


class BodyTooLarge(RequestRefused):
    """The body is larger than 64 KiB."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class UnsupportedMediaType(RequestRefused):
    """The body is not announced as JSON."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class RoleMissing(RequestRefused):
    """The caller's token lacks a role."""

    status = HTTPStatus.FORBIDDEN


class NoQrCode(RequestRefused):
    """Only an issued ticket has a QR code."""


class BadNotification(RequestRefused):
    """The signature or the body is not the provider's."""


class NotReady(RequestRefused):
    """The service cannot sell; `detail` says why."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class InternalError(RequestRefused):
    """A bug; `incident` finds it in the log."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR


AnyError = type[RequestRefused] | type[errors.TicketingError]

_STATUSES: Mapping[type[errors.TicketingError], HTTPStatus] = {
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.NotYourTicket: HTTPStatus.FORBIDDEN,
    errors.IdempotencyKeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.PurchaseInProgress: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""Of parts of the tree; everything else is a 400, as the payment API has it."""


def status_of(error: AnyError) -> HTTPStatus:
    """Return the status of every answer with this error."""
    if issubclass(error, RequestRefused):
        return error.status
    parts = (status for part, status in _STATUSES.items() if issubclass(error, part))
    return next(parts, HTTPStatus.BAD_REQUEST)


def meaning_of(error: AnyError) -> str:
    """Return what the error means, for readers of the API: its docstring without the attributes."""
    text = inspect.cleandoc(error.__doc__ or "").partition("\n\nAttributes:")[0]
    return " ".join(text.split())


_ALL: Sequence[AnyError] = [*RequestRefused.__subclasses__(), *errors.leaves()]

ERRORS: Mapping[str, AnyError] = MappingProxyType({error.code: error for error in _ALL})
"""Every error by the ``code`` of its answer. New ones may join; none changes its meaning."""
