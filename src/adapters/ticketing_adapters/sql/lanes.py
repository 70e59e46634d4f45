"""Keeps the callers of a locked event from holding up those of other events.

Requests of all events share steps, which wait only briefly for a row. When a step gives up, each of
its requests goes to the lane of its own event. The first step there waits briefly, too, since the
row that was locked may be another's; later ones wait as long as they may. Later callers
of an event join its lane as long as anybody is there; of a crowd only a few may wait. Scans do the
same with tickets.
"""

import enum
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from threading import BoundedSemaphore, Lock
from typing import Final, Generic, Protocol, TypeVar

from attrs import define, field
from sqlalchemy import Engine, QueuePool

from ticketing_adapters.sql.batching import Batcher
from ticketing_adapters.sql.failures import is_lock_timeout
from ticketing_adapters.sql.patience import SHORT
from ticketing_core.errors import StoreUnavailable

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

LANE_SECONDS: Final = 2.0
"""How long a caller waits for the running step of a lane. Longer, and the buyers of one locked
event would use up the room that those of other events need."""


def lanes_at_once(engine: Engine) -> int:
    """Return how many connections may wait for events: holds and changes together at most half."""
    pool = engine.pool
    return max(1, pool.size() // 4) if isinstance(pool, QueuePool) else 1


class Blocked(enum.Enum):
    """Stands for the result of a request that did nothing, since a row is locked."""

    BLOCKED = enum.auto()


BLOCKED: Final = Blocked.BLOCKED


class Step(Protocol[T_contra, R_co]):
    """See `Batcher`; with ``patience`` it waits no longer than that for a row.

    Then it raises, unless it has done a part of the requests: the others are `BLOCKED`.
    """

    def __call__(
        self, requests: Sequence[T_contra], /, *, patience: timedelta | None = None
    ) -> Sequence[R_co | Blocked]:
        """Run it."""


@define
class _Lane(Generic[T, R]):
    batcher: Batcher[T, R] = field(init=False)
    callers: int = 0
    is_tried: bool = False
    is_blocked: bool = True


class Lanes(Generic[T, R]):
    """Runs requests in shared steps, and in lanes while rows are locked. Safe to use from threads.

    Args:
        step: Runs requests together.
        lane: Returns what a request may have to wait for: its event, or its ticket.
        conflict_keys: See `Batcher`.
        at_once: The most steps of lanes at a time, each of which keeps a connection while it
            waits; and the most callers that wait in one lane while its row is locked.
    """

    def __init__(
        self,
        step: Step[T, R],
        *,
        lane: Callable[[T], Hashable],
        conflict_keys: Callable[[T], Iterable[Hashable]],
        at_once: int,
    ) -> None:
        self._step = step
        self._lane_of = lane
        self._conflict_keys = conflict_keys
        self._shared: Batcher[T, R | Blocked] = Batcher(self._try, conflict_keys=conflict_keys)
        self._at_once = at_once
        self._may_wait = BoundedSemaphore(at_once)
        self._lock = Lock()
        self._lanes: dict[Hashable, _Lane[T, R]] = {}

    def run(self, request: T) -> R:
        """See `Batcher.run`."""
        key = self._lane_of(request)
        if key not in self._lanes:
            result = self._shared.run(request)
            if result is not BLOCKED:
                return result
        with self._entered(key) as lane:
            return lane.run(request)

    def _try(self, requests: Sequence[T]) -> Sequence[R | Blocked]:
        try:
            return self._step(requests, patience=SHORT)
        except StoreUnavailable as error:
            if is_lock_timeout(error.__cause__):
                return [BLOCKED] * len(requests)
            raise

    def _wait(self, lane: _Lane[T, R], requests: Sequence[T]) -> Sequence[R]:
        if not lane.is_tried:
            # Only a lane whose own row is locked needs one of the few places to wait in.
            lane.is_tried = True
            results = [each for each in self._try(requests) if each is not BLOCKED]
            if len(results) == len(requests):
                lane.is_blocked = False
                return results
        if not self._may_wait.acquire(timeout=LANE_SECONDS):
            raise StoreUnavailable("too many rows are locked by other transactions")
        try:
            results = [each for each in self._step(requests) if each is not BLOCKED]
            lane.is_blocked = False
            return results
        except StoreUnavailable:
            lane.is_blocked = True
            raise
        finally:
            self._may_wait.release()

    @contextmanager
    def _entered(self, key: Hashable) -> Iterator[Batcher[T, R]]:
        with self._lock:
            lane = self._lanes.get(key)
            if lane is None:
                lane = self._lanes[key] = _Lane()
                lane.batcher = Batcher(
                    partial(self._wait, lane),
                    conflict_keys=self._conflict_keys,
                    patience=LANE_SECONDS,
                )
            elif lane.is_blocked and lane.callers >= self._at_once:
                raise StoreUnavailable("too many wait for a row that is locked")
            lane.callers += 1
        try:
            yield lane.batcher
        finally:
            with self._lock:
                lane.callers -= 1
                if not lane.callers:
                    del self._lanes[key]
