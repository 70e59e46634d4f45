"""Stand-ins for the time and for random names, under the test's control."""

from datetime import UTC, datetime, timedelta
from itertools import count
from threading import Lock
from uuid import UUID


class ManualClock:
    """A clock that moves only when it is told to, or when somebody sleeps."""

    def __init__(self, now: datetime = datetime(2030, 1, 1, tzinfo=UTC)) -> None:
        self._now = now

    def now(self) -> datetime:
        """The instant it stands at."""
        return self._now

    def sleep(self, duration: timedelta) -> None:
        """Let ``duration`` pass at once."""
        self.advance(duration)

    def advance(self, duration: timedelta) -> None:
        """Let ``duration`` pass."""
        self._now += duration


class SequentialCodes:
    """Codes in a row, so that a run can be repeated to the letter."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._lock = Lock()

    def new_code(self) -> UUID:
        """The next code, in the form of a random (version 4) one."""
        with self._lock:
            return UUID(int=next(self._numbers), version=4)
