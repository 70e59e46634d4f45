"""All schedules of the gates: scans, undos, copies of requests, offline gates and refunds."""

from functools import partial
from typing import Any

import pytest

from tests.unit.simulation.counted import counted
from ticketing_core.gate_rules import Decision
from ticketing_core.scan import GateRequest, Recorded, name_of
from ticketing_core.testing import InMemoryAdmissions
from ticketing_core.testing.simulation import (
    GATE_SCENARIOS,
    Bounds,
    Scenario,
    explore,
    world_in_memory,
)
from ticketing_core.ticket import Ticket

SCHEDULES = {
    "scan and scan, of a copied ticket": (31, 812),
    "scan and scan, of a group that comes in parts": (38, 858),
    "scan and verify, of a payment of this minute": (95, 835),
    "scan and refund": (36, 899),
    "scan and refund by hand": (49, 480),
    "undo and scan that is sent twice, of a copied ticket": (70, 828),
    "undo and purchase, of the place of a refunded ticket": (126, 620),
    "mis-scan and its copy": (29, 394),
    "mis-scan and scan, of a group": (120, 1101),
    "offline scan and refund, of a place that is sold again": (126, 1230),
    "offline scan and payment, of a ticket that nobody should have yet": (43, 297),
    "two offline gates, of a copied ticket": (69, 462),
}
"""As in `test_exhaustive`."""


def test_every_scenario_is_pinned() -> None:
    """The table has exactly the scenarios of the gates."""
    assert [scenario.name for scenario in GATE_SCENARIOS] == list(SCHEDULES)


@pytest.mark.parametrize("scenario", GATE_SCENARIOS, ids=lambda scenario: scenario.name)
def test_no_schedule_breaks_a_promise(scenario: Scenario) -> None:
    """Every interleaving, crash point and lost answer is run, as many as are pinned."""
    assert counted(scenario) == SCHEDULES[scenario.name]


def test_the_scenarios_reach_every_answer() -> None:
    """Except those that need another event, or a store that went back."""
    reached: set[str] = set()

    class Remembers(InMemoryAdmissions):
        def _write(self, decided: Decision[Any], ticket: Ticket | None, scan: GateRequest) -> None:
            outcome = decided.outcome
            why = f": {outcome.why}" if isinstance(outcome, Recorded) else ""
            reached.add(f"{name_of(outcome)}{why}")
            super()._write(decided, ticket, scan)

    for scenario in GATE_SCENARIOS:
        # Each actor runs to its end, with one mishap at most: that is enough.
        bounds = Bounds(switches=0, calm_switches=0)
        explore(scenario, partial(world_in_memory, admissions=Remembers), bounds=bounds)
    assert reached == {
        *("admitted", "already_admitted", "too_many", "void", "not_paid", "withdrawn"),
        *("recorded: None", "recorded: too_many", "recorded: void", "recorded: not_paid"),
        *("known", "taken_back", "nothing_yet"),
    }
