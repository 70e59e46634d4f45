"""A clock that bounds how many threads sleep, and that lets them hold no slot meanwhile."""

from collections.abc import Callable
from datetime import datetime, timedelta

from ticketing_core.errors import Overloaded
from ticketing_core.ports import Clock
from ticketing_service.capacity.rooms import Room

RETRY_AFTER = timedelta(seconds=2)
"""A purchase sleeps for two seconds at most, so there is room again by then."""


class BoundedClock:
    """Bounds how many threads sleep at a time. Safe to use from several threads.

    Args:
        clock: The time.
        sleeping: Room for those who sleep.
        end_turn: Called before a thread sleeps, so that it keeps nobody waiting in a line.
    """

    def __init__(
        self, clock: Clock, *, sleeping: Room, end_turn: Callable[[], None] = lambda: None
    ) -> None:
        self._clock = clock
        self._sleeping = sleeping
        self._end_turn = end_turn

    def now(self) -> datetime:
        """See `Clock.now`."""
        return self._clock.now()

    def sleep(self, duration: timedelta) -> Overloaded | None:
        """See `Clock.sleep`."""
        self._end_turn()
        with self._sleeping.entered() as may_sleep:
            return self._clock.sleep(duration) if may_sleep else Overloaded(RETRY_AFTER)
