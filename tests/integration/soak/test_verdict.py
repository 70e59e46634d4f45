"""The verdict of `make soak` on memory and on settling."""

from random import Random

import pytest

from tests.soak.samples import Sample
from tests.soak.verdict import growth, growths, overdue


def _sizes(*, per_minute: float, minutes: int) -> list[tuple[float, float]]:
    """Return a size once a second: noisy, with a peak in each tenth second."""
    rng = Random(7)  # noqa: S311 - repeatable, not secret
    return [
        (
            float(second),
            110 + per_minute * second / 60 + rng.uniform(-2, 2) + 60 * (second % 10 == 0),
        )
        for second in range(minutes * 60)
    ]


def test_noise_and_peaks_are_no_leak() -> None:
    """The slope is robust."""
    assert abs(growth("it", _sizes(per_minute=0, minutes=5)).grown) < 1
    assert growth("it", _sizes(per_minute=0, minutes=5)).is_flat


@pytest.mark.parametrize(("per_minute", "minutes"), [(4, 5), (1, 30)])
def test_control_a_slow_leak_beside_them_is_found(per_minute: float, minutes: int) -> None:
    """Control: the longer the run, the slower the leak that it finds."""
    assert not growth("it", _sizes(per_minute=per_minute, minutes=minutes)).is_flat


def _starting_at(second: int) -> list[Sample]:
    """Return samples of 40 s in which a process grows to 240 MB within two seconds."""
    return [
        Sample(
            at=100.0 + at,
            processes=[110.0 + 65.0 * min(2, max(0, at - second))],
            backend=3.0,
            due=0,
            overdue=0,
            owed=0,
            unissued=0,
        )
        for at in range(40)
    ]


def test_a_new_process_may_grow_before_the_second_half() -> None:
    """Also where the first half has taken longer than planned: 25 seconds instead of 10."""
    assert [each.is_flat for each in growths(_starting_at(20), seconds=20)] == [True, True]


def test_control_a_process_that_grows_in_the_second_half_is_found() -> None:
    """Control: half of the samples were taken before it had grown."""
    found = growths(_starting_at(24), seconds=60)
    assert [(each.of, each.is_flat) for each in found] == [
        ("process 1", False),
        ("a backend of PostgreSQL", True),
    ]


@pytest.mark.parametrize(("seconds", "problems"), [(0, 0), (130, 0), (310, 1)])
def test_control_settling_that_stands_still_is_found(seconds: float, problems: int) -> None:
    """Control: a killed process may delay it for minutes, but nothing for longer than five."""
    sample = Sample(at=0, processes=[], backend=0, due=1, overdue=seconds, owed=0, unissued=0)
    assert len(overdue([sample])) == problems
