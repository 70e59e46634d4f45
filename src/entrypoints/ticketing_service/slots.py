"""Whose turn it is: so many requests are at work in a process, some wait, and money goes first."""

import enum
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock, local

from ticketing_service.limits import PATIENCE_SECONDS, Limits


class Kind(enum.Enum):
    """What a request is for. Earlier kinds get a free slot first."""

    OTHER = enum.auto()
    """News of payments, verifying, checking in, looking: for those who have paid, or are cheap."""
    PURCHASE = enum.auto()
    """A new purchase: nothing is lost if it is made a moment later."""


class Slots:
    """Slots for work, taken in turn, one by a thread. Purchases get a part of them only.

    Args:
        limits: How many there are, and how many may wait for one.
        patience: How long one waits, in seconds.
    """

    def __init__(self, limits: Limits, *, patience: float = PATIENCE_SECONDS) -> None:
        self._limits = limits
        self._patience = patience
        self._lock = Lock()
        self._mine = local()
        self._taken = dict.fromkeys(Kind, 0)
        self._queues: Mapping[Kind, deque[Lock]] = {kind: deque() for kind in Kind}

    def take(self, kind: Kind) -> bool:
        """Take a slot, at once or when it is one's turn; False if there will be none soon."""
        if not self._is_taken(kind):
            return False
        self._mine.kind = kind
        return True

    @contextmanager
    def left(self) -> Iterator[None]:
        """Do without this thread's slot, if it has one, while it waits for somebody far away.

        At the end it has one again at once, though there may then be more at work than slots:
        what was begun and answered is not given up, and little of it is left to do.
        """
        kind: Kind | None = getattr(self._mine, "kind", None)
        if kind is None:
            yield
            return
        self.give_back(kind)
        try:
            yield
        finally:
            with self._lock:
                self._taken[kind] += 1
            self._mine.kind = kind

    def _is_taken(self, kind: Kind) -> bool:
        with self._lock:
            if self._is_free(kind):
                self._taken[kind] += 1
                return True
            queue = self._queues[kind]
            if len(queue) >= self._limits.waiting:
                return False
            turn = Lock()
            turn.acquire()
            queue.append(turn)
        if turn.acquire(timeout=self._patience):
            return True
        with self._lock:
            if turn not in queue:
                # It was handed over in the last instant.
                return True
            queue.remove(turn)
            return False

    def give_back(self, kind: Kind) -> None:
        """Hand the slot to whoever is next, or leave it free."""
        self._mine.kind = None
        with self._lock:
            self._taken[kind] -= 1
            for waiting, queue in self._queues.items():
                if queue and self._is_free(waiting):
                    self._taken[waiting] += 1
                    queue.popleft().release()
                    return

    def waiting(self, kind: Kind) -> int:
        """How many wait for their turn now."""
        return len(self._queues[kind])

    def _is_free(self, kind: Kind) -> bool:
        # Nobody of the kind waits while this is true: `give_back` hands over at once.
        if kind is Kind.PURCHASE and self._taken[kind] >= self._limits.purchases:
            return False
        return sum(self._taken.values()) < self._limits.threads
