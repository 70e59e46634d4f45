"""The contract of `EventRepository`."""

import abc
from datetime import timedelta

from ticketing_core.event import Added, IdTaken
from ticketing_core.ports.repository import EventRepository
from ticketing_core.testing.contracts.examples import NOON, event_draft, stored_event


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
        )
        outcome = events.add(draft)
        assert isinstance(outcome, Added)
        event = events.by_id(15)
        assert event == outcome.event
        assert event is not None
        assert (event.name, event.price, event.capacity) == (draft.name, draft.price, 10)
        assert (event.opens_at, event.closes_at) == (draft.opens_at, draft.closes_at)
        assert (event.max_per_order, event.max_per_buyer, event.kept) == (4, 6, 0)

    def test_an_id_is_given_once(self) -> None:
        """A second event with the same id is refused and changes nothing."""
        events = self.make_events()
        first = stored_event(events, event_id=7, name="First")
        assert events.add(event_draft(event_id=7, name="Second")) == IdTaken(7)
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
        assert events.by_id(1) is None
        assert events.by_id(2**80) is None

    def test_pages_go_from_new_to_old_without_gaps(self) -> None:
        """Following ``before`` returns each event once, the largest id first."""
        events = self.make_events()
        ids = [stored_event(events, event_id=n).event_id for n in (3, 1, 9, 5, 7)]
        seen: list[int] = []
        while page := events.newest(before=seen[-1] if seen else None, limit=2):
            assert len(page) <= 2
            seen += [event.event_id for event in page]
        assert seen == sorted(ids, reverse=True)
