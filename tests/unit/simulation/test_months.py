"""Sixty days after a sale, without a single notification: late money is found within a day."""

import os
from functools import partial
from typing import Any

import pytest

from tests.unit.simulation.broken_late import ComparesByAge, ReadsNoNews, TakesOurClock
from tests.unit.simulation.searching import main
from ticketing_core.testing import DisputeStatus, RefundStatus
from ticketing_core.testing.simulation import World, live, world_in_memory

LIVES = int(os.environ.get("TICKETING_TEST_LIVES", "10"))
"""A life takes a quarter of a second."""


@pytest.mark.timeout(300 + LIVES)
@pytest.mark.parametrize("seed", range(LIVES))
def test_money_is_where_it_belongs_after_each_day(seed: int) -> None:
    """Whatever sellers, banks, crashes, outages and wrong clocks have done until the day before."""
    failure = live(world_in_memory, seed=seed)
    assert failure is None, failure


def test_everything_happens_in_these_days() -> None:
    """Each status of refunds and disputes, and refunds of ours and by hand."""
    worlds: list[World] = []

    def make_world() -> World:
        worlds.append(world_in_memory())
        return worlds[-1]

    for seed in range(5):
        live(make_world, seed=seed)
    checkouts = [checkout for world in worlds for checkout in world.gateway.checkouts]
    refunds = [refund for checkout in checkouts for refund in checkout.refunds]
    assert {each.status for each in refunds} == set(RefundStatus)
    assert {each.key is None for each in refunds} == {True, False}
    assert {each.status for one in checkouts for each in one.disputes} == set(DisputeStatus)


@pytest.mark.parametrize(
    ("office", "first"), [(ReadsNoNews, 0), (ComparesByAge, 0), (TakesOurClock, 19)]
)
def test_control_these_days_need_news_and_the_gateways_time(office: Any, first: int) -> None:
    """Control: without reading, by the age of checkouts, or by our clock, some money is lost.

    Wrong clocks are rare, so the search begins with the first seed that shows it.
    """
    make_world = partial(world_in_memory, office=office)
    failures = (live(make_world, seed=seed) for seed in range(first, 40))
    failure = next(each for each in failures if each is not None)
    assert "captured for ticket" in failure.promise
    assert failure.promise.startswith("after day ")


def test_one_seed_repeats_all_days() -> None:
    """The failure says how to live them again, and shows what has changed until then."""
    make_world = partial(world_in_memory, office=ReadsNoNews)
    failure = live(make_world, seed=3)
    assert failure is not None
    assert live(make_world, seed=3) == failure
    assert str(failure).endswith("again: live(make_world, seed=3, days=60)")


@pytest.mark.parametrize(("office", "code"), [(ReadsNoNews, 1), (None, 0)])
def test_the_command_searches_longer(
    office: Any, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """It ends with 1 and shows the failure if there is one."""
    make_world = partial(world_in_memory, office=office) if office else world_in_memory
    assert main(["--seed=7", "--runs=20", "--lives=2"], make_world=make_world) == code
    shown = capsys.readouterr().out
    assert "20 random runs: all promises are kept" in shown
    assert ("PROMISE BROKEN" in shown) is bool(code)
