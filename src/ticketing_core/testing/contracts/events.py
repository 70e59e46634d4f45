"""The contract of `EventRepository`."""

import abc
from datetime import timedelta

from ticketing_core.event import Added, IdTaken
from ticketing_core.ports.repository import EventRepository
from ticketing_core.testing.contracts.examples import NOON, event_draft, stored_event


class EventRepositoryContract(abc.ABC):
    """What every event repository does. Inherit, and say how to make an empty one."""

    @abc.abstractmethod
    def make_events(self) -> EventRepository:
        """A repository without events."""

    def test_a_stored_event_reads_back_to_the_letter(self) -> None:
        """Every value comes back as it went in, instants to the microsecond."""
        events = self.make_events()
        asked = event_draft(
            event_id=15,
            name="Ünïcode — 音楽 🎷",
            opens_at=NOON,
            closes_at=NOON + timedelta(days=1),
            max_per_order=4,
            max_per_buyer=6,
        )
        outcome = events.add(asked)
        assert isinstance(outcome, Added)
        event = events.by_id(15)
        assert event == outcome.event
        assert event is not None
        assert (event.name, event.price, event.capacity) == (asked.name, asked.price, 10)
        assert (event.opens_at, event.closes_at) == (asked.opens_at, asked.closes_at)
        assert (event.max_per_order, event.max_per_buyer, event.kept) == (4, 6, 0)

    def test_an_id_is_given_once(self) -> None:
        """A second event under the same id is refused and changes nothing."""
        events = self.make_events()
        first = stored_event(events, event_id=7, name="First")
        assert events.add(event_draft(event_id=7, name="Second")) == IdTaken(7)
        assert events.by_id(7) == first

    def test_free_ids_do_not_meet_wished_ones(self) -> None:
        """Events without a wished id get ids nobody has, below and above wished ones."""
        events = self.make_events()
        wished = [stored_event(events, event_id=n).event_id for n in (2, 4)]
        given = [stored_event(events).event_id for _ in range(4)]
        assert len({*wished, *given}) == 6

    def test_an_unknown_event_is_none(self) -> None:
        """Ids that were never given, and ids beyond any integer column, are answered alike."""
        events = self.make_events()
        assert events.by_id(1) is None
        assert events.by_id(2**80) is None

    def test_pages_go_from_new_to_old_without_gaps(self) -> None:
        """Following ``before`` shows each event once, newest id first."""
        events = self.make_events()
        ids = [stored_event(events, event_id=n).event_id for n in (3, 1, 9, 5, 7)]
        seen: list[int] = []
        while page := events.newest(before=seen[-1] if seen else None, limit=2):
            assert len(page) <= 2
            seen += [event.event_id for event in page]
        assert seen == sorted(ids, reverse=True)
