"""The line under a crowd that comes, leaves and is let out at the same time."""

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Lock

import pytest

from tests.integration.capacity.test_line import ManualPace
from ticketing_service.capacity import line as line_module
from ticketing_service.capacity.line import Line


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait for long, and one purchase at a time out of the line."""
    monkeypatch.setattr(line_module, "LONGEST_SECONDS", 0.0005)
    monkeypatch.setattr(line_module, "FEWEST_AHEAD", 1)
    monkeypatch.setattr(line_module, "AHEAD_SECONDS", 0.0)


def most_at_once(line: Line) -> int:
    """Let a crowd hammer, and return the most purchases that had their turn at a time."""
    lock, inside, most, numbers = Lock(), [0], [0], count(1)

    def hammer(_: int) -> int:
        served = 0
        for _ in range(200):
            with line.turn(next(numbers) * 7 % 20) as told:
                if told is None:
                    served += 1
                    with lock:
                        inside[0] += 1
                        most[0] = max(most[0], inside[0])
                    # Let other threads run, as a database does.
                    time.sleep(0)
                    with lock:
                        inside[0] -= 1
        return served

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(hammer, range(16))) > 0
    assert line.is_empty()
    assert line.waiting() == 0
    return most[0]


def test_a_hammering_crowd_loses_no_turn() -> None:
    """However purchases come, leave and are let out at the same time."""
    assert most_at_once(Line(6, pace=ManualPace())) == 1


def test_more_turns_at_a_time_are_the_control(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same crowd is seen to have them: a turn given twice would not be missed."""
    monkeypatch.setattr(line_module, "FEWEST_AHEAD", 8)
    assert most_at_once(Line(6, pace=ManualPace())) > 1
