"""All jobs of a program as one thing to start and to stop."""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from time import monotonic
from types import TracebackType

from ticketing_adapters.jobs.job import Job

log = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=20)
"""How long `Settling.stop` waits. A batch takes 15 seconds at most while the provider answers."""


class Settling:
    """Keeps tickets in line with the payment provider, in threads of this process.

    It frees the places of unpaid tickets, issues what was paid, makes refunds, voids the tickets of
    cancelled events, reads the provider's news once an hour, compares once a day, and delivers
    messages. A job whose pass fails logs the error and goes on a moment later.

    Run it in as many processes as you like: a lease in the database lets one of them do each job at
    a time. If that process dies, another one takes over within half a minute.

    Use it as a context manager, or call `start` and `stop`. No thread survives a fork, so start it
    in the process that serves.

    Args:
        jobs: Makes the jobs, anew for each start.
        before: Called before the first job begins.
    """

    def __init__(
        self, jobs: Callable[[], Sequence[Job]], *, before: Callable[[], None] = lambda: None
    ) -> None:
        self._make = jobs
        self._before = before
        self._jobs: Sequence[Job] = ()

    def start(self) -> None:
        """Begin, each job in a daemon thread: the end of the process waits for none of them.

        Raises:
            RuntimeError: It has been started already.
            StoreUnavailable: The database did not answer. Nothing was started.
        """
        if self._jobs:
            raise RuntimeError("settling was started already")
        self._before()
        self._jobs = self._make()
        for job in self._jobs:
            job.start()

    def stop(self, *, within: timedelta = PATIENCE) -> bool:
        """Begin nothing more, and wait for what has begun. Does nothing if nothing runs.

        Args:
            within: The longest wait. A provider that does not answer takes longer.

        Returns:
            Whether everything has ended. What has not may be cut off at any instant.
        """
        jobs, self._jobs = self._jobs, ()
        for job in jobs:
            job.stop()
        until = monotonic() + within.total_seconds()
        late = [
            job.name for job in jobs if not job.join(within=timedelta(seconds=until - monotonic()))
        ]
        if late:
            log.warning("still at work after %s: %s", within, ", ".join(late))
        return not late

    def __enter__(self) -> "Settling":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
