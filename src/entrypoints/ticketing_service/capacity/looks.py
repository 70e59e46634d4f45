"""Looks at one checkout are shared: a page that polls, a webhook and a second tab cost one call."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Lock, Thread

from attrs import define

from ticketing_core.payment import BUSY, CheckoutState, Open
from ticketing_service.capacity.rooms import Room

log = logging.getLogger(__name__)

GAP_SECONDS = 2.0
"""Between the beginnings of two looks at one checkout. A page that polls more often learns nothing
more, and 25 looks a second have to do for all buyers (docs.stripe.com/rate-limits)."""

PATIENCE_SECONDS = 10.0
"""How long a caller waits for the look of another one. While the provider answers, a running look,
the gap and the next look take less than four seconds."""

GATE_SECONDS = 2.5
"""How long a gate waits for a look. Its page gives up after three seconds, and then lets guests in
by what it knows itself; a call of the provider may take half a minute."""


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
        self,
        checkout_id: str,
        look: Callable[[], CheckoutState],
        *,
        for_news: bool = False,
        at_most: float | None = None,
    ) -> CheckoutState:
        """Return what a look at the checkout finds, by ``look`` or by a call of another thread.

        Args:
            checkout_id: The checkout.
            look: Asks the provider.
            for_news: The caller knows that something has changed. No finding of a look that began
                before may tell it otherwise: news of a refund would be lost for ever.
            at_most: How long the caller waits in all, in seconds. Its look then goes on without it,
                in a thread of its own. By default it waits as long as its look takes.
        """
        with self._line(checkout_id) as line:
            with self._lock:
                # Findings of these numbers and above are this caller's; `Open` only of new looks.
                new = line.began + 1
                own = new if for_news or line.began == line.ended else line.began
                begins = self._begin(line)
            until = time.monotonic() + (PATIENCE_SECONDS if at_most is None else at_most)
            while True:
                if begins and at_most is None:
                    return self._finish(line, look)
                if begins:
                    self._begin_apart(line, look)
                with self._waiting.entered() as may_wait, self._lock:
                    while may_wait:
                        seen = line.finding
                        if line.ended >= new or (line.ended >= own and not isinstance(seen, Open)):
                            return seen
                        begins = self._begin(line)
                        if begins:
                            # Outside of the room: this caller needs a call now, like any other.
                            break
                        now = time.monotonic()
                        if now >= until:
                            return BUSY
                        line.changed.wait(min(until, line.may_begin_at) - now)
                    else:
                        return BUSY

    @staticmethod
    def _begin(line: _Line) -> bool:
        if time.monotonic() < line.may_begin_at:
            return False
        line.began, line.began_at = line.began + 1, time.monotonic()
        return True

    def _begin_apart(self, line: _Line, look: Callable[[], CheckoutState]) -> None:
        # As many as the room for calls lets in; the others end at once.
        looking = Thread(target=self._finish, args=(line, look), name="look", daemon=True)
        try:
            looking.start()
        except RuntimeError:
            log.warning("the machine has no thread for a look at a payment")
            self._finish(line, lambda: BUSY)

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
