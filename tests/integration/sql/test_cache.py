"""The cache of events: no value is older than its maximum age, and few reads keep it so."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from attrs import define, evolve
from sqlalchemy import Engine, event, update

from ticketing_adapters.sql import EventCache, SqlEvents, SqlTickets
from ticketing_adapters.sql.cache import MaxAgeCache
from ticketing_adapters.sql.tables import events as events_table
from ticketing_core.errors import SoldOut
from ticketing_core.reservation import Held
from ticketing_core.testing.contracts.examples import draft, held, stored, stored_event

SECOND = timedelta(seconds=1)


@define
class Seconds:
    """A clock that the test sets."""

    now: float = 100.0

    def __call__(self) -> float:
        """See `time.monotonic`."""
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    """A clock that stands still."""
    return Seconds()


def counting() -> Callable[[], int]:
    """Return a function that returns another value at each call."""
    return count(1).__next__


def test_a_value_is_cached_up_to_its_maximum_age(seconds: Seconds) -> None:
    """In the first half of that time nothing is read; at its end the value is read again."""
    cache: MaxAgeCache[str, int] = MaxAgeCache(max_age=SECOND, now=seconds)
    read = counting()
    assert [cache.get("a", read), cache.get("a", read)] == [1, 1]
    seconds.now += 0.49
    assert cache.get("a", read) == 1
    seconds.now += 0.51
    assert cache.get("a", read) == 2
    assert cache.get("b", read) == 3


def test_one_caller_refreshes_while_the_others_get_the_old_value(seconds: Seconds) -> None:
    """In the second half of that time; no caller waits for another one's read."""
    cache: MaxAgeCache[str, int] = MaxAgeCache(max_age=SECOND, now=seconds)
    cache.get("a", lambda: 1)
    seconds.now += 0.5
    others = []

    def read() -> int:
        others.append(cache.get("a", lambda: 99))
        return 2

    assert cache.get("a", read) == 2
    assert others == [1]
    assert cache.get("a", lambda: 99) == 2


def test_a_refresh_that_fails_is_repeated(seconds: Seconds) -> None:
    """The caller that read gets the error, and the next caller reads."""
    cache: MaxAgeCache[str, int] = MaxAgeCache(max_age=SECOND, now=seconds)
    cache.get("a", lambda: 1)
    seconds.now += 0.5

    def fail() -> int:
        raise OSError("away")

    with pytest.raises(OSError, match="away"):
        cache.get("a", fail)
    assert cache.get("a", lambda: 2) == 2


def test_the_newer_value_wins(seconds: Seconds) -> None:
    """A slow read does not overwrite what a step has stored since the read began."""
    cache: MaxAgeCache[str, int] = MaxAgeCache(max_age=SECOND, now=seconds)

    def read() -> int:
        seconds.now += 0.1
        cache.put("a", 2, as_of=seconds.now)
        return 1

    cache.get("a", read)
    assert cache.get("a", lambda: 99) == 2


def test_none_is_not_cached(seconds: Seconds) -> None:
    """The event may be added at any moment."""
    cache: MaxAgeCache[str, int] = MaxAgeCache(max_age=SECOND, now=seconds)
    assert cache.get("a", lambda: None) is None
    assert cache.get("a", lambda: 1) == 1


def test_a_maximum_age_of_zero_reads_each_time(seconds: Seconds) -> None:
    """This is the default of the repositories."""
    cache: MaxAgeCache[str, int] = MaxAgeCache(max_age=timedelta(0), now=seconds)
    read = counting()
    assert [cache.get("a", read), cache.get("a", read)] == [1, 2]


@pytest.fixture
def statements(engine: Engine) -> Iterator[list[str]]:
    """The statements that the database gets."""
    sent: list[str] = []

    def record(*call: object) -> None:
        sent.append(str(call[2]))

    event.listen(engine, "before_cursor_execute", record)
    yield sent
    event.remove(engine, "before_cursor_execute", record)


def test_own_steps_show_at_once_and_those_of_others_within_the_second(
    engine: Engine, seconds: Seconds, statements: list[str]
) -> None:
    """Places that this process takes and frees are known without reading the database."""
    cache = EventCache(max_age=SECOND, now=seconds)
    events, tickets = SqlEvents(engine, cache=cache), SqlTickets(engine, cache=cache)
    event_ = stored_event(events, capacity=9)
    ticket = held(tickets, draft(event_, quantity=2))
    statements.clear()
    assert events.by_id(event_.event_id) == evolve(event_, kept=2)
    assert statements == []
    stored(tickets, ticket, ticket.cancelled())
    statements.clear()
    assert events.by_id(event_.event_id) == event_
    assert statements == []
    held(SqlTickets(engine), draft(event_, quantity=3))
    assert events.by_id(event_.event_id) == event_
    seconds.now += 1
    assert events.by_id(event_.event_id) == evolve(event_, kept=3)


@pytest.mark.parametrize("step", ["hold", "replace"])
def test_an_event_is_as_old_as_the_step_that_read_it(
    engine: Engine, seconds: Seconds, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """A step dates the event before its commit, so a step that follows at once is newer."""
    cache = EventCache(max_age=SECOND, now=seconds)
    events, tickets = SqlEvents(engine, cache=cache), SqlTickets(engine, cache=cache)
    event_ = stored_event(events, capacity=9)
    ticket = held(tickets, draft(event_, quantity=2))
    commit = engine.dialect.do_commit

    def commit_and_let_another_step_pass(connection: Any) -> None:
        commit(connection)
        monkeypatch.undo()
        seconds.now += 0.1
        held(SqlTickets(engine, cache=cache), draft(event_, quantity=3))
        seconds.now += 0.1

    monkeypatch.setattr(engine.dialect, "do_commit", commit_and_let_another_step_pass)
    if step == "hold":
        held(tickets, draft(event_, quantity=1))
    else:
        stored(tickets, ticket, ticket.cancelled())
    assert events.by_id(event_.event_id) == SqlEvents(engine).by_id(event_.event_id)


def test_no_place_is_sold_from_the_cache(engine: Engine, seconds: Seconds) -> None:
    """The cached event has places; the hold finds none, and updates the cache."""
    cache = EventCache(max_age=SECOND, now=seconds)
    events, tickets = SqlEvents(engine, cache=cache), SqlTickets(engine, cache=cache)
    event_ = stored_event(events, capacity=1)
    assert events.by_id(event_.event_id) == event_
    held(SqlTickets(engine), draft(event_))
    assert events.by_id(event_.event_id) == event_
    assert tickets.hold(draft(event_)) == SoldOut(places_left=0)
    assert events.by_id(event_.event_id) == evolve(event_, kept=1)


def test_no_price_is_taken_from_the_cache(engine: Engine, seconds: Seconds) -> None:
    """A draft made from a cached event is compared with the locked event."""
    cache = EventCache(max_age=SECOND, now=seconds)
    events, tickets = SqlEvents(engine, cache=cache), SqlTickets(engine, cache=cache)
    event_ = stored_event(events)
    cached = events.by_id(event_.event_id)
    assert cached is not None
    with engine.begin() as connection:
        connection.execute(update(events_table).values(price_minor=event_.price.amount_minor + 1))
    assert events.by_id(event_.event_id) == cached
    assert not isinstance(tickets.hold(draft(cached)), Held)
