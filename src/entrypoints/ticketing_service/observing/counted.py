"""A log of what comes by the thousand: the number and the last reason, now and then."""

import logging
import time
from collections.abc import Callable
from threading import Timer

LOG_EVERY_SECONDS = 10.0
"""Often enough to follow an outage, seldom enough that the log stays readable."""

LOG_EVERY = 10_000
"""A flood that ends within those seconds must not look like a single one."""


def later(seconds: float, call: Callable[[], None]) -> None:
    """Call something after some seconds, in another thread."""
    timer = Timer(seconds, call)
    # A process that stops waits for no line.
    timer.daemon = True
    timer.start()


class CountedWarnings:
    """Counts what happened, and logs the number with the last reason.

    The first one is logged at once. Those of the next seconds are logged together at their end.

    Args:
        log: Gets the warnings.
        what: What is counted.
        level: How bad it is.
        seconds: The time in seconds, which never goes back.
    """

    def __init__(
        self,
        log: logging.Logger,
        what: str,
        *,
        level: int = logging.WARNING,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._level = level
        self._log = log
        self._line = f"{what}: %d, the last one because: %s"
        self._seconds = seconds
        self._unlogged = 0
        self._reason = ""
        self._logged_at: float | None = None
        self._is_planned = False

    def add(self, reason: str) -> None:
        """Count one. Without a lock: the number in the log need not be exact."""
        self._unlogged += 1
        self._reason = reason
        now = self._seconds()
        wait = 0.0 if self._logged_at is None else self._logged_at + LOG_EVERY_SECONDS - now
        if wait <= 0 or self._unlogged >= LOG_EVERY:
            self._tell(now)
        elif not self._is_planned:
            # Otherwise the end of a flood would stay untold until the next one begins.
            self._is_planned = True
            later(wait, lambda: self._tell(now + wait))

    def _tell(self, now: float) -> None:
        self._is_planned = False
        # Reset before writing, since writing lets other threads come here.
        count, self._unlogged = self._unlogged, 0
        if count:
            self._logged_at = now
            self._log.log(self._level, self._line, count, self._reason)
