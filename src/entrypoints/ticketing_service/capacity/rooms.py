"""Room for a number of threads: how many may call the payment provider, or wait for it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Semaphore

ROOM_SECONDS = 1.0
"""How long a call waits for room: calls take 0.3 to 1 second, so some has nearly always become free
by then."""

WAITING_PART = 8
"""One of so many threads in a room may wait; the others are calling."""


class Room:
    """Room for a number of threads, most of them calling the gateway and a few waiting to.

    Args:
        threads: The most of both, at least one.
        patience: How long a thread waits, in seconds.
        while_inside: A context that a thread is in while it waits or calls, such as `Slots.lent`.
    """

    def __init__(
        self,
        threads: int,
        *,
        patience: float = ROOM_SECONDS,
        while_inside: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._while_inside = while_inside
        self._inside = Semaphore(threads)
        self._calling = Semaphore(threads - threads // WAITING_PART)
        self._patience = patience

    def is_free(self) -> bool:
        """Return whether a call could begin at once."""
        if not self._calling.acquire(blocking=False):
            return False
        self._calling.release()
        return True

    @contextmanager
    def entered(self) -> Iterator[bool]:
        """Enter for one call; False if there was no room in time, and no call may be made."""
        if not self._inside.acquire(blocking=False):
            yield False
            return
        try:
            with self._while_inside():
                may_call = self._calling.acquire(timeout=self._patience)
                try:
                    yield may_call
                finally:
                    if may_call:
                        self._calling.release()
        finally:
            self._inside.release()
