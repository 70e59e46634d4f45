"""The time of an installation on PostgreSQL: the database's, counted on by each machine."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from attrs import evolve, frozen
from sqlalchemy import Engine, func, select

from ticketing_adapters.sql.declarations import Instant
from ticketing_adapters.sql.engine import reading
from ticketing_adapters.sql.failures import store_step
from ticketing_core.errors import StoreUnavailable

ASK_EVERY = timedelta(seconds=30)
"""Two quartz clocks drift apart by less than a millisecond in that time."""

MOST_SILENCE = timedelta(minutes=2)
"""Without an answer for longer, the database may have been replaced by one with another clock."""

MOST_ROUND_TRIP = timedelta(seconds=2)
"""An answer that took longer is ignored: the time in it may be wrong by half of that."""

LEAST_CORRECTION = timedelta(seconds=1)
"""A smaller difference is what asking costs. Following it would let the time run backwards."""

MOST_CORRECTION = timedelta(seconds=5)
"""A larger difference is not drift: one of the two clocks was set, or the machine stood still."""

STEADY = timedelta(minutes=2)
"""After a jump, the database's time is believed again once it has gone on evenly for so long. Until
then an operator, or the machine's time service, may put right what was set wrongly."""

Elapsed = Callable[[], float]
"""Returns seconds since any fixed instant, and is never set."""

Ask = Callable[[Elapsed], datetime]
"""Returns the database's time at which ``elapsed()`` was zero, or raises `StoreUnavailable`."""

_BOOTTIME = getattr(time, "CLOCK_BOOTTIME", None)


def seconds_since_boot() -> float:
    """Return what this machine has counted, the time for which it slept included.

    On Linux `time.monotonic` stands still while a machine sleeps (clock_gettime(2)).
    """
    return time.monotonic() if _BOOTTIME is None else time.clock_gettime(_BOOTTIME)


@frozen
class _Jump:
    origin: datetime
    seen_at: float


@frozen
class _Answer:
    """The last answer.

    Attributes:
        origin: The time at which ``elapsed()`` was zero; `DatabaseClock.now` counts from it.
        at: When the database answered, in seconds of ``elapsed()``.
        jump: What the database says instead since a jump.
    """

    origin: datetime
    at: float
    jump: _Jump | None = None

    def then(self, origin: datetime, *, at: float) -> "_Answer":
        """Return what to believe after the next answer."""
        difference = abs(origin - self.origin)
        if difference <= MOST_CORRECTION:
            believed = self.origin if difference < LEAST_CORRECTION else origin
            return _Answer(believed, at)
        jump = self.jump
        if jump is None or abs(origin - jump.origin) > MOST_CORRECTION:
            jump = _Jump(origin, at)
        is_steady = timedelta(seconds=at - jump.seen_at) >= STEADY
        return _Answer(origin, at) if is_steady else evolve(self, at=at, jump=jump)


class DatabaseClock:
    """The database's time. All machines of an installation agree on it, whatever theirs says.

    `now` asks nothing: it counts on from the last answer, and the answer is a single value, so the
    clock may be used by any number of threads and after a fork.

    Args:
        ask: Asks the database: `origin_in` of an engine.
        elapsed: Counts the seconds.

    Raises:
        StoreUnavailable: The database did not answer.
    """

    def __init__(self, ask: Ask, *, elapsed: Elapsed = seconds_since_boot) -> None:
        self._ask = ask
        self._elapsed = elapsed
        self._last = _Answer(ask(elapsed), elapsed())

    def now(self) -> datetime:
        """See `Clock.now`."""
        return self._last.origin + timedelta(seconds=self._elapsed())

    def sleep(self, duration: timedelta) -> None:
        """See `Clock.sleep`."""
        time.sleep(duration.total_seconds())

    def problem(self) -> str | None:
        """Return why this time must not decide that a hold is over, in a sentence; None if it may.

        Asks the database if its last answer is older than `ASK_EVERY`. So this belongs before each
        pass of settling, and not into a purchase.
        """
        if self._silence() >= ASK_EVERY:
            with suppress(StoreUnavailable):
                self._last = self._last.then(self._ask(self._elapsed), at=self._elapsed())
        last = self._last
        if last.jump is not None:
            jumped = (last.jump.origin - last.origin).total_seconds()
            return f"The database's clock has jumped by {jumped:+.0f} seconds."
        silence = self._silence()
        if silence > MOST_SILENCE:
            seconds = silence.total_seconds()
            return f"The database has not given its time for {seconds:.0f} seconds."
        return None

    def _silence(self) -> timedelta:
        return timedelta(seconds=self._elapsed() - self._last.at)


@store_step
def origin_in(engine: Engine, elapsed: Elapsed) -> datetime:
    """Return PostgreSQL's time at which ``elapsed()`` was zero.

    Raises:
        StoreUnavailable: The database did not answer, or too late to tell the time.
    """
    with reading(engine) as connection:
        # Inside, so that waiting for a connection does not count.
        asked = elapsed()
        theirs = connection.execute(select(func.clock_timestamp(type_=Instant))).scalar_one()
        answered = elapsed()
    if timedelta(seconds=answered - asked) > MOST_ROUND_TRIP:
        raise StoreUnavailable(f"the database took {answered - asked:.1f} s to tell the time")
    return theirs - timedelta(seconds=(asked + answered) / 2)
