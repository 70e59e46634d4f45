"""Events in memory, for tests and demonstrations."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from threading import RLock

from attrs import evolve

from ticketing_core.errors import CapacityBelowKept, IdTaken
from ticketing_core.event import (
    ADDED,
    Added,
    Edited,
    EditedMeanwhile,
    Event,
    EventDraft,
    EventHistoryEntry,
)
from ticketing_core.message import MessageDraft, event_message


class InMemoryEvents:
    """Keeps events and their history in dictionaries.

    Attributes:
        tell: Takes the message of each change, in the same step. For `InMemoryOutbox` only.
    """

    def __init__(self) -> None:
        self.lock = RLock()
        self._by_id: dict[int, Event] = {}
        self._as_added: dict[int, Event] = {}
        self._history: dict[int, tuple[EventHistoryEntry, ...]] = {}
        self.restoring_since: datetime | None = None
        self.epoch = 1
        self.tell: Callable[[MessageDraft], None] = _nobody
        self.last_event_id = self.last_ticket_id = 0

    def add(self, draft: EventDraft, *, at: datetime, by: str) -> Added | IdTaken:
        """See `EventRepository.add`."""
        with self.lock:
            event_id = draft.event_id or self.last_event_id + 1
            if event_id in self._by_id:
                return IdTaken(event_id)
            stored = draft.event(event_id)
            self.last_event_id = max(self.last_event_id, event_id)
            self._write(None, stored, at=at, why=ADDED, by=by)
            return Added(stored)

    def replace(
        self, old: Event, new: Event, *, at: datetime, why: str, by: str
    ) -> Edited | EditedMeanwhile | CapacityBelowKept:
        """See `EventRepository.replace`."""
        with self.lock:
            current = self._by_id.get(old.event_id)
            if current is None:
                raise LookupError(f"event {old.event_id} was never stored")
            new = evolve(new, kept=current.kept)
            if current == new:
                return Edited(current)
            if current.version != old.version:
                return EditedMeanwhile(current)
            if new.capacity < current.kept:
                return CapacityBelowKept(current.kept)
            self._write(current, new, at=at, why=why, by=by)
            return Edited(new)

    def by_id(self, event_id: int) -> Event | None:
        """See `EventRepository.by_id`."""
        with self.lock:
            return self._by_id.get(event_id)

    def to_sell(self, event_id: int) -> Event | None:
        """See `EventRepository.to_sell`. A free event is as old as can be."""
        with self.lock:
            added = self._as_added.get(event_id)
        return added if added is not None and added.is_free else self.by_id(event_id)

    def latest(self, event_id: int) -> Event | None:
        """See `EventRepository.latest`."""
        return self.by_id(event_id)

    def newest(self, *, before: int | None, limit: int) -> Sequence[Event]:
        """See `EventRepository.newest`."""
        with self.lock:
            ids = sorted(self._by_id, reverse=True)
            return [self._by_id[i] for i in ids if before is None or i < before][:limit]

    def unwinding(self) -> Sequence[Event]:
        """See `EventRepository.unwinding`."""
        with self.lock:
            return [event for _, event in sorted(self._by_id.items()) if event.is_unwinding]

    def history(
        self, event_id: int, *, before: int | None, limit: int
    ) -> Sequence[EventHistoryEntry]:
        """See `EventRepository.history`."""
        with self.lock:
            newest = self._history.get(event_id, ())[::-1]
        return [each for each in newest if before is None or each.version < before][:limit]

    def change_kept(self, event_id: int, by: int) -> None:
        """Add places taken, or subtract places freed. For `InMemoryTickets` only."""
        event = self._by_id[event_id]
        kept = event.kept + by
        # A database checks this with a constraint.
        if not 0 <= kept <= event.capacity:
            raise AssertionError(f"event {event_id} would keep {kept} of {event.capacity} places")
        self._by_id[event_id] = evolve(event, kept=kept)

    def rename_authors(self, names: Mapping[str, str]) -> None:
        """Give the authors of changes other names. For `InMemoryAuthors` only."""
        for event_id, changes in self._history.items():
            self._history[event_id] = tuple(
                evolve(each, by=names.get(each.by, each.by)) for each in changes
            )

    def _write(self, old: Event | None, new: Event, *, at: datetime, why: str, by: str) -> None:
        self._by_id[new.event_id] = new
        self._as_added.setdefault(new.event_id, new)
        entry = EventHistoryEntry(version=new.version, at=at, why=why, by=by)
        self._history[new.event_id] = (*self._history.get(new.event_id, ()), entry)
        self.tell(event_message(old, new, at=at))


def _nobody(_: MessageDraft) -> None:
    """There is no outbox."""
