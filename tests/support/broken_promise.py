"""What a control of the simulator asserts."""

from ticketing_core.testing.simulation import Bounds, Scenario, explore
from ticketing_core.testing.simulation.running import MakeWorld


def broken_promise(
    scenario: Scenario, make_world: MakeWorld, *, bounds: Bounds | None = None
) -> str:
    """Explore the scenario, which has to fail, and return the promise that it breaks."""
    report = explore(scenario, make_world, bounds=bounds)
    assert report.failure is not None, f"{report}: all promises are kept"
    return report.failure.promise
