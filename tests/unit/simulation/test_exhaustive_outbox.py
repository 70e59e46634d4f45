"""All schedules of the outbox: deliveries that meet, claims that end early, restores."""

import pytest

from tests.unit.simulation.counted import counted
from ticketing_core.testing.simulation import OUTBOX_SCENARIOS, Scenario

SCHEDULES = {
    "deliver and deliver, of two versions": (40, 585),
    "deliver and deliver, as a claim ends": (192, 2248),
    "deliver and refund": (66, 1612),
    "deliver and mis-scan, and a pause that ends": (742, 1103),
    "deliver and deliver, of two tickets, one of which is minded": (24, 374),
    "deliver and enable, while nothing is answered": (5, 134),
    "deliver and purchase, of a paid ticket": (19, 236),
    "deliver and change of the event": (6, 107),
    "deliver, and a restore at any moment, of a refund since the backup": (126, 328),
    "deliver and refund, after a restore": (18, 110),
}
"""As in `test_exhaustive`."""


def test_every_scenario_is_pinned() -> None:
    """The table has exactly the scenarios of the outbox."""
    assert [scenario.name for scenario in OUTBOX_SCENARIOS] == list(SCHEDULES)


@pytest.mark.parametrize("scenario", OUTBOX_SCENARIOS, ids=lambda scenario: scenario.name)
def test_no_schedule_breaks_a_promise(scenario: Scenario) -> None:
    """Every interleaving, crash point and lost answer is run, as many as are pinned."""
    assert counted(scenario) == SCHEDULES[scenario.name]
