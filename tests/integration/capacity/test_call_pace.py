"""Calls of the provider start in turn, buyers first, and a missing database stops none."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Semaphore

import pytest
from attrs import define, field

from tests.integration.capacity.rush import wait_until
from ticketing_adapters.call_pace import (
    BUYERS_PATIENCE,
    MOST_AT_ONCE,
    PER_BACKGROUND_OPERATION,
    CallLimits,
    CallPace,
    Take,
)
from ticketing_adapters.sql import SqlPace, engine_for, migrate
from ticketing_core.errors import StoreUnavailable
from ticketing_core.testing import ManualClock

SOON = timedelta(seconds=10)
AT_ONCE = timedelta(seconds=0.02)
SECOND = timedelta(seconds=1)
LIMITS = CallLimits(each=25, in_all=100)
LOOK = "look up"


@define
class Slots:
    """Gives the slots that the test allows, and notes how many were asked for."""

    allowed: Semaphore = field(factory=lambda: Semaphore(0))
    asked: SimpleQueue[int] = field(factory=SimpleQueue)

    def take(
        self, rates: Mapping[str, float], *, count: int, within: timedelta
    ) -> Sequence[timedelta] | timedelta:
        """Give one slot, which has come."""
        assert rates == {LOOK: 25, "all": 100}
        assert within == BUYERS_PATIENCE
        self.asked.put(count)
        assert self.allowed.acquire(timeout=SOON.total_seconds())
        return [timedelta(0)]


def paced(take: Take, *, limits: CallLimits = LIMITS) -> CallPace:
    """Return the pace of buyers."""
    return CallPace(take, limits=limits)


def waiting(pace: CallPace) -> int:
    """Return how many callers wait, as their number shows."""
    return round(pace.expected(LOOK) / (SECOND / 25))


@contextmanager
def crowd(pace: CallPace, size: int) -> Iterator[SimpleQueue[int]]:
    """Let so many callers queue, one after the other; provide a queue of those who may start."""
    started: SimpleQueue[int] = SimpleQueue()

    def caller(number: int) -> None:
        assert pace.wait(LOOK, at_most=SOON) is None
        started.put(number)

    with ThreadPoolExecutor(size) as pool:
        calls = []
        for number in range(size):
            calls.append(pool.submit(caller, number))
            wait_until(partial(lambda size: waiting(pace) == size, number + 1))
        yield started
    for call in calls:
        call.result()


def test_first_come_first_served() -> None:
    """Each slot goes to the caller that has waited longest."""
    slots = Slots()
    with crowd(paced(slots.take), 6) as started:
        for number in range(6):
            slots.allowed.release()
            assert started.get(timeout=SOON.total_seconds()) == number


def told_at_starts(pace: CallPace) -> list[str]:
    """Return what happens to a thread that listens during the first of its two calls."""
    told: list[str] = []
    with pace.at_start(lambda: told.append("begun")):
        told.append("before")
        pace.wait(LOOK, at_most=SOON)
        told.append("after")
    pace.wait(LOOK, at_most=SOON)
    return told


def test_a_thread_hears_when_its_calls_may_start() -> None:
    """Once for each, and not after it has stopped listening."""
    slots = Slots(allowed=Semaphore(2))
    assert told_at_starts(paced(slots.take)) == ["before", "begun", "after"]


def test_a_process_takes_a_few_slots_at_a_time() -> None:
    """As many as callers wait, but not many: other processes want some too."""
    slots = Slots()
    with crowd(paced(slots.take), 8):
        for _ in range(8):
            slots.allowed.release()
    asked = [slots.asked.get_nowait() for _ in range(8)]
    assert asked == [1, 5, 5, 5, 4, 3, 2, 1]
    assert MOST_AT_ONCE == 5


def far_ahead(*_: object, **__: object) -> timedelta:
    """Find the next slot in twenty seconds."""
    return 20 * SECOND


def test_a_caller_that_would_wait_for_too_long_is_told_for_how_long() -> None:
    """It waits no longer than it may; the next one is told at once, before it takes places."""
    pace = paced(far_ahead)
    wait = pace.wait(LOOK, at_most=AT_ONCE)
    assert wait is not None
    assert 15 * SECOND < wait <= 20 * SECOND
    assert pace.expected(LOOK) > 15 * SECOND
    assert pace.expected("open") == timedelta(0)
    told = pace.wait(LOOK, at_most=SOON)
    assert told is not None
    assert told > 15 * SECOND


def test_an_impatient_caller_does_not_hold_up_the_next() -> None:
    """It leaves the queue, and the next one takes its slot."""
    slots = Slots()
    pace = paced(slots.take)
    with crowd(pace, 2) as started:
        assert pace.wait(LOOK, at_most=3 * SECOND / 25) is not None
        assert waiting(pace) == 2
        for number in range(2):
            slots.allowed.release()
            assert started.get(timeout=SOON.total_seconds()) == number


def test_what_is_expected_follows_what_this_process_gets() -> None:
    """Where other processes take four slots of five, each caller waits five times as long."""
    slots = Slots()

    def crowded(
        rates: Mapping[str, float], *, count: int, within: timedelta
    ) -> Sequence[timedelta] | timedelta:
        slots.take(rates, count=count, within=within)
        return [SECOND / 5]

    pace = paced(crowded)
    slots.allowed.release()
    assert pace.wait(LOOK, at_most=SOON) is None
    with ThreadPoolExecutor(3) as pool:
        calls = [pool.submit(pace.wait, LOOK, at_most=SOON) for _ in range(3)]
        wait_until(lambda: pace.expected(LOOK) >= 3 * SECOND / 5)
        for _ in calls:
            slots.allowed.release()


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[tuple[SqlPace, ManualClock]]:
    """Give the slots in a database, with the time in the hands of the test."""
    engine, clock = engine_for(f"sqlite:///{tmp_path / 'ticketing.db'}"), ManualClock()
    migrate(engine)
    yield SqlPace(engine, clock=clock), clock
    engine.dispose()


def background_starts_beside_buyers(
    shared: tuple[SqlPace, ManualClock], make: Callable[[Take], CallPace]
) -> list[bool]:
    """Return whether a call in the background starts while buyers of any process wait, and after.

    The buyers' slots reach half a second ahead.
    """
    slots, clock = shared
    pace = make(slots.take)
    started = []
    slots.take({LOOK: 25, "all": 100}, count=17, within=SECOND)
    for _ in range(2):
        started.append(pace.wait(LOOK, at_most=30 * AT_ONCE) is None)
        clock.advance(SECOND)
    return started


def in_background(take: Take) -> CallPace:
    """Return the pace of settling."""
    return CallPace(take, limits=LIMITS, in_background=True)


def test_the_background_starts_only_when_no_buyer_waits(
    shared: tuple[SqlPace, ManualClock],
) -> None:
    """Whichever process the buyers wait in: slots are taken ahead for them."""
    assert background_starts_beside_buyers(shared, in_background) == [False, True]


def test_a_background_that_queues_with_buyers_is_the_control(
    shared: tuple[SqlPace, ManualClock],
) -> None:
    """It would take their slots: the test above would fail."""
    assert background_starts_beside_buyers(shared, paced) == [True, True]


def starts_in_background(clock: ManualClock, *paces: CallPace) -> int:
    """Let several processes start as many calls as they can within two seconds."""
    started = 0
    for tick in range(100):
        started += paces[tick % len(paces)].wait(LOOK, at_most=AT_ONCE) is None
        clock.advance(SECOND / 50)
    return started


def test_the_background_of_all_processes_leaves_slots_for_buyers(
    shared: tuple[SqlPace, ManualClock],
) -> None:
    """All of it together starts 15 calls a second of each operation."""
    slots, clock = shared
    most = 2 * PER_BACKGROUND_OPERATION + 4
    assert 0 < starts_in_background(clock, *map(in_background, [slots.take] * 2)) <= most


def test_the_whole_limit_for_the_background_is_the_control(
    shared: tuple[SqlPace, ManualClock], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Buyers would find no slot free: the test above would fail."""
    slots, clock = shared
    monkeypatch.setattr("ticketing_adapters.call_pace.PER_BACKGROUND_OPERATION", 25.0)
    started = starts_in_background(clock, *map(in_background, [slots.take] * 2))
    assert started > 2 * PER_BACKGROUND_OPERATION + 4


def away(*_: object, **__: object) -> timedelta:
    """Be a database that does not answer."""
    raise StoreUnavailable("no route to host")


def test_calls_go_on_while_the_database_is_away(caplog: pytest.LogCaptureFixture) -> None:
    """A payment check is not refused because nobody counts; the log says so."""
    pace = paced(away)
    with caplog.at_level(logging.WARNING):
        assert [pace.wait(LOOK, at_most=SOON) for _ in range(3)] == [None] * 3
    assert "no route to host" in caplog.text


def test_this_process_keeps_its_limit_while_the_database_is_away() -> None:
    """A crowd does not become a flood: at two calls a second, most would wait for too long."""
    pace = paced(away, limits=CallLimits(each=1000, in_all=2))
    with ThreadPoolExecutor(20) as pool:
        calls = [pool.submit(pace.wait, LOOK, at_most=SECOND) for _ in range(20)]
        waits = [call.result() for call in calls]
    assert 1 <= waits.count(None) <= 11


def test_a_bug_in_the_store_reaches_the_caller_and_nobody_is_stuck() -> None:
    """The queue goes on."""

    def broken(*_: object, **__: object) -> timedelta:
        raise ValueError

    pace = paced(broken)
    for _ in range(2):
        with pytest.raises(ValueError, match=r"^$"):
            pace.wait(LOOK, at_most=SOON)
