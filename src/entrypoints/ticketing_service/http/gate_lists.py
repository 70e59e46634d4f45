"""Caches signed gate lists, so that each is made once for all devices within a few seconds."""

import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import Protocol

from attrs import define, field

from ticketing_core.errors import StoreUnavailable
from ticketing_core.gate import Gate
from ticketing_core.gate_list import GateList

MAX_AGE_SECONDS = 10.0
"""Making a list reads all tickets of the event. Devices fetch it once a minute."""

WAIT_SECONDS = 5.0
"""The longest wait for a list that another thread makes. That of 100,000 tickets takes less than a
second. Requests that wait keep slots that scanners need."""

MOST_KEPT = 32
"""The most events in the cache. The list of 100,000 tickets has less than 100 kB."""


class SignedList(Protocol):
    """A gate list that devices can check."""

    @property
    def text(self) -> str:
        """The list, signed."""

    @property
    def etag(self) -> str:
        """Equal for lists with the same content, so that devices need not fetch it again."""


SignGateList = Callable[[GateList, datetime], SignedList]
"""Signs a list at a time."""


@define
class _Kept:
    """The cached list of an event, and the lock for making the next one."""

    lock: Lock = field(factory=Lock)
    made: tuple[float, SignedList] | None = None


class GateLists:
    """A cache of signed gate lists. Safe to use from several threads.

    Args:
        gate: Makes the lists.
        sign: Signs them.
        seconds: Returns a time in seconds that never goes back.
    """

    def __init__(
        self, gate: Gate, sign: SignGateList, *, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._gate = gate
        self._sign = sign
        self._seconds = seconds
        self._lock = Lock()
        self._by_event = OrderedDict[int, _Kept]()

    def of(self, event_id: int) -> SignedList:
        """Return the list of an event that exists. It is at most `MAX_AGE_SECONDS` old.

        Raises:
            StoreUnavailable: The tickets cannot be read, or not in time.
        """
        kept = self._kept(event_id)
        if not kept.lock.acquire(timeout=WAIT_SECONDS):
            raise StoreUnavailable("the gate list is still being made")
        try:
            now = self._seconds()
            if kept.made is not None and now - kept.made[0] < MAX_AGE_SECONDS:
                return kept.made[1]
            signed = self._sign(self._gate.gate_list(event_id), self._gate.clock.now())
            kept.made = now, signed
            return signed
        finally:
            kept.lock.release()

    def _kept(self, event_id: int) -> _Kept:
        with self._lock:
            kept = self._by_event.setdefault(event_id, _Kept())
            self._by_event.move_to_end(event_id)
            if len(self._by_event) > MOST_KEPT:
                self._by_event.popitem(last=False)
            return kept
