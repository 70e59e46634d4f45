"""Settles what is due and compares with the provider: once, or in the background.

Of all processes that share a database, the one with the lease settles.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

from attrs import field, frozen

from ticketing_core import BackOffice
from ticketing_core.errors import TicketingError
from ticketing_core.ports import Leases
from ticketing_core.use_cases.reconcile import Finding
from ticketing_core.use_cases.settle_due import Tally

log = logging.getLogger(__name__)

PAUSE_SECONDS = 5.0
"""Between two passes: the longest that a ticket keeps its places after its hold is over."""

LEASE = timedelta(minutes=2)
"""Longer than a batch takes while the gateway answers. If it does not, another process may work on
the same tickets, which is safe and only costs calls."""

BATCH = 900
"""Tickets claimed at a time: few enough that the lease outlives them, many enough that waiting for
the slowest call at the end of a batch does not matter."""

CALLS_AT_ONCE = 40
"""Enough to use a limit of 90 calls a second at 0.3 s a call, and what storing takes."""

CONNECTIONS = 4
"""Database connections for settling, which waits for the provider nearly all of the time."""

RECONCILE_EVERY = timedelta(days=1)
RECONCILE_AGAIN = timedelta(hours=1)
"""After a comparison that an outage or a crash has ended. Longer than one takes: in an hour, even
the slowest pace reads 70,000 pages or looks up as many checkouts."""
RECONCILE_SINCE = timedelta(hours=26)
"""A checkout lives 24 hours at most, so each is compared at least once after its end."""


def settle_all(
    office: BackOffice, *, may_go_on: Callable[[], bool] = lambda: True
) -> Iterator[Tally]:
    """Settle all that is due now, batch by batch.

    Args:
        office: Settles, at its gateway's pace.
        may_go_on: Called before each batch; False ends the pass.

    Yields:
        The result of each batch.

    Raises:
        StoreUnavailable: Nothing could be claimed.
    """
    with ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="settle") as pool:
        while may_go_on():
            tally = office.settle_due(limit=BATCH, by="settler", run=pool.map)
            yield tally
            if tally.claimed < BATCH:
                return


@frozen(kw_only=True)
class Settler:
    """Settles until the process ends. Safe to lose at any instant.

    Attributes:
        office: Settles, at a pace that leaves calls for buyers.
        leases: Decide which process settles.
    """

    office: BackOffice
    leases: Leases
    _holder: str = field(factory=lambda: str(uuid4()), init=False)
    _woken: threading.Event = field(factory=threading.Event, init=False)

    def start(self) -> None:
        """Begin in a daemon thread: stopping the process does not wait for it."""
        threading.Thread(target=self._run, name="settler", daemon=True).start()

    def wake(self) -> None:
        """Begin the next pass now: a buyer waits for places that may be freed."""
        self._woken.set()

    def run_once(self) -> None:
        """Settle all that is due, and compare if it is time, if this process gets the leases."""
        for tally in settle_all(self.office, may_go_on=self._may_settle):
            if tally.claimed:
                log.info("settled: %s", tally)
        # Each comparison is a holder of its own, so that no process gets the next one early.
        comparison = str(uuid4())
        if self._acquire_comparison(comparison, lasting=RECONCILE_AGAIN):
            self._reconcile(comparison)

    def _run(self) -> None:
        while True:
            self._woken.wait(PAUSE_SECONDS)
            self._woken.clear()
            _survive(self.run_once)

    def _may_settle(self) -> bool:
        now = self.office.clock.now()
        return self.leases.acquire("settle", holder=self._holder, now=now, lasting=LEASE)

    def _acquire_comparison(self, holder: str, *, lasting: timedelta) -> bool:
        now = self.office.clock.now()
        return self.leases.acquire(
            "reconcile", holder=holder, now=now, lasting=lasting, at_most=RECONCILE_EVERY
        )

    def _reconcile(self, holder: str) -> None:
        began = self.office.clock.now()
        for found in self.office.reconcile(since=began - RECONCILE_SINCE):
            if isinstance(found, Finding):
                log.log(logging.INFO if found.healed else logging.ERROR, "reconcile: %s", found)
        self._acquire_comparison(holder, lasting=RECONCILE_EVERY)


def _survive(work: Callable[[], None]) -> None:
    """Settling has to go on after an outage, and after a bug in one pass."""
    try:
        work()
    except TicketingError as error:
        log.warning("nothing was settled: %s", error)
    except Exception:
        log.exception("a pass of settling failed")
