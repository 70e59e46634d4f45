"""The line of purchases: who came first is next. From a full line the one who came last leaves.

Purchases wait here before they take places, at the pace of the payment provider.
"""

import random
import time
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock
from typing import Protocol

from attrs import define, field, frozen

PATIENCE_SECONDS = 4.0
"""How long the line is: a page that loads for longer looks broken. It is the wait that is expected
of the last one in the line."""

LONGEST_SECONDS = 8.0
"""How long a purchase waits at most, if the line moves more slowly than was expected."""

AHEAD_SECONDS = 0.4
"""How many purchases have left the line and do not call the provider yet, as time at its pace. They
take places meanwhile, for which less than half of it is enough."""

FEWEST_AHEAD = 10
"""Twice as many as the slots of the provider that a process takes at a time, so that none is
missed."""

ASK_AGAIN_PART = (0.5, 0.75)
"""The part of the expected wait after which a buyer should ask again. After a part only they are in
the line before their turn comes, even if half of the buyers before them have left; the random part
keeps a crowd from coming back at once."""

SHORTEST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds. Who asks sooner is only sent away again; who waits for longer learns too late
that the event is sold out."""

GRACE_SECONDS = 2.0
"""How much later than told a buyer may come back and still count as coming."""

MOST_AWAY = 100_000
"""Buyers who were told to come back; about ten megabytes. Beyond it estimates are too short."""


class OpeningPace(Protocol):
    """The pace at which purchases may call the provider: `CallPace`, of one operation."""

    def each(self) -> float:
        """Return the seconds between two calls of this process."""

    def at_start(self, begun: Callable[[], None]) -> AbstractContextManager[None]:
        """Call ``begun`` when the calling thread has waited for a call inside the context."""


@frozen
class ComeBack:
    """What a refused purchase is told.

    Attributes:
        turn_in: Seconds until its turn, as far as this process knows.
        after: Seconds after which to ask again; sooner than that, with a random part.
    """

    turn_in: float
    after: float


@define(eq=False)
class _Waiting:
    came: int
    woken: Lock = field(factory=Lock)
    told: ComeBack | None = None

    def __attrs_post_init__(self) -> None:
        self.woken.acquire()


@define(eq=False)
class _Turn:
    """A purchase between the line and its call of the provider."""

    line: "Line"
    is_over: bool = False

    def end(self) -> None:
        """Let the next purchase out of the line. Only the thread of the purchase calls this."""
        if not self.is_over:
            self.is_over = True
            self.line.let_next()


class Line:
    """Lets purchases through in the order in which their buyers came first. Thread-safe.

    Args:
        places: The most purchases that wait.
        pace: The pace of the provider.
        while_waiting: A context that a thread is in while it waits, such as `Slots.lent`.
    """

    def __init__(
        self,
        places: int,
        *,
        pace: OpeningPace,
        while_waiting: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._places = places
        self._pace = pace
        self._while_waiting = while_waiting
        self._lock = Lock()
        self._ahead = 0
        self._waiting: list[_Waiting] = []
        # The buyers who were sent away: when each came first, and until when each is expected.
        self._away: list[tuple[int, float]] = []

    @contextmanager
    def turn(self, came: int) -> Iterator[ComeBack | None]:
        """Wait for the turn of a purchase.

        Yields:
            None when it is its turn, or what to tell the buyer if it does not come soon.

        Args:
            came: When the buyer came first; any unit that all purchases share.
        """
        told = self._wait(came)
        if told is not None:
            yield told
            return
        turn = _Turn(self)
        try:
            with self._pace.at_start(turn.end):
                yield None
        finally:
            turn.end()

    def is_empty(self) -> bool:
        """Return whether a purchase that comes now has its turn at once."""
        return self._ahead < self._most_ahead() and not self._waiting

    def is_idle(self) -> bool:
        """Return whether no purchase waits, and none is between the line and its call."""
        return self._ahead == 0 and self.is_empty()

    def waiting(self) -> int:
        """Return how many purchases wait for their turn."""
        return len(self._waiting)

    def away(self) -> int:
        """Return how many buyers were told to come back and are expected."""
        return len(self._away)

    def let_next(self) -> None:
        """Let the next purchase out, after another one has called the provider or ended."""
        with self._lock:
            self._ahead -= 1
            while self._waiting and self._ahead < self._most_ahead():
                self._ahead += 1
                self._waiting.pop(0).woken.release()

    def _wait(self, came: int) -> ComeBack | None:
        with self._lock:
            self._no_longer_away(came)
            if self.is_empty():
                self._ahead += 1
                return None
            mine = _Waiting(came)
            insort(self._waiting, mine, key=_came)
            while len(self._waiting) > self._room():
                last = self._waiting.pop()
                last.told = self._send_away(last.came)
                last.woken.release()
        if not mine.woken.acquire(blocking=False):
            with self._while_waiting():
                woken = mine.woken.acquire(timeout=LONGEST_SECONDS)
            if not woken:
                self._give_up(mine)
        return mine.told

    def _give_up(self, mine: _Waiting) -> None:
        with self._lock:
            # Its turn may have come at the last moment.
            if mine in self._waiting:
                self._waiting.remove(mine)
                mine.told = self._send_away(mine.came)

    def _most_ahead(self) -> int:
        return max(FEWEST_AHEAD, int(AHEAD_SECONDS / self._pace.each()))

    def _room(self) -> int:
        return max(1, min(self._places, int(PATIENCE_SECONDS / self._pace.each())))

    def _send_away(self, came: int) -> ComeBack:
        now = time.monotonic()
        self._forget_until(now)
        older = bisect_left(self._waiting, came, key=_came) + bisect_left(self._away, (came, 0.0))
        turn_in = (self._ahead + older) * self._pace.each()
        part = random.uniform(*ASK_AGAIN_PART)  # noqa: S311 - nothing to guess
        after = min(max(turn_in * part, SHORTEST_WAIT), LONGEST_WAIT)
        if len(self._away) < MOST_AWAY:
            insort(self._away, (came, now + after + GRACE_SECONDS))
        return ComeBack(turn_in=turn_in, after=after)

    def _no_longer_away(self, came: int) -> None:
        place = bisect_left(self._away, (came, 0.0))
        if place < len(self._away) and self._away[place][0] == came:
            del self._away[place]

    def _forget_until(self, now: float) -> None:
        """Forget who has not come back. The oldest were told the shortest waits."""
        gone = 0
        while gone < len(self._away) and self._away[gone][1] <= now:
            gone += 1
        del self._away[:gone]


def _came(waiting: _Waiting) -> int:
    return waiting.came
