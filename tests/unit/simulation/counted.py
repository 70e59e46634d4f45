"""Runs all schedules of a scenario in memory, and counts them."""

from ticketing_core.testing.simulation import Scenario, explore, world_in_memory


def counted(scenario: Scenario) -> tuple[int, int]:
    """Return how many schedules there are without a mishap, and in all. None breaks a promise."""
    report = explore(scenario, world_in_memory)
    print(report)  # noqa: T201 - shown with `pytest -rP`
    assert report.failure is None, report
    return report.calm, report.schedules
