"""A search prepares its world once and settles equal ends once, and finds as much as without."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from attrs import evolve

from tests.unit.broken_gateways import ForgetsWhatWasLost, KeepsTheDisputeFlag
from ticketing_core.testing.simulation import (
    NO_MISHAPS,
    STANDARD_SCENARIOS,
    NotRepeatable,
    Scenario,
    Simulation,
    World,
    explore,
    world_in_memory,
)
from ticketing_core.testing.simulation.actor import Crashed
from ticketing_core.testing.simulation.choices import ListedChoices
from ticketing_core.testing.simulation.ends import Ends
from ticketing_core.testing.simulation.running import Memory, run_scenario
from ticketing_core.testing.simulation.saving import save
from ticketing_core.testing.simulation.steps import ISSUED, buys, disputes, hold_ends, refunds

STANDARD = {scenario.name: scenario for scenario in STANDARD_SCENARIOS}


@pytest.mark.parametrize(
    ("steps", "is_new"),
    [("abc", False), ("ab", True), ("abcd", True), ("abd", True), ("bac", True), ("", True)],
)
def test_only_all_steps_in_the_same_order_are_an_equal_end(*, steps: str, is_new: bool) -> None:
    """Neither a part of what has happened nor another order of it is."""
    ends = Ends()
    assert ends.add("abc")
    assert ends.add(steps) is is_new


@pytest.mark.parametrize(
    ("make_world", "scenario", "breaks"),
    [
        (world_in_memory, "refund and dispute that is won", False),
        (
            partial(world_in_memory, gateway=KeepsTheDisputeFlag),
            "refund and dispute that is won",
            True,
        ),
        (
            partial(world_in_memory, gateway=ForgetsWhatWasLost),
            "settle and lost dispute, of an owed refund",
            True,
        ),
    ],
)
def test_the_report_is_the_same_as_if_each_run_were_prepared_and_settled(
    *, make_world: Callable[[], World], scenario: str, breaks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of mistakes that show only after settling: same schedule, same lines."""
    settled: list[bool] = []
    add = Ends.add

    def counted(ends: Ends, steps: Any) -> bool:
        settled.append(add(ends, steps))
        return settled[-1]

    monkeypatch.setattr(Ends, "add", counted)
    report = explore(STANDARD[scenario], make_world)
    assert settled.count(True) < len(settled)
    monkeypatch.setattr(Ends, "add", lambda *_: True)
    assert explore(STANDARD[scenario], lambda: evolve(make_world(), save=None)) == report
    assert (report.failure is not None) is breaks


def test_control_a_search_that_settles_only_the_first_run_misses_the_mistake(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Control: the mistake shows in no first run, and only after settling."""
    make_world = partial(world_in_memory, gateway=KeepsTheDisputeFlag)
    scenario = STANDARD["refund and dispute that is won"]
    assert explore(scenario, make_world).failure is not None
    settled = iter([True])
    monkeypatch.setattr(Ends, "add", lambda *_: next(settled, False))
    assert explore(scenario, make_world).failure is None


def test_a_saved_world_goes_on_alike_as_often_as_it_is_put_back() -> None:
    """Store, gateway, news, time and codes go back, and so does what is known of the run."""
    seen: list[str] = []

    def acts(simulation: Simulation) -> None:
        for action in (buys("bob"), disputes, refunds, hold_ends, Simulation.settle):
            action(simulation)
        Simulation.read_news(simulation)
        Simulation.go_back(simulation)
        simulation.facts.put_back = None
        seen.append(f"{[str(line) for line in simulation.scheduler.lines]} {simulation.facts}")
        raise Crashed

    scenario = Scenario(
        name="all that a world keeps",
        capacity=2,
        before=(*ISSUED, Simulation.back_up),
        actors={"all": acts},
    )
    memory = Memory()
    for known in (memory, memory, memory, None):
        choices = ListedChoices()
        run_scenario(scenario, world_in_memory, choices=choices, bounds=NO_MISHAPS, memory=known)
    assert len(seen) == 4
    assert set(seen) == {seen[-1]}


def test_control_a_world_that_is_not_put_back_goes_on_otherwise() -> None:
    """Control: with a copy that leaves out the gateway, the second run finds what the first did."""
    without_gateway = world_in_memory()
    parts = (without_gateway.events, without_gateway.tickets, without_gateway.installation)
    world = evolve(without_gateway, save=partial(save, *parts))
    with pytest.raises(NotRepeatable):
        explore(STANDARD["refund and dispute that is won"], lambda: world)
