"""The observer of the repository of tickets."""

import logging
from typing import Protocol

from ticketing_core.ticket import Ticket

log = logging.getLogger(__name__)


class TicketObserver(Protocol):
    """Is called about what the store has done. It must be quick, because the caller waits."""

    def changed(self, old: Ticket | None, new: Ticket, *, why: str, by: str) -> None:
        """Observe a change after its commit, in the thread that made it.

        It is not called for a repeat that writes nothing, nor for a commit whose answer was lost.

        Args:
            old: The ticket before; None if it is new.
            new: The ticket as stored.
            why: As in the history.
            by: As in the history.
        """

    def batch(self, step: str, size: int) -> None:
        """Observe how many callers share a transaction of this kind."""


class Guarded:
    """Calls an observer, if there is one, and logs its exceptions: the change is stored already."""

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
