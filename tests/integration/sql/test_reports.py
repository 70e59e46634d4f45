"""Reports of events: never older than they may be, and read no more often than they have to be."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from attrs import define, evolve
from sqlalchemy import Engine, event, update

from ticketing_adapters.sql import Reports, SqlEvents, SqlTickets
from ticketing_adapters.sql.reports import Recent
from ticketing_adapters.sql.tables import events as events_table
from ticketing_core.errors import SoldOut
from ticketing_core.reservation import Held
from ticketing_core.testing.contracts.examples import draft, held, stored, stored_event

SECOND = timedelta(seconds=1)


@define
class Seconds:
    """Time that passes when told."""

    now: float = 100.0

    def __call__(self) -> float:
        """See `time.monotonic`."""
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    """Give a time that is set."""
    return Seconds()


def counting() -> Callable[[], int]:
    """Each reading gives another value."""
    return count(1).__next__


def test_a_report_is_told_for_its_time_and_no_longer(seconds: Seconds) -> None:
    """In the first half nobody reads; at the end of it everybody would."""
    recent: Recent[str, int] = Recent(oldest=SECOND, now=seconds)
    read = counting()
    assert [recent.get("a", read), recent.get("a", read)] == [1, 1]
    seconds.now += 0.49
    assert recent.get("a", read) == 1
    seconds.now += 0.51
    assert recent.get("a", read) == 2
    assert recent.get("b", read) == 3


def test_one_reads_anew_while_the_others_are_told_the_old(seconds: Seconds) -> None:
    """In the second half of its time; nobody waits for the reading."""
    recent: Recent[str, int] = Recent(oldest=SECOND, now=seconds)
    recent.get("a", lambda: 1)
    seconds.now += 0.5
    others = []

    def read() -> int:
        others.append(recent.get("a", lambda: 99))
        return 2

    assert recent.get("a", read) == 2
    assert others == [1]
    assert recent.get("a", lambda: 99) == 2


def test_a_reading_that_fails_is_tried_again(seconds: Seconds) -> None:
    """Its error is told to whoever read, and the next one reads."""
    recent: Recent[str, int] = Recent(oldest=SECOND, now=seconds)
    recent.get("a", lambda: 1)
    seconds.now += 0.5

    def fail() -> int:
        raise OSError("away")

    with pytest.raises(OSError, match="away"):
        recent.get("a", fail)
    assert recent.get("a", lambda: 2) == 2


def test_the_newer_report_wins(seconds: Seconds) -> None:
    """A reading that took long does not hide what a step has seen since it began."""
    recent: Recent[str, int] = Recent(oldest=SECOND, now=seconds)

    def read() -> int:
        seconds.now += 0.1
        recent.put("a", 2, as_of=seconds.now)
        return 1

    recent.get("a", read)
    assert recent.get("a", lambda: 99) == 2


def test_what_is_not_there_is_not_remembered(seconds: Seconds) -> None:
    """It may come any moment."""
    recent: Recent[str, int] = Recent(oldest=SECOND, now=seconds)
    assert recent.get("a", lambda: None) is None
    assert recent.get("a", lambda: 1) == 1


def test_by_default_everything_is_read(seconds: Seconds) -> None:
    """Old reports are for those who ask for them."""
    recent: Recent[str, int] = Recent(oldest=timedelta(0), now=seconds)
    read = counting()
    assert [recent.get("a", read), recent.get("a", read)] == [1, 2]


@pytest.fixture
def statements(engine: Engine) -> Iterator[list[str]]:
    """Give the list of what is asked of the database."""
    asked: list[str] = []

    def note(*call: object) -> None:
        asked.append(str(call[2]))

    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


def test_own_steps_show_at_once_and_others_within_the_second(
    engine: Engine, seconds: Seconds, statements: list[str]
) -> None:
    """What this process takes and gives back is known without asking the database."""
    reports = Reports(oldest=SECOND, now=seconds)
    events, tickets = SqlEvents(engine, reports=reports), SqlTickets(engine, reports=reports)
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
    reports = Reports(oldest=SECOND, now=seconds)
    events, tickets = SqlEvents(engine, reports=reports), SqlTickets(engine, reports=reports)
    event_ = stored_event(events, capacity=9)
    ticket = held(tickets, draft(event_, quantity=2))
    commit = engine.dialect.do_commit

    def commit_and_let_another_step_pass(connection: Any) -> None:
        commit(connection)
        monkeypatch.undo()
        seconds.now += 0.1
        held(SqlTickets(engine, reports=reports), draft(event_, quantity=3))
        seconds.now += 0.1

    monkeypatch.setattr(engine.dialect, "do_commit", commit_and_let_another_step_pass)
    if step == "hold":
        held(tickets, draft(event_, quantity=1))
    else:
        stored(tickets, ticket, ticket.cancelled())
    assert events.by_id(event_.event_id) == SqlEvents(engine).by_id(event_.event_id)


def test_no_place_is_sold_by_an_old_report(engine: Engine, seconds: Seconds) -> None:
    """The report says that there are places; the hold knows better, and the report learns of it."""
    reports = Reports(oldest=SECOND, now=seconds)
    events, tickets = SqlEvents(engine, reports=reports), SqlTickets(engine, reports=reports)
    event_ = stored_event(events, capacity=1)
    assert events.by_id(event_.event_id) == event_
    held(SqlTickets(engine), draft(event_))
    assert events.by_id(event_.event_id) == event_
    assert tickets.hold(draft(event_)) == SoldOut(places_left=0)
    assert events.by_id(event_.event_id) == evolve(event_, kept=1)


def test_a_report_is_not_believed_about_prices(engine: Engine, seconds: Seconds) -> None:
    """A draft made from an old report is compared with the event behind the lock."""
    reports = Reports(oldest=SECOND, now=seconds)
    events, tickets = SqlEvents(engine, reports=reports), SqlTickets(engine, reports=reports)
    event_ = stored_event(events)
    known = events.by_id(event_.event_id)
    assert known is not None
    with engine.begin() as connection:
        connection.execute(update(events_table).values(price_minor=event_.price.amount_minor + 1))
    assert events.by_id(event_.event_id) == known
    assert not isinstance(tickets.hold(draft(known)), Held)
