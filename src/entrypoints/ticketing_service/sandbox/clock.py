"""The clock of the account: the real time, or ahead of it."""

from collections.abc import Callable

from ticketing_service.sandbox.refusals import invalid


class Clock:
    """Unix time in seconds. `ahead` is how far it was set forward.

    Callers of the API keep the real time: an instant that they send is compared with `wall_now`.
    """

    def __init__(self, wall_clock: Callable[[], float]) -> None:
        self._wall_clock = wall_clock
        self.ahead = 0.0

    def now(self) -> float:
        """Return the time of the account."""
        return self._wall_clock() + self.ahead

    def wall_now(self) -> float:
        """Return the real time."""
        return self._wall_clock()

    def advance(self, seconds: float) -> None:
        """Set the clock forward."""
        if seconds < 0:
            raise invalid("the clock can only be set forward", param="seconds")
        self.ahead += seconds
