"""Whose turn it is to call the payment provider: its limits count for all processes together.

The slots are in the database. In each process callers queue for them, first come, first served.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from threading import Condition, local
from typing import Protocol

from attrs import define, field, frozen

from ticketing_core.errors import StoreUnavailable

log = logging.getLogger(__name__)

BUYERS_PATIENCE = timedelta(seconds=8)
"""How long a buyer's call waits: less than people take to give up on a page that loads."""

PER_BACKGROUND_OPERATION = 15.0
"""Calls a second in the background. A buyer who comes then finds at least ten of 25 slots free."""

MOST_AT_ONCE = 5
"""Slots that a process takes at a time: few transactions, and other processes wait for 0.2 seconds
at most."""

SHORTEST_WAIT = timedelta(seconds=1)
"""What a caller is told at least. Sooner, it would only queue again."""

_POLL_SECONDS = (0.02, 0.5)
"""The shortest and the longest pause before another look for slots that were not free."""

_ALL = "all"


class Take(Protocol):
    """Takes slots for all processes: `SqlPace.take`."""

    def __call__(
        self, rates: Mapping[str, float], *, count: int, within: timedelta
    ) -> Sequence[timedelta] | timedelta:
        """Return the waits for the slots, or how far ahead they are if that is too far."""


@frozen(kw_only=True)
class CallLimits:
    """The provider's limits.

    Attributes:
        each: Calls a second of each operation.
        in_all: Calls a second of all operations together.
    """

    each: float
    in_all: float


@define(eq=False)
class _Caller:
    starts_at: float | None = None


@define
class _Line:
    """The callers of one operation that wait for a slot.

    Attributes:
        last_at: When the last slot that was seen comes.
        look_at: When to ask for the next slots.
        each: Seconds for each slot, as this process got them last.
    """

    each: float
    changed: Condition = field(factory=Condition)
    queue: deque[_Caller] = field(factory=deque)
    is_taking: bool = False
    last_at: float = 0.0
    look_at: float = 0.0

    def expected(self) -> timedelta:
        seconds = max(0.0, self.last_at - time.monotonic()) + len(self.queue) * self.each
        return timedelta(seconds=seconds)


class CallPace:
    """Lets calls start when their slots come. Safe to use from several threads.

    If the database does not answer, calls go on at the limit of this process alone: what a buyer
    has paid must not depend on a count, and the provider refuses what is too much.

    Args:
        take: Takes slots.
        limits: The provider's.
        in_background: Take only slots that are free now, so that buyers of all processes go first,
            and fewer than the limit. Otherwise a call waits `BUYERS_PATIENCE` at most.
    """

    def __init__(self, take: Take, *, limits: CallLimits, in_background: bool = False) -> None:
        self._take = take
        self._limits = limits
        self._in_background = in_background
        self._within = timedelta(0) if in_background else BUYERS_PATIENCE
        self._lines: dict[str, _Line] = {}
        self._here = local()

    @contextmanager
    def at_start(self, begun: Callable[[], None]) -> Iterator[None]:
        """Call ``begun`` whenever this thread has waited for a call inside the context."""
        self._here.begun = begun
        try:
            yield
        finally:
            self._here.begun = None

    def wait(self, operation: str, *, at_most: timedelta) -> timedelta | None:
        """Return None when a call may start, or the expected wait if that is too long.

        Args:
            operation: The provider counts the calls of each.
            at_most: How long to wait. Buyers' calls wait for `BUYERS_PATIENCE` at most.
        """
        told = self._wait(operation, at_most=at_most)
        self.end_turn()
        return told

    def end_turn(self) -> None:
        """Call what `at_start` was given, also if this thread waits for something else."""
        begun: Callable[[], None] | None = getattr(self._here, "begun", None)
        if begun is not None:
            begun()

    def expected(self, operation: str) -> timedelta:
        """Return how long a call would have to wait that came now, as far as is known here."""
        return self._line(operation).expected()

    def each(self, operation: str) -> float:
        """Return the seconds between two calls, as this process got them last."""
        return self._line(operation).each

    def waiting(self) -> int:
        """Return how many calls wait for a slot, of all operations."""
        return sum(len(line.queue) for line in [*self._lines.values()])

    def _wait(self, operation: str, *, at_most: timedelta) -> timedelta | None:
        patience = at_most if self._in_background else min(at_most, BUYERS_PATIENCE)
        line, caller = self._line(operation), _Caller()
        until = time.monotonic() + patience.total_seconds()
        with line.changed:
            if line.expected() <= patience:
                line.queue.append(caller)
                try:
                    self._queue(operation, line, caller, until=until)
                finally:
                    if caller.starts_at is None:
                        line.queue.remove(caller)
                        # Another one is the first now.
                        line.changed.notify_all()
            if caller.starts_at is None:
                return max(line.expected(), SHORTEST_WAIT)
        time.sleep(max(0.0, caller.starts_at - time.monotonic()))
        return None

    def _line(self, operation: str) -> _Line:
        return self._lines.setdefault(operation, _Line(each=1 / self._limits.each))

    def _queue(self, operation: str, line: _Line, caller: _Caller, *, until: float) -> None:
        """Wait until the caller has a slot, but not longer. The first in the queue takes slots."""
        while caller.starts_at is None and time.monotonic() < until:
            wake_at = until
            if line.queue[0] is caller and not line.is_taking:
                if time.monotonic() >= line.look_at:
                    self._give(operation, line)
                    continue
                wake_at = min(until, line.look_at)
            line.changed.wait(wake_at - time.monotonic())

    def _give(self, operation: str, line: _Line) -> None:
        """Take slots, and give them to those who wait longest. Enter and leave with the lock."""
        rates = {operation: self._limits.each, _ALL: self._limits.in_all}
        if self._in_background:
            rates[f"background: {operation}"] = PER_BACKGROUND_OPERATION
        count, before = min(len(line.queue), MOST_AT_ONCE), time.monotonic()
        line.is_taking = True
        line.changed.release()
        waits: Sequence[timedelta] | timedelta
        try:
            waits = self._take(rates, count=count, within=self._within)
        except StoreUnavailable as error:
            log.warning("%s: not at the pace of all processes: %s", operation, error.reason)
            waits = _alone(line, count=count, rate=min(rates.values()))
        finally:
            line.changed.acquire()
            line.is_taking = False
            line.changed.notify_all()
        now = time.monotonic()
        if isinstance(waits, timedelta):
            shortest, longest = _POLL_SECONDS
            line.last_at = now + waits.total_seconds()
            pause = (waits - self._within).total_seconds()
            line.look_at = now + min(max(pause, shortest), longest)
            return
        slots = [now + wait.total_seconds() for wait in waits]
        line.each = max(1 / self._limits.each, (slots[-1] - max(line.last_at, before)) / count)
        # The next are taken when the last of these comes. Its successor is free a moment later, so
        # the background finds none while buyers wait.
        line.last_at = line.look_at = slots[-1]
        for slot in slots:
            if line.queue:
                line.queue.popleft().starts_at = slot


def _alone(line: _Line, *, count: int, rate: float) -> Sequence[timedelta]:
    ahead = max(0.0, line.last_at - time.monotonic())
    return [timedelta(seconds=ahead + number / rate) for number in range(1, count + 1)]
