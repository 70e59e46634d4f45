"""The contract of `EventRepository`."""

import abc
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

from attrs import evolve

from ticketing_core.errors import IdTaken
from ticketing_core.event import (
    ADDED,
    Added,
    Edited,
    EditedMeanwhile,
    EventHistoryEntry,
)
from ticketing_core.ports.events import EventRepository
from ticketing_core.testing.contracts.examples import FREE, NOON, event_draft, stored_event
from ticketing_core.testing.contracts.holds import THREADS


class EventRepositoryContract(abc.ABC):
    """The tests of every event repository."""

    @abc.abstractmethod
    def make_events(self) -> EventRepository:
        """Return a repository without events."""

    def test_a_stored_event_reads_back_unchanged(self) -> None:
        """So does every value, instants to the microsecond."""
        events = self.make_events()
        draft = event_draft(
            event_id=15,
            name="Ünïcode — 音楽\u3000👨\u200d👩\u200d👧 \u200fא",
            opens_at=NOON,
            closes_at=NOON + timedelta(days=1),
            max_per_order=4,
            max_per_buyer=6,
            doors_at=NOON + timedelta(days=2),
            starts_at=NOON + timedelta(days=2, hours=1),
            ends_at=NOON + timedelta(days=2, hours=3),
            venue="Große Halle, Straße 1",
            time_zone="Europe/Berlin",
        )
        outcome = events.add(draft, at=NOON, by="suite")
        assert isinstance(outcome, Added)
        event = events.by_id(15)
        assert event == outcome.event
        assert event is not None
        assert (event.name, event.price, event.capacity) == (draft.name, draft.price, 10)
        assert (event.opens_at, event.closes_at) == (draft.opens_at, draft.closes_at)
        assert (event.max_per_order, event.max_per_buyer, event.kept) == (4, 6, 0)
        assert event.terms == {name: getattr(draft, name) for name in event.terms}
        assert (event.version, event.cancelled_at, event.unwound_at) == (1, None, None)

    def test_an_id_is_given_once(self) -> None:
        """A second event with the same id is refused and changes nothing."""
        events = self.make_events()
        first = stored_event(events, event_id=7, name="First")
        second = event_draft(event_id=7, name="Second")
        assert events.add(second, at=NOON, by="suite") == IdTaken(7)
        assert events.by_id(7) == first

    def test_new_ids_avoid_chosen_ones(self) -> None:
        """An event without an id gets a free one, below or above the chosen ones."""
        events = self.make_events()
        chosen = [stored_event(events, event_id=n).event_id for n in (2, 4)]
        given = [stored_event(events).event_id for _ in range(4)]
        assert len({*chosen, *given}) == 6

    def test_an_unknown_event_is_none(self) -> None:
        """So is an id beyond any integer column."""
        events = self.make_events()
        for read in (events.by_id, events.to_sell):
            assert read(1) is None
            assert read(2**80) is None

    def test_what_is_sold_may_be_old_if_it_is_free(self) -> None:
        """A free event may be sold as it was once; a paid one has the price of now."""
        events = self.make_events()
        free, paid = stored_event(events, price=FREE), stored_event(events)
        for event in (free, paid):
            assert events.to_sell(event.event_id) == event
            new = event.edited(name="Another name")
            events.replace(event, new, at=NOON, why="edited", by="suite")
        assert events.to_sell(free.event_id) in (free, events.by_id(free.event_id))
        assert events.to_sell(paid.event_id) == events.by_id(paid.event_id)

    def test_pages_go_from_new_to_old_without_gaps(self) -> None:
        """Following ``before`` returns each event once, the largest id first."""
        events = self.make_events()
        ids = [stored_event(events, event_id=n).event_id for n in (3, 1, 9, 5, 7)]
        seen: list[int] = []
        while page := events.newest(before=seen[-1] if seen else None, limit=2):
            assert len(page) <= 2
            seen += [event.event_id for event in page]
        assert seen == sorted(ids, reverse=True)

    def test_a_change_is_stored_once(self) -> None:
        """It reads back unchanged, and a repeat returns it and writes nothing."""
        events = self.make_events()
        old = stored_event(events, opens_at=NOON, max_per_buyer=2)
        new = old.edited(name="New", opens_at=None, capacity=99, venue="Hall", max_per_buyer=None)
        for _ in range(2):
            outcome = events.replace(old, new, at=NOON, why="as tested", by="organizer 7")
            assert outcome == Edited(new)
            assert events.latest(old.event_id) == new
        assert list(events.history(old.event_id, before=None, limit=9)) == [
            EventHistoryEntry(version=2, at=NOON, why="as tested", by="organizer 7"),
            EventHistoryEntry(version=1, at=NOON, why=ADDED, by="suite"),
        ]

    def test_a_change_of_an_old_version_writes_nothing(self) -> None:
        """It returns the event as it is now."""
        events = self.make_events()
        old = stored_event(events)
        first, second = old.edited(name="First"), old.edited(name="Second")
        assert events.replace(old, first, at=NOON, why="one", by="suite") == Edited(first)
        stale = events.replace(old, second, at=NOON, why="two", by="suite")
        assert stale == EditedMeanwhile(first)
        assert events.latest(old.event_id) == first
        changes = events.history(old.event_id, before=None, limit=9)
        assert [entry.why for entry in changes] == ["one", ADDED]

    def test_only_one_of_several_changes_at_once_is_stored(self) -> None:
        """The others learn of it; nobody overwrites what they have not read."""
        events = self.make_events()
        old = stored_event(events)

        def change(number: int) -> object:
            new = old.edited(name=f"Name {number}")
            return events.replace(old, new, at=NOON, why="test", by="suite")

        with ThreadPoolExecutor(THREADS) as pool:
            outcomes = list(pool.map(change, range(THREADS)))
        assert sum(isinstance(each, Edited) for each in outcomes) == 1
        assert len(events.history(old.event_id, before=None, limit=THREADS)) == 2

    def test_an_unknown_event_cannot_be_changed(self) -> None:
        """That is a bug of the caller."""
        events = self.make_events()
        never = evolve(stored_event(events), event_id=77)
        with suppress(LookupError):
            events.replace(never, never.edited(name="New"), at=NOON, why="test", by="suite")
            raise AssertionError("it was changed")

    def test_cancelled_events_are_found_until_they_are_unwound(self) -> None:
        """In the order of their ids."""
        events = self.make_events()
        cancelled = []
        for _ in range(3):
            event = stored_event(events)
            new = event.cancelled(at=NOON)
            events.replace(event, new, at=NOON, why="test", by="suite")
            cancelled.append(new)
        assert events.unwinding() == cancelled
        done = cancelled[1]
        events.replace(done, done.unwound(at=NOON), at=NOON, why="test", by="suite")
        assert events.unwinding() == [cancelled[0], cancelled[2]]

    def test_the_history_has_pages(self) -> None:
        """The newest changes first. A cursor may be any number."""
        events = self.make_events()
        event, other = stored_event(events), stored_event(events)
        for number in range(4):
            new = event.edited(name=f"Name {number}")
            events.replace(event, new, at=NOON, why="test", by="suite")
            event = new
        events.replace(other, other.edited(name="New"), at=NOON, why="test", by="suite")
        seen: list[int] = []
        while page := events.history(event.event_id, before=seen[-1] if seen else None, limit=2):
            assert len(page) <= 2
            seen += [each.version for each in page]
        assert seen == [5, 4, 3, 2, 1]
        for beyond in (2**31, 2**53, 2**80):
            assert len(events.history(event.event_id, before=beyond, limit=9)) == 5
        for before in (-1, 0, 1):
            assert list(events.history(event.event_id, before=before, limit=9)) == []

    def test_an_unknown_event_has_no_history(self) -> None:
        """Nor has an id beyond any integer column."""
        events = self.make_events()
        for number in (1, 2**80):
            assert list(events.history(number, before=None, limit=9)) == []
        assert events.latest(1) is events.latest(2**80) is None
