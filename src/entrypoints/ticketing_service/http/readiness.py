"""Shares the check behind `/readyz`, so that it can be answered under any load."""

import logging
import time
from collections.abc import Callable, Sequence
from threading import Lock

log = logging.getLogger(__name__)

MAX_AGE_SECONDS = 2.0
"""A balancer asks every few seconds. The check writes to the database, so a crowd must not."""

HANGS_AFTER_SECONDS = 5.0
"""A healthy database answers within milliseconds, and a busy one within this."""

_HANGS = f"The database has not answered for {HANGS_AFTER_SECONDS:.0f} seconds."
_FIRST = "The first check is under way."


class SharedReadiness:
    """Reasons that keep the service from selling, found by one caller at a time.

    The others get what was found last, so only one thread ever waits for the database. Each change
    is logged.

    Args:
        check: Returns the reasons; it may wait.
        seconds: The time in seconds, which never goes back.
    """

    def __init__(
        self,
        check: Callable[[], Sequence[str]],
        *,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._check = check
        self._seconds = seconds
        self._lock = Lock()
        self._found: Sequence[str] | None = None
        self._found_at = 0.0
        self._began_at: float | None = None

    def __call__(self) -> Sequence[str]:
        """Return the reasons, at most seconds old."""
        with self._lock:
            now = self._seconds()
            if self._found is not None and now - self._found_at < MAX_AGE_SECONDS:
                return self._found
            if self._began_at is not None:
                if now - self._began_at >= HANGS_AFTER_SECONDS:
                    return [_HANGS]
                return [_FIRST] if self._found is None else self._found
            self._began_at = now
        found: Sequence[str] | None = None
        try:
            found = self._check()
        finally:
            with self._lock:
                before, self._found = self._found, found
                self._found_at, self._began_at = self._seconds(), None
        if found != (before or []):
            log.warning("%s", f"not ready: {' '.join(found)}" if found else "ready again")
        return found
