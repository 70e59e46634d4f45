"""The ports of a simulated box office: each call goes through the scheduler, each clock may err."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from attrs import frozen

from ticketing_core.ports.environment import Clock
from ticketing_core.testing.simulation.calls import LOCAL, Call, Port
from ticketing_core.testing.simulation.scheduler import Scheduler


class ScheduledPort:
    """An adapter whose every call goes through the scheduler."""

    def __init__(self, adapter: object, *, port: Port, scheduler: Scheduler) -> None:
        self._adapter = adapter
        self._port = port
        self._scheduler = scheduler

    def __getattr__(self, method: str) -> Any:
        """Return the adapter's method, scheduled."""
        original = getattr(self._adapter, method)
        if (self._port, method) in LOCAL:
            return original

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._scheduler.perform(
                Call(self._port, method, args, kwargs), partial(original, *args, **kwargs)
            )

        # Cached: the next look-up of the attribute finds it.
        setattr(self, method, call)
        return call


@frozen
class WrongClock:
    """The clock of a process that is ahead, or behind.

    Attributes:
        clock: The right one.
        ahead: By how much; negative if it is behind.
    """

    clock: Clock
    ahead: timedelta

    def now(self) -> datetime:
        """See `Clock.now`."""
        return self.clock.now() + self.ahead

    def sleep(self, duration: timedelta) -> None:
        """See `Clock.sleep`."""
        self.clock.sleep(duration)
