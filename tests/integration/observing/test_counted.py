"""What comes by the thousand: each of them is in the number of some line."""

import logging
import re
from collections.abc import Callable
from queue import Queue
from threading import Thread, current_thread

import pytest

from ticketing_service.observing import counted
from ticketing_service.observing.counted import LOG_EVERY, LOG_EVERY_SECONDS, CountedWarnings

REAL_LATER = counted.later

Planned = list[tuple[float, Callable[[], None]]]


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> Planned:
    """What is to be called later, and after how many seconds."""
    calls: Planned = []
    monkeypatch.setattr(counted, "later", lambda *call: calls.append(call))
    return calls


def count(times: int) -> None:
    """Count so many within one second."""
    now = 100.0
    refused = CountedWarnings(logging.getLogger("counted"), "refused", seconds=lambda: now)
    for _ in range(times):
        now += 1 / times
        refused.add("a reason")


def told(caplog: pytest.LogCaptureFixture) -> list[int]:
    """Return the numbers in the log."""
    line = re.compile(r"refused: (\d+), the last one because: a reason")
    return [int(n) for n in line.findall(caplog.text)]


@pytest.mark.parametrize("times", [1, 2, 5000, 2 * LOG_EVERY + 5])
def test_the_end_of_a_flood_is_told(
    caplog: pytest.LogCaptureFixture, planned: Planned, times: int
) -> None:
    """Within the seconds after it, though nothing else happens; the first one is told at once."""
    count(times)
    assert told(caplog)[0] == 1
    for wait, call in planned:
        assert 0 < wait <= LOG_EVERY_SECONDS
        call()
    assert sum(told(caplog)) == times
    assert 0 not in told(caplog)


def test_one_line_is_planned_at_a_time(planned: Planned) -> None:
    """A flood makes no thread for each of its thousands."""
    count(5000)
    assert len(planned) == 1


@pytest.mark.usefixtures("planned")
def test_control_what_is_planned_is_not_done(caplog: pytest.LogCaptureFixture) -> None:
    """Control: a flood of thousands looks like a single one."""
    count(5000)
    assert told(caplog) == [1]


def test_later_is_in_another_thread() -> None:
    """Which a process that stops does not wait for."""
    threads: Queue[Thread] = Queue()
    REAL_LATER(0, lambda: threads.put(current_thread()))
    thread = threads.get(timeout=30)
    assert thread is not current_thread()
    assert thread.daemon
