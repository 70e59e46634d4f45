"""Why a request is refused before a use case is called, and the closed list of all error codes.

As in `ticketing_core.errors`, a code on the wire is the name of its class in snake case.
"""

import inspect
from collections.abc import Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import ClassVar

from msgspec import UNSET, Struct

from ticketing_core import errors


class FieldProblem(Struct):
    """One thing wrong with one field."""

    field: str
    detail: str


class RequestRefused(Exception):
    """The request was refused before a use case was called.

    Attributes:
        detail: The reason in plain English; by default, the meaning of the class.
        retryable: Whether the same request may succeed later.
        headers: Further headers of the response.
    """

    code: ClassVar[str]
    retry_after: ClassVar[timedelta | None] = None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.code = errors.code_of(cls)

    def __init__(
        self,
        detail: str = "",
        *,
        retryable: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.detail = detail or meaning_of(type(self))
        super().__init__(self.detail)
        self.retryable = retryable
        self.headers = headers or {}


class BadRequest(RequestRefused):
    """The request cannot be understood."""


class MalformedJson(RequestRefused):
    """The body is missing or is not JSON."""


class InvalidInput(RequestRefused):
    """`errors` names each bad field and says why."""

    def __init__(self, *errors: FieldProblem, detail: str = "") -> None:
        in_words = "; ".join(f"{each.field} {each.detail}" for each in errors)
        super().__init__(detail or f"{in_words}.")
        self.errors = errors or UNSET


class TokenMissing(RequestRefused):
    """There is no access token."""


class TokenExpired(RequestRefused):
    """The access token has expired."""


class TokenInvalid(RequestRefused):
    """The access token is not valid."""


class NotFound(RequestRefused):
    """There is nothing at this address."""


class MethodNotAllowed(RequestRefused):
    """This address does not take this method."""


class BodyTooLarge(RequestRefused):
    """The body is larger than 64 KiB."""


class UnsupportedMediaType(RequestRefused):
    """The body is not declared as JSON."""


class RoleMissing(RequestRefused):
    """The caller's token lacks a role."""


class NoQrCode(RequestRefused):
    """Only an issued ticket has a QR code."""


class BadNotification(RequestRefused):
    """The signature or the body is not the payment provider's."""


class NotReady(RequestRefused):
    """The service cannot sell; `detail` says why."""


class InternalError(RequestRefused):
    """A bug; `incident` identifies it in the log."""

    def __init__(self, incident: str) -> None:
        super().__init__(f"Something went wrong on our side. Incident {incident}.")
        self.incident = incident


AnyError = type[RequestRefused] | type[errors.TicketingError]

_STATUSES: Mapping[HTTPStatus, Sequence[AnyError]] = {
    HTTPStatus.UNAUTHORIZED: [TokenMissing, TokenExpired, TokenInvalid],
    HTTPStatus.FORBIDDEN: [RoleMissing, errors.NotYourTicket],
    HTTPStatus.NOT_FOUND: [NotFound, errors.NotFound],
    HTTPStatus.METHOD_NOT_ALLOWED: [MethodNotAllowed],
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: [BodyTooLarge],
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: [UnsupportedMediaType],
    HTTPStatus.UNPROCESSABLE_ENTITY: [errors.IdempotencyKeyReused],
    HTTPStatus.INTERNAL_SERVER_ERROR: [InternalError],
    HTTPStatus.SERVICE_UNAVAILABLE: [NotReady, errors.PurchaseInProgress, errors.Unavailable],
}
"""Which errors, with all below them, have which status. Any other is a 400, as the payment API has
it."""


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


_ALL: Sequence[AnyError] = [*RequestRefused.__subclasses__(), *errors.leaves()]

ERRORS: Mapping[str, AnyError] = MappingProxyType({error.code: error for error in _ALL})
"""Every error by its ``code``. New ones may be added; none changes its meaning."""
