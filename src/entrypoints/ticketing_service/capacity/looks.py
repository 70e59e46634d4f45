"""Looks at one checkout are shared: a page that polls, a webhook and a second tab cost one call."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Lock

from attrs import define

from ticketing_core.payment import CheckoutState, Open, Unknown
from ticketing_service.capacity.rooms import Room

GAP_SECONDS = 2.0
"""Between the beginnings of two looks at one checkout. A page that polls more often learns nothing
more, and 25 looks a second have to do for all buyers (docs.stripe.com/rate-limits)."""

PATIENCE_SECONDS = 10.0
"""How long a caller waits for the look of another one. While the provider answers, a running look,
the gap and the next look take less than four seconds."""

BUSY = Unknown("busy")


@define
class _Line:
    """The looks at one checkout. Each has a number, in the order of their beginnings.

    Attributes:
        users: Callers inside; without any, the line is dropped when the gap is over.
        began: How many looks have begun.
        began_at: When the last of them did.
        ended: The number of the look that ended last; no two run at the same time.
        finding: What it found.
    """

    changed: Condition
    users: int = 0
    began: int = 0
    began_at: float = float("-inf")
    ended: int = 0
    finding: CheckoutState = BUSY

    @property
    def may_begin_at(self) -> float:
        return float("inf") if self.began > self.ended else self.began_at + GAP_SECONDS


class SharedLooks:
    """Lets callers that come at about the same time share a look. Safe to use from several threads.

    Nothing is cached: a finding goes only to callers that came before its look ended. A caller that
    comes while a look is running takes its finding, unless that is `Open`: the look began before
    the caller came, and the buyer may have paid a moment ago. Such a caller shares the next look.

    Args:
        waiting: Room for callers that wait for others' looks. They need no call of the provider.
    """

    def __init__(self, *, waiting: Room) -> None:
        self._waiting = waiting
        self._lock = Lock()
        self._lines: dict[str, _Line] = {}

    def look_up(
        self, checkout_id: str, look: Callable[[], CheckoutState], *, for_news: bool = False
    ) -> CheckoutState:
        """Return what a look at the checkout finds, by ``look`` or by a call of another thread.

        Args:
            checkout_id: The checkout.
            look: Asks the provider.
            for_news: The caller knows that something has changed. No finding of a look that began
                before may tell it otherwise: news of a refund would be lost for ever.
        """
        with self._line(checkout_id) as line:
            with self._lock:
                # Findings of these numbers and above are this caller's; `Open` only of new looks.
                new = line.began + 1
                own = new if for_news or line.began == line.ended else line.began
                begins = self._begin(line)
            if begins:
                return self._finish(line, look)
            until = time.monotonic() + PATIENCE_SECONDS
            with self._waiting.entered() as may_wait, self._lock:
                while may_wait:
                    finding = line.finding
                    if line.ended >= new or (line.ended >= own and not isinstance(finding, Open)):
                        return finding
                    if self._begin(line):
                        break
                    now = time.monotonic()
                    if now >= until:
                        return BUSY
                    line.changed.wait(min(until, line.may_begin_at) - now)
                else:
                    return BUSY
            # Outside of the room: this caller needs a call now, like any other.
            return self._finish(line, look)

    @staticmethod
    def _begin(line: _Line) -> bool:
        if time.monotonic() < line.may_begin_at:
            return False
        line.began, line.began_at = line.began + 1, time.monotonic()
        return True

    def _finish(self, line: _Line, look: Callable[[], CheckoutState]) -> CheckoutState:
        finding: CheckoutState = BUSY
        try:
            finding = look()
        finally:
            with self._lock:
                line.ended, line.finding = line.began, finding
                line.changed.notify_all()
        return finding

    @contextmanager
    def _line(self, checkout_id: str) -> Iterator[_Line]:
        with self._lock:
            now = time.monotonic()
            # Few: no more than looks can begin within the gap.
            for name, other in [*self._lines.items()]:
                if not other.users and other.may_begin_at <= now:
                    del self._lines[name]
            line = self._lines.setdefault(checkout_id, _Line(Condition(self._lock)))
            line.users += 1
        try:
            yield line
        finally:
            with self._lock:
                line.users -= 1
