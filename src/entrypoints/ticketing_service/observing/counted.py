"""Logs events that come by the thousand: now and then their number and the last reason."""

import logging
import time
from collections.abc import Callable
from threading import Timer

LOG_EVERY_SECONDS = 10.0
"""Often enough to follow an outage, seldom enough that the log stays readable."""

LOG_EVERY = 10_000
"""This many events are logged earlier, so that a short flood does not look like a single event."""


def later(seconds: float, call: Callable[[], None]) -> None:
    """Call something after some seconds, in another thread."""
    timer = Timer(seconds, call)
    # A process that stops waits for no line.
    timer.daemon = True
    timer.start()


class CountedWarnings:
    """Counts events, and logs their number with the last reason.

    The first one is logged at once. Those of the next `LOG_EVERY_SECONDS` are logged together.

    Args:
        log: The logger.
        what: What is counted, for the line of the log.
        level: The level of the line.
        seconds: Returns a time in seconds that never goes back.
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
            self._write(now)
        elif not self._is_planned:
            # Otherwise the end of a flood would not be logged until the next one begins.
            self._is_planned = True
            later(wait, lambda: self._write(now + wait))

    def _write(self, now: float) -> None:
        self._is_planned = False
        # Reset first, since other threads may count while the line is written.
        count, self._unlogged = self._unlogged, 0
        if count:
            self._logged_at = now
            self._log.log(self._level, self._line, count, self._reason)
