"""Shares the check behind `/readyz`, so that it can be answered under any load."""

import logging
import time
from collections.abc import Callable
from threading import Lock

from ticketing_service.condition import Condition

log = logging.getLogger(__name__)

MAX_AGE_SECONDS = 2.0
"""A balancer asks every few seconds. The check writes to the database, so a crowd must not."""

HANGS_AFTER_SECONDS = 5.0
"""A healthy database answers within milliseconds, and a busy one within this."""

_HANGS = Condition(
    reasons=[f"The database has not answered for {HANGS_AFTER_SECONDS:.0f} seconds."]
)
_FIRST = Condition(reasons=["The first check is under way."])


class SharedReadiness:
    """The condition of the service, found by one caller at a time.

    The others get what was found last, so only one thread ever waits for the database. Each change
    is logged.

    Args:
        check: Returns the condition; it may wait.
        seconds: The time in seconds, which never goes back.
    """

    def __init__(
        self,
        check: Callable[[], Condition],
        *,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._check = check
        self._seconds = seconds
        self._lock = Lock()
        self._found: Condition | None = None
        self._found_at = 0.0
        self._began_at: float | None = None

    def __call__(self) -> Condition:
        """Return the condition, at most seconds old."""
        with self._lock:
            now = self._seconds()
            if self._found is not None and now - self._found_at < MAX_AGE_SECONDS:
                return self._found
            if self._began_at is not None:
                if now - self._began_at >= HANGS_AFTER_SECONDS:
                    return _HANGS
                return _FIRST if self._found is None else self._found
            self._began_at = now
        found: Condition | None = None
        try:
            found = self._check()
        finally:
            with self._lock:
                before, self._found = self._found, found
                self._found_at, self._began_at = self._seconds(), None
        _log_changes(before or Condition(), found)
        return found


def _log_changes(before: Condition, now: Condition) -> None:
    for old, new, bad, good in (
        (before.reasons, now.reasons, "not ready", "ready again"),
        (before.degraded, now.degraded, "degraded", "no longer degraded"),
    ):
        if [*old] != [*new]:
            log.warning("%s", f"{bad}: {' '.join(new)}" if new else good)
