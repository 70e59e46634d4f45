"""Failures of API calls, planned by a test or a developer."""

from fnmatch import fnmatchcase

from attrs import field, frozen
from attrs.validators import ge, instance_of

from ticketing_service.sandbox.refusals import Refusal


@frozen
class Fault:
    """What goes wrong with the next `times` matching calls (None: with every one).

    `method` and `path` are shell patterns, such as `POST` and `/v1/checkout/sessions*`. The call
    first waits for `delay` seconds. Then, if `drop` is set, the connection is closed without a
    response; else the response is `error`; without one, it is the usual response. All of this
    happens before the call takes effect or, with `after_effect`, after it: then the effect stays,
    whatever the caller sees.
    """

    method: str = field(default="*", validator=instance_of(str))
    path: str = field(default="*", validator=instance_of(str))
    times: int | None = 1
    delay: float = field(default=0.0, validator=[instance_of((int, float)), ge(0)])
    drop: bool = field(default=False, validator=instance_of(bool))
    error: Refusal | None = None
    after_effect: bool = field(default=False, validator=instance_of(bool))

    def __attrs_post_init__(self) -> None:
        """Raise `ValueError` for a number of times below 1."""
        if self.times is not None and self.times < 1:
            raise ValueError("times must be at least 1, or None for every call")

    def matches(self, *, method: str, path: str) -> bool:
        """Return whether the fault is for this call."""
        return fnmatchcase(method, self.method) and fnmatchcase(path, self.path)


SERVER_ERROR = Refusal(
    status=500,
    type="api_error",
    message="Sorry, there was an error on our side. (This error was planned in the sandbox.)",
)
RATE_LIMITED = Refusal(
    status=429,
    code="rate_limit",
    message="Request rate limit exceeded. (This error was planned in the sandbox.)",
    limited_by="global-rate",
)
