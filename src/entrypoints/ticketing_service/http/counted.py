"""A log of what comes by the thousand: the number and the last reason, now and then."""

import logging
import time
from collections.abc import Callable

LOG_EVERY_SECONDS = 10.0
"""Often enough to follow an outage, seldom enough that the log stays readable."""

LOG_EVERY = 10_000
"""A flood that ends within those seconds must not look like a single one."""


class CountedWarnings:
    """Counts what happened, and logs the number with the last reason.

    Args:
        log: Gets the warnings.
        what: What is counted.
        seconds: The time in seconds, which never goes back.
    """

    def __init__(
        self, log: logging.Logger, what: str, *, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._log = log
        self._line = f"{what}: %d, the last one because: %s"
        self._seconds = seconds
        self._unlogged = 0
        self._logged_at: float | None = None

    def add(self, reason: str) -> None:
        """Count one. Without a lock: the number in the log need not be exact."""
        self._unlogged += 1
        now = self._seconds()
        is_time = self._logged_at is None or now - self._logged_at >= LOG_EVERY_SECONDS
        if is_time or self._unlogged >= LOG_EVERY:
            # Reset before writing, since writing lets other threads come here.
            count, self._unlogged, self._logged_at = self._unlogged, 0, now
            self._log.warning(self._line, count, reason)
