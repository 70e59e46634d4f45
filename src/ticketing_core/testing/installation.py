"""Leases, strays and the state of an installation in memory, for tests and demonstrations."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from threading import RLock

from attrs import evolve

from ticketing_core import schedule
from ticketing_core.installation import InstallationState, last_skipped_id, next_epoch
from ticketing_core.stray import Stray
from ticketing_core.testing.events import InMemoryEvents


class InMemoryLeases:
    """Keeps leases in a dictionary."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._held: dict[str, tuple[str, datetime]] = {}

    def acquire(
        self,
        name: str,
        *,
        holder: str,
        now: datetime,
        lasting: timedelta,
        at_most: timedelta | None = None,
    ) -> bool:
        """See `Leases.acquire`."""
        with self._lock:
            owner, ends = self._held.get(name, (holder, now))
            is_free = schedule.lease_is_free(ends=ends, now=now, at_most=at_most or lasting)
            if owner != holder and not is_free:
                return False
            self._held[name] = (holder, now + lasting)
            return True


class InMemoryStrays:
    """Keeps strays in a dictionary."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._by_checkout: dict[str, Stray] = {}

    def put(self, stray: Stray) -> None:
        """See `StrayRepository.put`."""
        with self._lock:
            known = self._by_checkout.get(stray.checkout_id, stray)
            self._by_checkout[stray.checkout_id] = evolve(stray, first_seen_at=known.first_seen_at)

    def by_checkout(self, checkout_id: str) -> Stray | None:
        """See `StrayRepository.by_checkout`."""
        with self._lock:
            return self._by_checkout.get(checkout_id)

    def unsettled(self, *, after: str, limit: int) -> Sequence[Stray]:
        """See `StrayRepository.unsettled`."""
        with self._lock:
            ids = sorted(each for each in self._by_checkout if each > after)
            strays = [self._by_checkout[each] for each in ids]
        return [stray for stray in strays if stray.settled_at is None][:limit]


class InMemoryInstallation:
    """Keeps the state of an installation.

    Args:
        events: The store that takes no holds during a restore.
    """

    def __init__(self, events: InMemoryEvents) -> None:
        self._events = events
        self._state = InstallationState()

    def state(self) -> InstallationState:
        """See `Installation.state`."""
        with self._events.lock:
            events = self._events
            return evolve(self._state, restoring_since=events.restoring_since, epoch=events.epoch)

    def move_news_position(self, to: datetime) -> None:
        """See `Installation.move_news_position`."""
        with self._events.lock:
            self._state = evolve(self._state, news_position=to)

    def begin_restore(self, *, at: datetime) -> None:
        """See `Installation.begin_restore`."""
        with self._events.lock:
            if self._events.restoring_since is None:
                self._events.restoring_since = at
                self._events.epoch = next_epoch(self._events.epoch, at=at)

    def skip_ids(self, *, named: int, gap: int) -> None:
        """See `Installation.skip_ids`."""
        with self._events.lock:
            events = self._events
            events.last_ticket_id = last_skipped_id(events.last_ticket_id, named, gap=gap)
            events.last_event_id = last_skipped_id(events.last_event_id, gap=gap)

    def end_restore(self) -> None:
        """See `Installation.end_restore`."""
        with self._events.lock:
            self._events.restoring_since = None
