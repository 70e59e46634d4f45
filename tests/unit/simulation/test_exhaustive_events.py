"""All schedules of events that change, close or are cancelled, and of restores in the midst."""

import pytest

from tests.unit.simulation.counted import counted
from ticketing_core.testing.simulation import EVENT_RESTORE_SCENARIOS, EVENT_SCENARIOS, Scenario

SCENARIOS = (*EVENT_SCENARIOS, *EVENT_RESTORE_SCENARIOS)
SCHEDULES = {
    "fewer places and purchase, of the last place": (15, 282),
    "fewer places and purchase, of a place that is given up meanwhile": (167, 1993),
    "another price and purchase": (21, 341),
    "another price and payment": (15, 216),
    "no price and purchase": (21, 328),
    "close and purchase": (21, 323),
    "edit and edit, of the same version": (6, 94),
    "cancel event and edit": (10, 188),
    "cancel event and purchase": (321, 1819),
    "cancel event and purchase, with one key": (74, 860),
    "cancel event and payment": (210, 1614),
    "cancel event and payment, as the hold ends": (368, 2676),
    "unwind and unwind": (20, 268),
    "unwind and settle": (10, 189),
    "unwind and verify": (20, 294),
    "unwind and notification": (20, 294),
    "unwind and cancel": (20, 363),
    "unwind and refund": (91, 775),
    "unwind and refund by hand": (4, 36),
    "unwind and dispute": (4, 36),
    "unwind and slow payment that succeeds": (35, 403),
    "unwind and settle, of more slow payments than a page has": (71, 633),
    "unwind and scan, of a free ticket": (20, 295),
    "restore and unwind, of an event that was cancelled before the backup": (34, 261),
    "restore and unwind, of an event that is cancelled after the backup": (85, 332),
    "restore and unwind, of a ticket that was paid after the backup": (33, 217),
}
"""As in `test_exhaustive`."""


def test_every_scenario_is_pinned() -> None:
    """The table has exactly the scenarios of events."""
    assert [scenario.name for scenario in SCENARIOS] == list(SCHEDULES)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_no_schedule_breaks_a_promise(scenario: Scenario) -> None:
    """Every interleaving, crash point and lost answer is run, as many as are pinned."""
    assert counted(scenario) == SCHEDULES[scenario.name]
