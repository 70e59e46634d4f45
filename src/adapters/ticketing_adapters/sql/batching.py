"""Group commit, without a thread of its own: callers that arrive while a step runs share the next.

A caller that finds no step running runs its own at once. Callers that arrive meanwhile queue. When
the step ends, the first of them becomes the leader and runs one step for the whole batch; the
others follow. So a caller usually waits for the running step and its own. It waits longer only
behind more than `MAX_BATCH` callers, behind one with a common key, or when a step fails. A leader
that is not alone first pauses for ten milliseconds at most, so that more join.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from threading import Lock
from time import monotonic, sleep
from typing import Generic, TypeVar

from ticketing_core.errors import StoreUnavailable

T = TypeVar("T")
R = TypeVar("R")

MAX_BATCH = 200
"""Keeps a step at some ten milliseconds. That long, others wait for the event's row."""

ENOUGH = 12
"""A batch of this size need not wait for more: what a step costs by itself hardly counts."""

PAUSE_SECONDS = 0.001
"""One pause, in which a busy process prepares one or two more requests."""

MOST_PAUSES = 10
"""Ten milliseconds in all: less than a request takes when 30 of them share a process."""

MAX_WAIT_SECONDS = 40.0
"""For the running step and the caller's own; the engine's time-outs end each of them."""

_TOO_MANY = "too many steps wait for the database"


class _Caller(Generic[T, R]):
    """A waiting call. Its turn comes when it is done, or has to lead."""

    __slots__ = ("error", "is_done", "keys", "leads", "request", "result", "turn")

    def __init__(self, request: T, *, keys: frozenset[Hashable]) -> None:
        self.request = request
        self.keys = keys
        self.leads = False
        self.is_done = False
        self.result: R | None = None
        self.error: Exception | None = None
        self.turn = Lock()
        self.turn.acquire()


class Batcher(Generic[T, R]):
    """Runs each request in a step that many may share. Safe to use from several threads.

    Args:
        step: Returns the results in the order of the requests. It does everything, or it does
            nothing and raises; after a `StoreUnavailable` the outcome is unknown.
        conflict_keys: Returns the keys of a request, such as the ticket that it changes. Requests
            with a key in common never share a step, and run in the order of their arrival.
        patience: How long a caller waits for its turn, in seconds. Behind a step that has run for
            as long already, it does not wait at all.
    """

    def __init__(
        self,
        step: Callable[[Sequence[T]], Sequence[R]],
        *,
        conflict_keys: Callable[[T], Iterable[Hashable]] = lambda _: (),
        patience: float | None = None,
    ) -> None:
        self._step = step
        self._patience = MAX_WAIT_SECONDS if patience is None else patience
        self._began_at = 0.0
        self._conflict_keys = conflict_keys
        self._lock = Lock()
        self._is_running = False
        self._waiting: list[_Caller[T, R]] = []

    def run(self, request: T) -> R:
        """Run the request and return its own result.

        Raises:
            StoreUnavailable: The step had no answer, or its turn did not come in time; the
                outcome is unknown.
            Exception: What the step raises for this request alone.
        """
        caller: _Caller[T, R] = _Caller(request, keys=frozenset(self._conflict_keys(request)))
        try:
            self._join(caller)
            if not caller.leads:
                self._await_turn(caller)
            if caller.leads:
                self._lead(caller)
        except BaseException:
            # A thread that is interrupted here must not stop the service for the others.
            self._withdraw(caller)
            raise
        if caller.error is not None:
            raise caller.error
        return caller.result  # type: ignore[return-value]  # None only if that is the result

    def _join(self, caller: _Caller[T, R]) -> None:
        with self._lock:
            if not self._is_running:
                self._began_at = monotonic()
                caller.leads = self._is_running = True
            elif monotonic() - self._began_at > self._patience:
                raise StoreUnavailable(_TOO_MANY)
            self._waiting.append(caller)

    def _await_turn(self, caller: _Caller[T, R]) -> None:
        if caller.turn.acquire(timeout=self._patience):
            return
        with self._lock:
            if caller.leads or caller.is_done:
                # The turn came at this very moment.
                return
        raise StoreUnavailable(_TOO_MANY)

    def _lead(self, leader: _Caller[T, R]) -> None:
        """Run one step for the batch, then let the next caller lead."""
        batch: list[_Caller[T, R]] = []
        try:
            self._gather()
            with self._lock:
                batch = self._take_batch()
            self._run_step(batch)
        finally:
            # Before the results are handed out, so that the database is not idle meanwhile.
            self._hand_over(leader)
            for caller in batch:
                if not caller.is_done:
                    # Something interrupted this thread in the middle of the step.
                    caller.error = StoreUnavailable("the step was interrupted")
                if caller is not leader:
                    caller.turn.release()

    def _gather(self) -> None:
        """Pause while callers keep arriving, unless the leader is alone.

        A step costs as much as several of its requests. Without a pause the steps of a crowd are
        so short that few requests share one.
        """
        here = len(self._waiting)
        for _ in range(MOST_PAUSES):
            if not 1 < here < ENOUGH:
                return
            sleep(PAUSE_SECONDS)
            before, here = here, len(self._waiting)
            if here == before:
                return

    def _take_batch(self) -> list[_Caller[T, R]]:
        """Remove and return the callers that waited longest and have no key in common."""
        batch: list[_Caller[T, R]] = []
        left: list[_Caller[T, R]] = []
        seen: set[Hashable] = set()
        for caller in self._waiting:
            fits = len(batch) < MAX_BATCH and seen.isdisjoint(caller.keys)
            # The keys of a caller that is left count too: requests of one key stay in order.
            seen |= caller.keys
            (batch if fits else left).append(caller)
        self._waiting = left
        return batch

    def _hand_over(self, leader: _Caller[T, R]) -> None:
        """Let the next caller lead, if there is one. Repeating this changes nothing."""
        with self._lock:
            if not leader.leads:
                return
            leader.leads = False
            if self._waiting:
                self._began_at = monotonic()
                following = self._waiting[0]
                following.leads = True
                following.turn.release()
            else:
                self._is_running = False

    def _withdraw(self, caller: _Caller[T, R]) -> None:
        """Remove a caller that waits no longer, and hand over if it leads."""
        with self._lock:
            if caller in self._waiting:
                self._waiting.remove(caller)
        self._hand_over(caller)

    def _run_step(self, batch: Sequence[_Caller[T, R]]) -> None:
        try:
            results = self._step([caller.request for caller in batch])
        except StoreUnavailable as error:
            for caller in batch:
                # One error each: a traceback belongs to one thread.
                caller.error = StoreUnavailable(error.reason)
                caller.error.__cause__ = error
                caller.is_done = True
        except Exception as error:  # noqa: BLE001 - raised again, in the caller that caused it
            if len(batch) == 1:
                batch[0].error = error
                batch[0].is_done = True
                return
            # Nothing was done. Run each request alone: only the one at fault fails.
            for caller in batch:
                self._run_step([caller])
        else:
            for caller, result in zip(batch, results, strict=True):
                caller.result = result
                caller.is_done = True
