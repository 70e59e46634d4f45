"""Mishaps of API calls, planned by a test or a developer."""

from fnmatch import fnmatchcase

from attrs import evolve, field, frozen
from attrs.validators import ge, instance_of

from ticketing_service.sandbox.errors import Refusal


@frozen
class Fault:
    """What goes wrong with the next `times` calls that match (None: with every call).

    `method` and `path` are shell patterns, such as `POST` and `/v1/checkout/sessions*`.
    First the call is held up for `delay` seconds. Then, in this order of preference, the
    connection is closed without an answer (`drop`), or `error` is answered, or the call is
    answered as always. All of it happens before the call has its effect, or after it
    (`after_effect`): then the effect stays, whatever the caller is told.
    """

    method: str = field(default="*", validator=instance_of(str))
    path: str = field(default="*", validator=instance_of(str))
    times: int | None = 1
    delay: float = field(default=0.0, validator=[instance_of((int, float)), ge(0)])
    drop: bool = field(default=False, validator=instance_of(bool))
    error: Refusal | None = None
    after_effect: bool = field(default=False, validator=instance_of(bool))

    def __attrs_post_init__(self) -> None:
        """Refuse a number of times that is none."""
        if self.times is not None and self.times < 1:
            raise ValueError("times must be at least 1, or None for every call")


class FaultPlan:
    """The faults that are still to come. Not safe for threads: its owner holds a lock."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Plan a fault; of several that match a call, the one planned first happens."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Let everything go well from now on."""
        self._faults.clear()

    def planned(self) -> tuple[Fault, ...]:
        """Return the faults that are still to come."""
        return tuple(self._faults)

    def take(self, *, method: str, path: str) -> Fault | None:
        """Return the fault of this call, and count it."""
        for position, fault in enumerate(self._faults):
            if fnmatchcase(method, fault.method) and fnmatchcase(path, fault.path):
                if fault.times == 1:
                    del self._faults[position]
                elif fault.times is not None:
                    self._faults[position] = evolve(fault, times=fault.times - 1)
                return fault
        return None


SERVER_ERROR = Refusal(
    status=500,
    type="api_error",
    message="Sorry, there was an error on our side. (This error was planned in the sandbox.)",
)
RATE_LIMITED = Refusal(
    status=429,
    code="rate_limit",
    message="Request rate limit exceeded. (This error was planned in the sandbox.)",
)
