"""The errors of the service itself, beside those of use cases.

As in `ticketing_core.errors`, a code on the wire is the name of its class in snake case.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

from msgspec import UNSET, Struct

from ticketing_core import errors


class FieldProblem(Struct):
    """One thing wrong with one field."""

    field: str
    detail: str


class ServiceError(Exception):
    """An error of the service itself, not of a use case.

    Attributes:
        detail: The reason in plain English; by default, the `_text` of the class.
        retryable: Whether the same request may succeed later.
        retry_after: How long to wait before that, if it is known.
        headers: Further headers of the response.
    """

    code: ClassVar[str]
    _text: ClassVar[str] = ""
    retryable: ClassVar[bool] = False
    retry_after: ClassVar[timedelta | None] = None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.code = errors.code_of(cls)

    def __init__(self, detail: str = "", *, headers: Mapping[str, str] | None = None) -> None:
        self.detail = detail or self._text
        super().__init__(self.detail)
        self.headers = headers or {}


class BadRequest(ServiceError):
    """The request cannot be understood."""

    _text = "The request cannot be understood."


class MalformedJson(ServiceError):
    """The body is missing or is not JSON."""

    _text = "The body is missing or is not JSON."


class InvalidInput(ServiceError):
    """`errors` names each bad field and says why."""

    def __init__(self, *errors: FieldProblem, detail: str = "") -> None:
        in_words = "; ".join(f"{each.field} {each.detail}" for each in errors)
        super().__init__(detail or f"{in_words}.")
        self.errors = errors or UNSET


class TokenMissing(ServiceError):
    """There is no access token."""

    _text = "There is no access token."


class TokenExpired(ServiceError):
    """The access token has expired."""

    _text = "The access token has expired."


class TokenInvalid(ServiceError):
    """The access token is not valid."""

    _text = "The access token is not valid."


class NotFound(ServiceError):
    """There is nothing at this address."""

    _text = "There is nothing at this address."


class MethodNotAllowed(ServiceError):
    """This address does not take this method."""

    _text = "This address does not take this method."


class BodyTooLarge(ServiceError):
    """The body is larger than 64 KiB, or than 1 MiB at the webhook."""

    _text = "The body is larger than 64 KiB, or than 1 MiB at the webhook."


class BodyStalled(ServiceError):
    """The body did not arrive in time."""

    _text = "The body did not arrive within five seconds. Please send the request again."
    retryable = True


class BodyCutShort(ServiceError):
    """The connection ended before the body did."""

    _text = "The connection ended before the body did."


class UnsupportedMediaType(ServiceError):
    """The body is not declared as JSON."""

    _text = "The body is not declared as JSON."


class RoleMissing(ServiceError):
    """The caller's token lacks a role."""

    _text = "The caller's token lacks a role."


class NoQrCode(ServiceError):
    """Only an issued ticket has a QR code."""

    _text = "Only an issued ticket has a QR code."


class BadNotification(ServiceError):
    """The signature or the body is not the payment provider's."""

    _text = "The signature or the body is not the payment provider's."


class TooManyRequests(ServiceError):
    """The buyer has called too often; nothing has changed."""

    _text = "You have sent too many requests; nothing has changed. Please wait a moment."
    retryable = True
    retry_after = timedelta(seconds=1)


class InternalError(ServiceError):
    """A bug; `incident` identifies it in the log."""

    def __init__(self, incident: str) -> None:
        super().__init__(f"Something went wrong on our side. Incident {incident}.")
        self.incident = incident
