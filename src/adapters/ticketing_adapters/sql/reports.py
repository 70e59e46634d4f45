"""What was read of an event a moment ago: reports that may be old by a second, never decisions."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from datetime import timedelta
from threading import Lock
from typing import Final, Generic, TypeVar

from attrs import define

from ticketing_core.event import Event

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

MOST_EVENTS: Final = 10_000
"""A few megabytes; who sells more at a time reads the rest anew."""

EXACT: Final = timedelta(0)


@define
class _Entry(Generic[Value]):
    value: Value
    as_of: float
    is_being_read: bool = False


class Recent(Generic[Key, Value]):
    """Values by key, none of which is told when it is older than ``oldest``.

    In the second half of that time one caller reads anew while the others still get the old
    value: nobody waits when it ends, and the store is asked twice in that time at most.

    Args:
        oldest: From the reading to the telling; zero reads each time.
        now: Seconds that only rise.
    """

    def __init__(self, *, oldest: timedelta, now: Callable[[], float] = time.monotonic) -> None:
        self._oldest = oldest.total_seconds()
        self._now = now
        self._lock = Lock()
        self._entries: OrderedDict[Key, _Entry[Value]] = OrderedDict()

    def get(self, key: Key, read: Callable[[], Value | None]) -> Value | None:
        """The value, by ``read`` if it is not known or too old. None is not remembered."""
        now = self._now()
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and self._is_usable(entry, age=now - entry.as_of):
                return entry.value
        try:
            value = read()
        except BaseException:
            if entry is not None:
                entry.is_being_read = False
            raise
        if value is not None:
            self.put(key, value, as_of=now)
        return value

    def put(self, key: Key, value: Value, *, as_of: float) -> None:
        """Know a value that was true at ``as_of``, unless a newer one is known."""
        if not self._oldest:
            return
        with self._lock:
            known = self._entries.get(key)
            if known is None or known.as_of <= as_of:
                self._entries[key] = _Entry(value, as_of)
                self._entries.move_to_end(key)
            if len(self._entries) > MOST_EVENTS:
                self._entries.popitem(last=False)

    def _is_usable(self, entry: _Entry[Value], *, age: float) -> bool:
        if age >= self._oldest:
            return False
        if age < self._oldest / 2 or entry.is_being_read:
            return True
        entry.is_being_read = True
        return False


class Reports:
    """What both repositories of one database know of its events.

    Args:
        oldest: How old a report may be.
        now: Seconds that only rise.
    """

    def __init__(
        self, *, oldest: timedelta = EXACT, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.now = now
        self.events: Recent[int, Event] = Recent(oldest=oldest, now=now)
        self.places_are_due: Recent[int, bool] = Recent(oldest=oldest, now=now)

    def see(self, events: Iterable[Event], *, as_of: float) -> None:
        """Know events as a step left them, from before it was committed."""
        for event in events:
            self.events.put(event.event_id, event, as_of=as_of)
