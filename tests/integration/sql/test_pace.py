"""Time slots: all processes together stay within the rate, whatever they and their clocks do."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import Engine, text

from tests.integration.sql import racing
from ticketing_adapters.sql import SqlPace, engine_for
from ticketing_adapters.sql.pace import BURST, FARTHEST
from ticketing_adapters.system import SystemClock
from ticketing_core.testing import ManualClock

SECOND = timedelta(seconds=1)
RATE = 25.0
EACH, ALL = {"look up": RATE}, {"look up": RATE, "all": 2 * RATE}


class SeenClock(SystemClock):
    """Remembers the time that it told last."""

    def now(self) -> datetime:
        """See `Clock.now`."""
        self.told = super().now()
        return self.told


def take_many(*, url: str, number: int, takes: int, alone: bool = False) -> list[datetime]:
    """Take slots as one of several processes, a few at a time; return when the calls may start."""
    engine, clock = engine_for(url), SeenClock()
    pace = SqlPace(engine, clock=clock)
    rates = {f"{number}" if alone else "look up": RATE}
    starts: list[datetime] = []
    racing.start()
    for count in range(takes):
        waits = pace.take(rates, count=count % 5 + 1, within=timedelta(hours=1))
        assert isinstance(waits, Sequence)
        starts += [max(clock.told, clock.told + wait) for wait in waits]
    engine.dispose()
    return starts


def above_the_rate(starts: Sequence[datetime]) -> list[int]:
    """Return how many calls start within a window, for each window that has too many."""
    ordered = sorted(starts)
    found = []
    for first, begin in enumerate(ordered):
        for last in range(first, len(ordered)):
            window = (ordered[last] - begin).total_seconds()
            count = last - first + 1
            # The window has both of its ends.
            if count > RATE * (window + BURST.total_seconds()) + 1.001:
                found.append(count)
    return found


@pytest.fixture
def processes(engine: Engine) -> int:
    """The number of processes. SQLite has one writer, so a few are enough to crowd it."""
    return 3 if engine.dialect.name == "sqlite" else 6


def test_no_window_has_more_calls_than_the_rate_and_a_burst(
    migrated_url: str, processes: int
) -> None:
    """Several processes take slots as fast as they can, and no slot is given twice."""
    results = racing.race(take_many, url=migrated_url, processes=processes, takes=10)
    starts = [start for result in results for start in result]
    assert len(starts) == processes * 30
    assert above_the_rate(starts) == []


def test_a_pace_of_its_own_for_each_process_is_the_control(
    migrated_url: str, processes: int
) -> None:
    """Together they exceed the rate: the test above would fail."""
    results = racing.race(take_many, url=migrated_url, processes=processes, takes=10, alone=True)
    assert above_the_rate([start for result in results for start in result])


def test_slots_follow_one_another(engine: Engine) -> None:
    """After a pause a few start at once; then each has its distance, and unused ones are lost."""
    clock = ManualClock()
    pace = SqlPace(engine, clock=clock)
    for _ in range(2):
        waits = pace.take(EACH, count=10, within=SECOND)
        assert isinstance(waits, Sequence)
        assert waits[0] == -BURST
        distances = {later - one for one, later in pairwise(waits)}
        assert distances == {SECOND / 25}
        assert pace.take(EACH, count=1, within=SECOND) == [waits[-1] + SECOND / 25]
        clock.advance(timedelta(hours=1))


def test_a_slot_keeps_every_limit(engine: Engine) -> None:
    """Many operations share the limit of the account; none waits for another's own limit."""
    pace = SqlPace(engine, clock=ManualClock())
    for name in ("open", "look up", "refund", "close"):
        pace.take({name: RATE, "all": 2 * RATE}, count=10, within=SECOND)
    assert pace.take({"list": RATE, "all": 2 * RATE}, count=1, within=SECOND) == [
        40 * SECOND / 50 - BURST
    ]
    assert pace.take({"list": RATE}, count=1, within=SECOND) == [SECOND / 25 - BURST]


def test_nothing_is_taken_when_the_first_slot_is_too_far_ahead(engine: Engine) -> None:
    """The caller is told how far; the slots stay for others."""
    clock = ManualClock()
    pace = SqlPace(engine, clock=clock)
    pace.take(EACH, count=30, within=timedelta(0))
    assert pace.take(ALL, count=1, within=timedelta(0)) == SECOND
    assert pace.take(ALL, count=1, within=SECOND) == [SECOND]
    clock.advance(SECOND + SECOND / 25)
    assert pace.take(ALL, count=1, within=timedelta(0)) == [timedelta(0)]


def stopped_by(engine: Engine, *, ahead: timedelta) -> bool:
    """Let a clock that is ahead take slots; return whether a right one then gets none."""
    right, wrong = ManualClock(), ManualClock()
    wrong.advance(ahead)
    SqlPace(engine, clock=wrong).take(ALL, count=5, within=SECOND)
    return not isinstance(SqlPace(engine, clock=right).take(ALL, count=1, within=SECOND), list)


def test_a_clock_that_was_ahead_does_not_stop_calls(engine: Engine) -> None:
    """Its row is not believed; one that is ahead a little is waited for."""
    assert not stopped_by(engine, ahead=timedelta(days=365))
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM pace"))
    assert stopped_by(engine, ahead=FARTHEST - SECOND)


def test_believing_every_row_is_the_control(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls would stop for a year: the test above would fail."""
    monkeypatch.setattr("ticketing_adapters.sql.pace.FARTHEST", timedelta(days=1000))
    assert stopped_by(engine, ahead=timedelta(days=365))


def test_a_clock_that_is_set_back_does_not_stop_calls(engine: Engine) -> None:
    """The rows of the time before lie ahead then."""
    clock = ManualClock()
    pace = SqlPace(engine, clock=clock)
    pace.take(ALL, count=5, within=SECOND)
    clock.advance(-timedelta(hours=1))
    assert pace.take(ALL, count=1, within=timedelta(0)) == [-BURST]
