"""A job: work that is repeated in a thread, by one of all processes at a time."""

import abc
import logging
from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread
from typing import ClassVar

from attrs import define, field

from ticketing_adapters.jobs.provider import ProviderWatch
from ticketing_core import BackOffice
from ticketing_core.errors import StoreUnavailable, TicketingError
from ticketing_core.ports import Installation, Leases

log = logging.getLogger(__name__)


def restore_problem(installation: Installation) -> str | None:
    """Return that a restore is not finished, or None.

    Raises:
        StoreUnavailable: The database did not answer.
    """
    if installation.state().restoring_since is None:
        return None
    return (
        "The database was restored from a backup, or is a copy, and lacks what Stripe knows. "
        "Nothing is sold or settled: run `ticketing restored`."
    )


@define(kw_only=True, eq=False)
class Job(abc.ABC):
    """Repeats one pass of work until it is stopped. Safe to lose at any instant.

    Attributes:
        name: Names its lease and its thread.
        pause: Between two passes.
        longest_lease: The longest that it takes its lease for.
        office: Does the work.
        leases: Decide which process does it.
        provider: Is told whether the provider's account is the one that sold.
        clock_problem: Returns why the clock must not be trusted now, or None if it may be.
    """

    name: ClassVar[str]
    pause: ClassVar[timedelta]
    longest_lease: ClassVar[timedelta]

    office: BackOffice
    leases: Leases
    provider: ProviderWatch = field(factory=ProviderWatch)
    clock_problem: Callable[[], str | None] = lambda: None
    # Why this pass may do nothing.
    _waits: str | None = field(default=None, init=False)
    _stopping: Event = field(factory=Event, init=False)
    _thread: Thread | None = field(default=None, init=False)

    @abc.abstractmethod
    def run_once(self) -> None:
        """Do one pass, if this process gets the lease."""

    def start(self) -> None:
        """Begin in a daemon thread: stopping the process does not wait for it."""
        self._thread = Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let it begin nothing more. A pass that has begun ends with its batch."""
        self._stopping.set()

    def join(self, *, within: timedelta) -> bool:
        """Wait for the end of the pass after `stop`; return whether it has come."""
        if self._thread is None:
            return True
        self._thread.join(max(0.0, within.total_seconds()))
        return not self._thread.is_alive()

    def acquire(self, holder: str, *, lasting: timedelta) -> bool:
        """Take or prolong the lease. False if another holder has it, or nothing may be done now.

        A wrong time would expire what buyers are paying now, and a restored database what they paid
        since its backup.
        """
        if self._stopping.is_set():
            return False
        self._waits = self.clock_problem() or restore_problem(self.office.installation)
        if self._waits is not None:
            return False
        return self.leases.acquire(
            self.name,
            holder=holder,
            now=self.office.clock.now(),
            lasting=lasting,
            at_most=self.longest_lease,
        )

    def _run(self) -> None:
        problem: str | None = None
        while not self._stopping.wait(self.pause.total_seconds()):
            self._waits = None
            before, problem = problem, self._problem_of_pass()
            # Once, not for each pass: an outage may last for hours.
            if problem != before:
                if problem is None:
                    log.info("%s: goes on", self.name)
                else:
                    log.warning("%s: %s", self.name, problem)

    def _problem_of_pass(self) -> str | None:
        """Do a pass. The job has to go on after an outage, and after a bug in one pass."""
        try:
            self.run_once()
        except StoreUnavailable as error:
            return f"a pass ended early: {error.code}: {error.reason or error}"
        except TicketingError as error:
            return f"a pass ended early: {error.code}: {error}"
        except Exception as error:
            log.exception("%s: a pass failed", self.name)
            return f"a pass ended early: {type(error).__name__}"
        return self._waits and f"waits. {self._waits}"
