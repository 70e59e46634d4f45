"""Errors in Stripe's own words: what the API answers instead of an object."""

from typing import Any

from attrs import field, frozen
from attrs.validators import instance_of

Json = dict[str, Any]


@frozen
class Refusal:
    """The status and the `error` object of an answer that is no success.

    The fields are those of docs.stripe.com/api/errors; absent ones are left out of the body.
    """

    status: int = field(validator=instance_of(int))
    message: str
    type: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    decline_code: str | None = None

    def body(self) -> Json:
        """Return the JSON body that Stripe would send."""
        fields = {
            "code": self.code,
            "decline_code": self.decline_code,
            "doc_url": self.code and f"https://docs.stripe.com/error-codes#{self.code}",
            "message": self.message,
            "param": self.param,
            "type": self.type,
        }
        return {"error": {name: value for name, value in fields.items() if value is not None}}


class Refused(Exception):
    """The API call is refused; `refusal` says what the caller is told.

    `saved` tells whether an idempotency key keeps this answer: Stripe saves what an endpoint
    answered once it began to work, and never a failed validation
    (docs.stripe.com/api/idempotent_requests).
    """

    def __init__(self, refusal: Refusal, *, saved: bool = True) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal
        self.saved = saved


def invalid(message: str, *, param: str | None = None, code: str | None = None) -> Refused:
    """Return the refusal of a parameter: nothing was done, and no key keeps the answer."""
    return Refused(Refusal(status=400, message=message, param=param, code=code), saved=False)


def missing_object(*, kind: str, object_id: str, param: str) -> Refused:
    """Return the refusal of an id that names no object of this kind."""
    return Refused(
        Refusal(
            status=404,
            message=f"No such {kind}: '{object_id}'",
            code="resource_missing",
            param=param,
        ),
        saved=False,
    )


def wrong_state(message: str, *, code: str | None = None) -> Refused:
    """Return the refusal of a step that the object's state does not allow."""
    return Refused(Refusal(status=400, message=message, code=code))
