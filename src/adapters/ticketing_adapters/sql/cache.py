"""A cache of events.

`get` returns nothing older than a maximum age. `of_any_age` returns what is there, for a sale that
the database checks again.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from datetime import timedelta
from threading import Lock
from typing import Final, Generic, TypeVar

from attrs import define

from ticketing_core.event import Event

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MAX_ENTRIES: Final = 10_000
"""A few megabytes. With more events on sale at a time, the database is read more often."""

NO_CACHE: Final = timedelta(0)


@define
class _Entry(Generic[V]):
    value: V
    as_of: float
    is_refreshing: bool = False


class MaxAgeCache(Generic[K, V]):
    """Values by key, none of which `get` returns when it is older than ``max_age``.

    In the second half of that time one caller refreshes the entry while the others still get the
    old value. So while a key is asked for steadily, no caller waits when its entry expires. Callers
    that find no entry, or one that is too old, each read for themselves.

    Args:
        max_age: The time from reading a value to returning it; zero reads each time.
        now: A monotonic clock, in seconds.
    """

    def __init__(self, *, max_age: timedelta, now: Callable[[], float] = time.monotonic) -> None:
        self._max_age = max_age.total_seconds()
        self._now = now
        self._lock = Lock()
        self._entries: OrderedDict[K, _Entry[V]] = OrderedDict()

    def get(self, key: K, read: Callable[[], V | None]) -> V | None:
        """Return the value, with ``read`` where there is none or it is too old.

        None is not cached.
        """
        now = self._now()
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and not self._claim_refresh(entry, age=now - entry.as_of):
                return entry.value
        try:
            value = read()
        except BaseException:
            if entry is not None:
                entry.is_refreshing = False
            raise
        if value is not None:
            self.put(key, value, as_of=now)
        return value

    def of_any_age(self, key: K) -> V | None:
        """Return the value, however old it is, or None if there is none."""
        entry = self._entries.get(key)
        return None if entry is None else entry.value

    def put(self, key: K, value: V, *, as_of: float) -> None:
        """Store a value that was true at ``as_of``, unless a newer one is there."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or entry.as_of <= as_of:
                self._entries[key] = _Entry(value, as_of)
                self._entries.move_to_end(key)
            if len(self._entries) > MAX_ENTRIES:
                self._entries.popitem(last=False)

    def _claim_refresh(self, entry: _Entry[V], *, age: float) -> bool:
        """Return whether this caller has to refresh the entry, and mark it as being refreshed."""
        if age >= self._max_age:
            return True
        if age < self._max_age / 2 or entry.is_refreshing:
            return False
        entry.is_refreshing = True
        return True


class EventCache:
    """What one process has read of its events. Both repositories of a database share it.

    Args:
        max_age: See `MaxAgeCache`.
        now: A monotonic clock, in seconds.
    """

    def __init__(
        self, *, max_age: timedelta = NO_CACHE, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.now = now
        self.events: MaxAgeCache[int, Event] = MaxAgeCache(max_age=max_age, now=now)
        self.places_are_due: MaxAgeCache[int, bool] = MaxAgeCache(max_age=max_age, now=now)

    def last_read(self, event_ids: Iterable[int]) -> dict[int, Event]:
        """Return the events that are known, however old that is."""
        read = {event_id: self.events.of_any_age(event_id) for event_id in event_ids}
        return {event_id: event for event_id, event in read.items() if event is not None}

    def put(self, events: Iterable[Event], *, as_of: float) -> None:
        """Store events as a step left them. ``as_of`` is an instant before its commit."""
        for event in events:
            self.events.put(event.event_id, event, as_of=as_of)
