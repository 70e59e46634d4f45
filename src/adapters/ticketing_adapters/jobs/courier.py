"""The jobs of the outbox: delivering messages, and deleting old ones."""

import logging
import os
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from queue import SimpleQueue
from threading import Lock, Thread
from typing import ClassVar
from uuid import uuid4

from attrs import define, field

from ticketing_adapters.jobs.job import Job
from ticketing_core import Deliveries, Subscription, Subscriptions
from ticketing_core.errors import TicketingError
from ticketing_core.ports import Subscriber
from ticketing_core.ports.outbox import Claimed
from ticketing_core.use_cases.deliver_due import Outcome

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
"""Taken anew every second. If the process with the lease dies, another delivers from then on."""

PAGE = 128
"""Messages claimed at a time. One delivery holds up the rest of its page, and what was taken of it
comes again after a crash. Shorter ones spend more of their time on claims and notes."""

MESSAGES_AT_ONCE = 16
"""Messages sent to one subscriber at a time: 80 a second if it takes 0.2 seconds for each."""

SUBSCRIBERS_AT_ONCE = 8
"""In one process. Each that stalls holds one of these threads until its deliveries have ended, and
is paused then."""

PRUNE_EVERY = timedelta(minutes=10)
PRUNED_AT_ONCE = 1000
"""Rows deleted in one step. It takes some milliseconds, and nothing waits for it."""


@define(kw_only=True, eq=False)
class Courier(Job):
    """Delivers messages, to each subscriber in threads of its own. One process does it at a time.

    It uses one connection to the database at a time, and none while a subscriber is asked.

    Attributes:
        subscriptions: Knows who gets what.
        subscriber_of: Returns who takes the messages of a subscription; None if it is unknown here.
    """

    name: ClassVar = "deliver"
    pause: ClassVar = timedelta(seconds=1)
    longest_lease: ClassVar = LEASE

    subscriptions: Subscriptions
    subscriber_of: Callable[[Subscription], Subscriber | None]
    _holder: str = field(factory=lambda: str(uuid4()), init=False)
    _database: Lock = field(factory=Lock, init=False)
    _line: SimpleQueue[str | None] = field(factory=SimpleQueue, init=False)
    _works: bool = field(default=False, init=False)
    _served: set[str] = field(factory=set, init=False)
    _unknown: set[str] = field(factory=set, init=False)

    def run_once(self) -> None:
        """See `Job.run_once`. It begins deliveries and does not wait for their end."""
        with self._database:
            now = self.office.clock.now()
            open_ones = [each for each in self.subscriptions.all() if each.may_be_asked(now=now)]
            if not open_ones or not self.subscriptions.waiting():
                return
            if not self._leads():
                return
        # Not earlier: no thread survives the fork of a server.
        for number in range(0 if self._works else SUBSCRIBERS_AT_ONCE):
            Thread(target=self._work, name=f"{self.name}-{number}", daemon=True).start()
        self._works = True
        for each in open_ones:
            if each.name not in self._served:
                self._served.add(each.name)
                self._line.put(each.name)

    def stop(self) -> None:
        """See `Job.stop`. Its threads end after the pages that they deliver."""
        super().stop()
        for _ in range(SUBSCRIBERS_AT_ONCE):
            self._line.put(None)

    def _work(self) -> None:
        while (name := self._line.get()) is not None:
            self._serve(name)

    def _serve(self, name: str) -> None:
        """Deliver a page, and line up for the next one behind the other subscribers."""
        goes_on = False
        try:
            with self._database:
                goes_on = self._deliver(name) and self._leads()
        except TicketingError as error:
            log.warning("%s: %s waits: %s: %s", self.name, name, error.code, error)
        except Exception:
            log.exception("%s: delivering to %s failed", self.name, name)
        if goes_on:
            self._line.put(name)
        else:
            self._served.discard(name)

    def _deliver(self, name: str) -> bool:
        """Deliver a page, and return whether more may be due at once."""
        # As it is now: an operator may have rotated its secret or removed it.
        subscription = next((each for each in self.subscriptions.all() if each.name == name), None)
        if subscription is None:
            return False
        subscriber = self.subscriber_of(subscription)
        if subscriber is None:
            if name not in self._unknown:
                self._unknown.add(name)
                log.warning("%s: this program has no subscriber %s, which waits", self.name, name)
            return False
        done = self.subscriptions.deliver_due(
            name, limit=PAGE, subscriber=subscriber, run_all=self._at_once
        )
        self._tell(name, done)
        return done.more

    def _at_once(
        self, deliver: Callable[[Claimed], Outcome], claimed: Iterable[Claimed]
    ) -> list[Outcome]:
        messages = list(claimed)
        self._database.release()
        try:
            return _in_threads(deliver, messages, name=f"{self.name}-message")
        finally:
            self._database.acquire()

    def _tell(self, name: str, done: Deliveries) -> None:
        counts: Mapping[str, int] = {
            "delivered": done.delivered,
            "refused": done.refused,
            "not answered": done.unanswered,
            "put off": done.put_off,
        }
        told = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
        if told:
            log.info("%s: messages to %s: %s", self.name, name, told)
        # One of each kind: a bug may fail at all messages of a page.
        for message, error in {type(each[1]): each for each in done.failures}.values():
            log.error("%s: %s failed at %s", self.name, name, message.log_name, exc_info=error)
        stopped = done.stopped
        if stopped is not None and stopped.disabled_at is not None:
            log.error(
                "%s: %s is disabled: it failed for days, or wants no messages any more. "
                "`ticketing subscriber enable %s` lets it go on.",
                self.name,
                name,
                name,
            )
        elif stopped is not None and stopped.paused_until is not None:
            log.warning(
                "%s: %s fails, and is paused until %s",
                self.name,
                name,
                stopped.paused_until.isoformat(timespec="seconds"),
            )

    def _leads(self) -> bool:
        # A forked process has the same `_holder`.
        return self.acquire(f"{self._holder}/{os.getpid()}", lasting=LEASE)


def _outcome(deliver: Callable[[Claimed], Outcome], message: Claimed) -> Outcome:
    try:
        return deliver(message)
    except SystemExit:
        # It would end this thread alone, and the message would come again at once.
        return RuntimeError("a subscriber must not call sys.exit")


def _in_threads(
    deliver: Callable[[Claimed], Outcome], messages: Sequence[Claimed], *, name: str
) -> list[Outcome]:
    """Call the function for each message, in this thread and in others that help it.

    With pools of the standard library a process waits for their threads at its end, however long a
    subscriber takes (`ThreadPoolExecutor`), or the call never returns if one of them has ended
    (`ThreadPool`).
    """
    outcomes: list[Outcome] = [None] * len(messages)
    left = deque(range(len(messages)))

    def work() -> None:
        while True:
            try:
                number = left.popleft()
            except IndexError:
                return
            outcomes[number] = _outcome(deliver, messages[number])

    helpers: list[Thread] = []
    # Fewer deliver if the machine has no more threads.
    with suppress(RuntimeError):
        while len(helpers) + 1 < min(MESSAGES_AT_ONCE, len(messages)):
            helper = Thread(target=work, name=name, daemon=True)
            helper.start()
            helpers.append(helper)
    work()
    for helper in helpers:
        helper.join()
    return outcomes


@define(kw_only=True, eq=False)
class Pruner(Job):
    """Deletes old messages.

    Attributes:
        subscriptions: Deletes them, in short steps.
    """

    name: ClassVar = "prune"
    pause: ClassVar = timedelta(minutes=1)
    longest_lease: ClassVar = PRUNE_EVERY

    subscriptions: Subscriptions

    def run_once(self) -> None:
        """See `Job.run_once`. The lease lasts until the next pass is due."""
        # Also without subscribers: the last one that was removed has left its messages.
        if not self.acquire(str(uuid4()), lasting=PRUNE_EVERY):
            return
        while self.subscriptions.prune(limit=PRUNED_AT_ONCE) == PRUNED_AT_ONCE:
            if self._stopping.is_set():
                return
