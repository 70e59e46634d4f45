"""What the repository of tickets tells its observer."""

import logging
from typing import Protocol

from ticketing_core.ticket import Ticket

log = logging.getLogger(__name__)


class TicketObserver(Protocol):
    """Hears what the store has done. It must be quick: it is waited for."""

    def changed(self, old: Ticket | None, new: Ticket, *, why: str, by: str) -> None:
        """Hear of a change after its commit, in the thread that made it.

        A repeat that writes nothing is not told, nor is a commit whose answer was lost.

        Args:
            old: The ticket before; None if it is new.
            new: The ticket as stored.
            why: As in the history.
            by: As in the history.
        """

    def batch(self, step: str, size: int) -> None:
        """Hear how many callers share a transaction of this kind."""


class Guarded:
    """Tells an observer, if there is one. What it raises is logged: a change is stored by then."""

    def __init__(self, observer: TicketObserver | None) -> None:
        self._observer = observer

    def changed(self, old: Ticket | None, new: Ticket, *, why: str, by: str) -> None:
        """See `TicketObserver.changed`."""
        try:
            if self._observer is not None:
                self._observer.changed(old, new, why=why, by=by)
        except Exception:
            log.exception("the observer of tickets failed")

    def batch(self, step: str, size: int) -> None:
        """See `TicketObserver.batch`."""
        try:
            if self._observer is not None:
                self._observer.batch(step, size)
        except Exception:
            log.exception("the observer of tickets failed")
