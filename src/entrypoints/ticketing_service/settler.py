"""The two jobs that keep tickets in line with the provider: settling and the daily comparison."""

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from multiprocessing.pool import ThreadPool
from typing import ClassVar
from uuid import uuid4

from attrs import field, frozen

from ticketing_core import BackOffice, Finding, Tally, Ticket
from ticketing_core.use_cases.settle_due import Result
from ticketing_service.jobs import Job

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
"""Longer than a batch takes while the gateway answers. If it does not, another process may work on
the same tickets, which is safe and only costs calls."""

BATCH = 900
"""Tickets claimed at a time: few enough that the lease outlives them, many enough that waiting for
the slowest call at the end of a batch does not matter."""

CALLS_AT_ONCE = 40
"""Enough to use a limit of 90 calls a second at 0.3 s a call, and what storing takes."""

CONNECTIONS = 4
"""Database connections for both jobs, which wait for the provider nearly all of the time."""

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
    while may_go_on():
        tally = office.settle_due(limit=BATCH, by="settler", run=_at_once)
        yield tally
        if tally.claimed < BATCH:
            return


def _at_once(settle: Callable[[Ticket], Result], due: Iterable[Ticket]) -> list[Result]:
    tickets = list(due)
    if not tickets:
        return []
    # Its threads are daemons. The interpreter waits at its end for those of `concurrent.futures`,
    # so a provider that does not answer would delay the end of the process.
    with ThreadPool(min(CALLS_AT_ONCE, len(tickets))) as pool:
        return pool.map(settle, tickets, chunksize=1)


@frozen(kw_only=True)
class Settler(Job):
    """Settles all that is due."""

    name: ClassVar = "settle"
    pause: ClassVar = timedelta(seconds=5)
    longest_lease: ClassVar = LEASE

    _holder: str = field(factory=lambda: str(uuid4()), init=False)

    def run_once(self) -> None:
        """See `Job.run_once`. Each batch needs the lease, and a clock that can be trusted."""
        for tally in settle_all(self.office, may_go_on=self._may_settle):
            if tally.claimed:
                log.info("settled: %s", tally)

    def _may_settle(self) -> bool:
        # A forked process has the same `_holder`.
        return self.acquire(f"{self._holder}/{os.getpid()}", lasting=LEASE)


@frozen(kw_only=True)
class Comparer(Job):
    """Compares once a day what was opened since the day before."""

    name: ClassVar = "reconcile"
    pause: ClassVar = timedelta(minutes=1)
    longest_lease: ClassVar = RECONCILE_EVERY

    def run_once(self) -> None:
        """See `Job.run_once`. The lease lasts until the next comparison is due."""
        # Each comparison is a holder of its own, so that no process gets the next one early.
        holder = str(uuid4())
        if not self.acquire(holder, lasting=RECONCILE_AGAIN):
            return
        began = self.office.clock.now()
        for found in self.office.reconcile(since=began - RECONCILE_SINCE):
            if isinstance(found, Finding):
                log.log(logging.INFO if found.healed else logging.ERROR, "reconcile: %s", found)
        self.acquire(holder, lasting=RECONCILE_EVERY)
