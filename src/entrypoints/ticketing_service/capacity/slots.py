"""Who is at work: a number of requests have slots and a few wait, purchases behind most others."""

import enum
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock, local

from ticketing_service.capacity.limits import QUEUE_SECONDS, Limits


class Kind(enum.Enum):
    """What a request is for."""

    OTHER = enum.auto()
    """Everything else: notifications, verifying, looking. It serves buyers who have paid, or is
    cheap."""
    PURCHASE = enum.auto()
    """A new purchase: nothing is lost if it is made a moment later, so it goes last. But if there
    are always others, a few purchases go first."""


class Slots:
    """Slots for requests, one for each thread, given in FIFO order within a kind.

    Args:
        limits: How many slots there are, and how many requests may wait for one.
        patience: How long a request waits, in seconds.
    """

    def __init__(self, limits: Limits, *, patience: float = QUEUE_SECONDS) -> None:
        self._limits = limits
        self._patience = patience
        self._lock = Lock()
        self._held_here = local()
        self._held = dict.fromkeys(Kind, 0)
        self._queues: Mapping[Kind, deque[Lock]] = {kind: deque() for kind in Kind}

    def acquire(self, kind: Kind, *, keeps_place: bool = False) -> bool:
        """Take a slot, now or when it is this thread's turn; False if that takes too long.

        Args:
            kind: What the request is for.
            keeps_place: It loses nothing but a moment if it is refused, so it leaves half of the
                queue to others.
        """
        most = self._limits.queue_length // (2 if keeps_place else 1)
        if not self._wait_for_slot(kind, most_waiting=most):
            return False
        self._held_here.kind = kind
        return True

    def release(self, kind: Kind) -> None:
        """Hand the slot to the next request in the queue, or leave it free."""
        self._held_here.kind = None
        with self._lock:
            self._held[kind] -= 1
            few = self._held[Kind.PURCHASE] < self._limits.purchases_first
            for waiting in reversed(Kind) if few else Kind:
                queue = self._queues[waiting]
                if queue and self._is_free(waiting):
                    self._held[waiting] += 1
                    queue.popleft().release()
                    return

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Lend this thread's slot, if it has one, to others while it waits for a slow provider.

        Afterwards the thread has a slot again at once, even if more requests than slots are then at
        work: a request that got its answer is not given up, and little of its work is left.
        """
        kind: Kind | None = getattr(self._held_here, "kind", None)
        if kind is None:
            yield
            return
        self.release(kind)
        try:
            yield
        finally:
            with self._lock:
                self._held[kind] += 1
            self._held_here.kind = kind

    def held(self, kind: Kind) -> int:
        """Return how many requests have a slot."""
        return self._held[kind]

    def waiting(self, kind: Kind) -> int:
        """Return how many requests wait for their turn."""
        return len(self._queues[kind])

    def _wait_for_slot(self, kind: Kind, *, most_waiting: int) -> bool:
        with self._lock:
            if self._is_free(kind):
                self._held[kind] += 1
                return True
            queue = self._queues[kind]
            if len(queue) >= most_waiting:
                return False
            turn = Lock()
            turn.acquire()
            queue.append(turn)
        if turn.acquire(timeout=self._patience):
            return True
        with self._lock:
            if turn not in queue:
                # The slot was handed over at the last moment.
                return True
            queue.remove(turn)
            return False

    def _is_free(self, kind: Kind) -> bool:
        # If this is true, no request of the kind waits: `release` hands slots over at once.
        if kind is Kind.PURCHASE and self._held[kind] >= self._limits.purchases:
            return False
        return sum(self._held.values()) < self._limits.threads
