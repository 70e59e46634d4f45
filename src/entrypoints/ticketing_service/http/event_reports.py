"""Caches the reports of events, so that each is added up once for all callers."""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from attrs import define, field

from ticketing_core import EventRecords, EventReport
from ticketing_core.errors import StoreUnavailable

FRESH_SECONDS = 5.0
"""Pages that show a sale ask this often."""

REST = 20
"""A report is cached for this many times as long as it took to make, so that pages which ask again
and again keep the database busy for at most a twentieth of the time."""

WAIT_SECONDS = 5.0
"""The longest wait for the first report of an event. A request that waits keeps a slot."""

MOST_KEPT = 32
"""The most events in the cache. The report of a sale of one year has 100 kB."""


@define
class _Kept:
    """The cached report of an event, the end of its life, and the lock for making the next one."""

    lock: Lock = field(factory=Lock)
    made: EventReport | None = None
    until: float = 0.0


class SharedReports:
    """A cache of reports. Safe to use from several threads.

    Args:
        records: Makes the reports.
        seconds: Returns a time in seconds that never goes back.
    """

    def __init__(
        self, records: EventRecords, *, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._records = records
        self._seconds = seconds
        self._lock = Lock()
        self._by_event = OrderedDict[int, _Kept]()

    def of(self, event_id: int) -> EventReport:
        """Return the report of an event that exists.

        One caller at a time makes a new one. Meanwhile the others get the previous one.

        Raises:
            StoreUnavailable: The tickets cannot be read, or not in time.
        """
        kept = self._kept(event_id)
        last = kept.made
        if last is not None and self._seconds() < kept.until:
            return last
        if not kept.lock.acquire(timeout=WAIT_SECONDS if last is None else 0):
            if last is None:
                raise StoreUnavailable("the report is still being made")
            return last
        try:
            began = self._seconds()
            if kept.made is None or began >= kept.until:
                kept.made = self._records.report(event_id)
                ended = self._seconds()
                kept.until = ended + max(FRESH_SECONDS, REST * (ended - began))
            return kept.made
        finally:
            kept.lock.release()

    def _kept(self, event_id: int) -> _Kept:
        with self._lock:
            kept = self._by_event.setdefault(event_id, _Kept())
            self._by_event.move_to_end(event_id)
            if len(self._by_event) > MOST_KEPT:
                self._by_event.popitem(last=False)
            return kept
