"""A clock and ticket codes under the control of the test."""

from datetime import UTC, datetime, timedelta
from threading import Lock
from uuid import UUID


class ManualClock:
    """A clock that stands still until `advance` or `sleep` is called."""

    def __init__(self, now: datetime = datetime(2030, 1, 1, tzinfo=UTC)) -> None:
        self._now = now

    def now(self) -> datetime:
        """See `Clock.now`."""
        return self._now

    def sleep(self, duration: timedelta) -> None:
        """See `Clock.sleep`. Returns at once."""
        self.advance(duration)

    def advance(self, duration: timedelta) -> None:
        """Let ``duration`` pass."""
        self._now += duration


class SequentialCodes:
    """Consecutive codes, so that a run can be repeated exactly."""

    def __init__(self) -> None:
        self._last = 0
        self._lock = Lock()

    def new_code(self) -> UUID:
        """See `Codes.new_code`. The code has the form of a random one (version 4)."""
        with self._lock:
            self._last += 1
            return UUID(int=self._last, version=4)
