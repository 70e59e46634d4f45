"""Stripe's error object, and the exception by which a call is refused with one."""

from typing import Any

from attrs import asdict, field, frozen
from attrs.validators import instance_of

Json = dict[str, Any]


@frozen
class Refusal:
    """The HTTP status and the `error` object of a failed call (docs.stripe.com/api/errors).

    `limited_by` goes into a header of its own (docs.stripe.com/rate-limits).
    """

    status: int = field(validator=instance_of(int))
    message: str
    type: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    decline_code: str | None = None
    limited_by: str | None = None

    def body(self) -> Json:
        """Return the JSON body that Stripe would send; fields without a value are left out."""
        fields = asdict(self)
        del fields["status"], fields["limited_by"]
        if self.code:
            fields["doc_url"] = f"https://docs.stripe.com/error-codes#{self.code}"
        return {"error": {name: value for name, value in fields.items() if value is not None}}


class Refused(Exception):
    """The call is refused. `refusal` is the response.

    `saved` is whether the idempotency key keeps this response. Stripe saves the response of an
    endpoint that began to work, and never a failed validation
    (docs.stripe.com/api/idempotent_requests).
    """

    def __init__(self, refusal: Refusal, *, saved: bool = True) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal
        self.saved = saved


def invalid(message: str, *, param: str | None = None, code: str | None = None) -> Refused:
    """Return the refusal of a parameter. Nothing was done, and no key saves it."""
    return Refused(Refusal(status=400, message=message, param=param, code=code), saved=False)


def missing_object(*, object_type: str, object_id: str, param: str) -> Refused:
    """Return the refusal of an id that no object of this type has."""
    message = f"No such {object_type}: '{object_id}'"
    refusal = Refusal(status=404, message=message, code="resource_missing", param=param)
    return Refused(refusal, saved=False)


def wrong_state(message: str, *, code: str | None = None) -> Refused:
    """Return the refusal of a step that the state of the object does not allow."""
    return Refused(Refusal(status=400, message=message, code=code))
