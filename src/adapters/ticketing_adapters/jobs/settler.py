"""The jobs that keep tickets in line with the provider: settling, reading news, comparing."""

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from multiprocessing.pool import ThreadPool
from typing import ClassVar
from uuid import uuid4

from attrs import define, field

from ticketing_adapters.jobs.advice import of_fraud_warning, of_lost_ticket, of_stuck_refund
from ticketing_adapters.jobs.job import Job
from ticketing_adapters.jobs.provider import ANOTHER_ACCOUNT
from ticketing_core import BackOffice, Finding, NewsRead, Tally, Ticket
from ticketing_core.errors import GatewayUnavailable, StoreUnavailable
from ticketing_core.schedule import is_due
from ticketing_core.use_cases.settle_due import Result

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
"""Taken anew for each batch, and twice as long as one takes while the gateway answers. If it does
not, another process settles the next batch beside it, which is safe: each ticket is claimed for a
minute. So a process that is killed delays the others no longer than its claims do."""

BATCH = 225
"""Tickets claimed at a time: what the pace of 15 calls a second does in 15 seconds. What is due
next waits for the batch, and the lease outlives it."""

CALLS_AT_ONCE = 20
"""Enough for 15 calls a second of each of two operations at half a second a call, and for what
storing takes."""

CONNECTIONS = 4
"""Database connections for both jobs, which wait for the provider nearly all of the time."""

CHECK_EVERY = timedelta(seconds=1)
"""Between two checks of what is due: a buyer who was refused because places were still kept is told
to come back after five seconds. A check is one read, however many buyers are refused."""

READ_EVERY = timedelta(hours=1)
"""Late money is found within this time where no notification comes."""
READ_AGAIN = timedelta(minutes=10)
"""After a reading that an outage or a crash has ended. The first one, and one after a long silence,
may take longer; then two may read at once, which is safe and only costs calls."""
READ_SINCE = timedelta(days=2)
"""Which checkouts are compared where the news of a time cannot be read any more. A checkout lives
24 hours at most."""
READ_SINCE_IF_SLOW = timedelta(days=32)
"""The same where vouchers and debits are accepted, which may be paid after a month."""

RECONCILE_EVERY = timedelta(days=1)
RECONCILE_AGAIN = timedelta(hours=1)
"""After a comparison that an outage or a crash has ended. Longer than one takes: at 15 calls a
second, 54,000 pages are read in an hour, or as many checkouts looked up."""
RECONCILE_SINCE = timedelta(hours=26)
"""A checkout lives 24 hours at most, so each is compared at least once after its end."""


def notice_restore(office: BackOffice) -> None:
    """Stop sales if the database has lost tickets, before what was paid since expires. Logs it.

    Raises:
        StoreUnavailable: The database did not answer.
    """
    try:
        proof = office.notice_restore()
    except GatewayUnavailable:
        log.warning("Stripe lists no checkouts now; a restore would be noticed within an hour")
        return
    if proof is not None:
        log.error("%s", of_lost_ticket(proof))


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
        if tally.another_account:
            log.error("settle: %s Tickets keep their places.", ANOTHER_ACCOUNT)
        yield tally
        if not tally.more:
            return


def _at_once(settle: Callable[[Ticket], Result], due: Iterable[Ticket]) -> list[Result]:
    tickets = list(due)
    if not tickets:
        return []
    # Its threads are daemons. The interpreter waits at its end for those of `concurrent.futures`,
    # so a provider that does not answer would delay the end of the process.
    with ThreadPool(min(CALLS_AT_ONCE, len(tickets))) as pool:
        return pool.map(settle, tickets, chunksize=1)


@define(kw_only=True, eq=False)
class Settler(Job):
    """Settles all that is due. Each process checks; the one that gets the lease settles."""

    name: ClassVar = "settle"
    pause: ClassVar = CHECK_EVERY
    longest_lease: ClassVar = LEASE

    _holder: str = field(factory=lambda: str(uuid4()), init=False)

    def run_once(self) -> None:
        """See `Job.run_once`. Each batch needs the lease, and a clock that can be trusted."""
        # Also while nothing is due: it corrects the clock that every purchase uses.
        self.clock_problem()
        at = self.office.tickets.next_due()
        if at is None or not is_due(at, now=self.office.clock.now()):
            return
        for tally in settle_all(self.office, may_go_on=self._may_settle):
            if tally.another_account:
                self.provider.has_another_account = True
            if tally.claimed:
                log.info("settled: %s", _settled(tally))
            for ticket in tally.stuck:
                level = logging.ERROR if ticket.waits_for_person else logging.WARNING
                log.log(level, "settle: %s", of_stuck_refund(ticket))
            for ticket_id, error in tally.failures.items():
                # An outage needs no traceback, a bug does.
                shown = None if isinstance(error, StoreUnavailable) else error
                log.error(
                    "settle: ticket %d failed, and is tried again: %r",
                    ticket_id,
                    error,
                    exc_info=shown,
                )

    def _may_settle(self) -> bool:
        # A forked process has the same `_holder`.
        return self.acquire(f"{self._holder}/{os.getpid()}", lasting=LEASE)


def _settled(tally: Tally) -> str:
    counts = [*tally.moved.items(), ("left as they are", tally.left), ("failed", tally.failed)]
    told = ", ".join(f"{count} {what}" for what, count in counts if count)
    return f"of {tally.claimed} that were due: {told}"


def _told(read: NewsRead) -> str:
    source = "lists, since the events do not reach back" if read.used_lists else "events"
    return (
        f"{read.pages} pages of {source}: {read.noted} tickets to look at, "
        f"{read.strays} payments without a ticket"
    )


@define(kw_only=True, eq=False)
class NewsReader(Job):
    """Reads once an hour what has happened to payments.

    Attributes:
        checkouts_back: Which checkouts are compared after a long silence: as long as one may take
            from its opening to its payment, and a day more.
    """

    name: ClassVar = "news"
    pause: ClassVar = timedelta(minutes=1)
    longest_lease: ClassVar = READ_EVERY

    checkouts_back: timedelta = READ_SINCE

    def run_once(self) -> None:
        """See `Job.run_once`. The lease lasts until the next reading is due."""
        holder = str(uuid4())
        if not self.acquire(holder, lasting=READ_AGAIN):
            return
        lost = self.office.notice_restore()
        if lost is not None:
            log.error("news: %s", of_lost_ticket(lost))
            return
        since = self.office.clock.now() - self.checkouts_back
        read = self.office.read_news(checkouts_since=since)
        log.info("news: %s", _told(read))
        self.provider.has_another_account = read.another_account
        if read.another_account:
            log.error("news: %s Nothing is read.", ANOTHER_ACCOUNT)
        for ticket in read.suspected:
            log.warning("news: %s", of_fraud_warning(ticket))
        for found in read.findings:
            _log_finding(self.name, found)
        self.acquire(holder, lasting=READ_EVERY)


@define(kw_only=True, eq=False)
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
            if self._stopping.is_set():
                return
            if isinstance(found, Finding):
                _log_finding(self.name, found)
        self.acquire(holder, lasting=RECONCILE_EVERY)


def _log_finding(job: str, found: Finding) -> None:
    log.log(logging.INFO if found.healed else logging.ERROR, "%s: %s", job, found)
