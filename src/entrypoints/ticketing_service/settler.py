"""Settles in the background: one process of all that share a database, found by a lease."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

from attrs import field, frozen

from ticketing_core import BoxOffice
from ticketing_core.errors import TicketingError
from ticketing_core.ports import Leases
from ticketing_core.use_cases.reconcile import Finding

log = logging.getLogger(__name__)

PAUSE_SECONDS = 5.0
"""Between two passes: a hold that ran out keeps its places so much longer at most."""

LEASE = timedelta(minutes=2)
"""Longer than a batch takes while the gateway answers. If it does not, another process may work
on the same tickets, which is safe and costs calls only."""

BATCH = 900
"""Tickets claimed at a time: few enough that the lease outlives them, many enough that the
calls at the end of a batch that wait for the slowest one do not matter."""

CALLS_AT_ONCE = 40
"""Enough to use a limit of 90 calls a second at 0.3 s a call, and what storing takes."""

RECONCILE_EVERY = timedelta(days=1)
RECONCILE_AGAIN = timedelta(hours=1)
"""After one that an outage or a crash has ended. Longer than one takes: in an hour, even the
slowest pace turns 70,000 pages or asks after as many tickets."""
RECONCILE_SINCE = timedelta(hours=26)
"""A checkout lives 24 hours at most, so each is compared at least once after its end."""


@frozen(kw_only=True)
class Settler:
    """Goes over what is due until the process ends. Safe to lose at any instant.

    Attributes:
        box_office: What is settled, with a gateway that does not starve buyers.
        leases: Find the one process that does it.
    """

    box_office: BoxOffice
    leases: Leases
    _holder: str = field(factory=lambda: str(uuid4()), init=False)
    _woken: threading.Event = field(factory=threading.Event, init=False)

    def start(self) -> None:
        """Begin in a daemon thread: a stop of the process waits for nothing here."""
        threading.Thread(target=self._run, name="settler", daemon=True).start()

    def wake(self) -> None:
        """Somebody waits for places that may be freed: do not wait for the next pass."""
        self._woken.set()

    def run_once(self) -> None:
        """One pass over all that is due now, if this process has or gets the lease."""
        with ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="settle") as pool:
            while self._acquire("settle", holder=self._holder, lasting=LEASE):
                tally = self.box_office.settle_due(limit=BATCH, by="settler", run=pool.map)
                if tally.claimed:
                    log.info("settled: %s", tally)
                if tally.claimed < BATCH:
                    break
        # Each comparison is a holder of its own, so that nobody gets the next one early.
        comparison = str(uuid4())
        if self._acquire("reconcile", holder=comparison, lasting=RECONCILE_AGAIN):
            self._reconcile(comparison)

    def _run(self) -> None:
        while True:
            self._woken.wait(PAUSE_SECONDS)
            self._woken.clear()
            _survive(self.run_once)

    def _acquire(self, name: str, *, holder: str, lasting: timedelta) -> bool:
        now = self.box_office.clock.now()
        return self.leases.acquire(name, holder=holder, now=now, until=now + lasting)

    def _reconcile(self, holder: str) -> None:
        began = self.box_office.clock.now()
        for told in self.box_office.reconcile(since=began - RECONCILE_SINCE):
            if isinstance(told, Finding):
                log.log(logging.INFO if told.healed else logging.ERROR, "reconcile: %s", told)
        self._acquire("reconcile", holder=holder, lasting=RECONCILE_EVERY)


def _survive(work: Callable[[], None]) -> None:
    """Settling has to go on after an outage, and after a bug in one pass."""
    try:
        work()
    except TicketingError as error:
        log.warning("nothing was settled: %s", error)
    except Exception:
        log.exception("a pass of settling failed")
