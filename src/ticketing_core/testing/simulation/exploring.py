"""The exhaustive mode: runs every schedule within the bounds, by trying every other choice."""

from collections.abc import Callable, Sequence
from functools import partial

from attrs import frozen

from ticketing_core.testing.simulation.choices import Bounds, Choice, ListedChoices
from ticketing_core.testing.simulation.running import MakeWorld, Memory, run_scenario
from ticketing_core.testing.simulation.scenario import Scenario
from ticketing_core.testing.simulation.threads import reused_threads
from ticketing_core.testing.simulation.trace import Failure


class NotRepeatable(Exception):
    """The same choices led to another run: the code has changed, or leaves something to chance."""


@frozen(kw_only=True)
class Report:
    """The result of a search.

    Attributes:
        scenario: The name of the scenario.
        schedules: How many different runs there were; no two have the same choices.
        calm: How many of them had no mishap.
        failure: The first run that broke a promise, or None.
    """

    scenario: str
    schedules: int
    calm: int
    failure: Failure | None

    def __str__(self) -> str:
        if self.failure is None:
            return f"{self.scenario}: {self.schedules} schedules"
        return f"schedule {self.schedules}\n{self.failure}"


def explore(scenario: Scenario, make_world: MakeWorld, *, bounds: Bounds | None = None) -> Report:
    """Run every schedule of the scenario once, depth first.

    The search ends at the first failure; further ones would mostly show the same mistake.

    Args:
        scenario: What to run.
        make_world: Makes the empty world of each run.
        bounds: Limits the schedules, instead of those of the scenario.

    Raises:
        NotRepeatable: The same choices led to another run: an adapter leaves something to chance.
    """
    with reused_threads() as start:
        return _explore(
            scenario,
            partial(
                run_scenario,
                scenario,
                make_world,
                bounds=bounds or scenario.bounds,
                memory=Memory(start=start),
            ),
        )


def _explore(scenario: Scenario, run: Callable[..., Failure | None]) -> Report:
    path: list[int] | None = []
    last_made: list[Choice] = []
    failure = None
    schedules = calm = 0
    while path is not None:
        choices = ListedChoices(path)
        failure = run(choices=choices, checked=len(path))
        shared = len(path[1:])
        if not choices.fits or choices.made[:shared] != last_made[:shared]:
            raise NotRepeatable(f"{scenario.name}: {path}")
        last_made = choices.made
        schedules += 1
        calm += not any(each.question == "mishap" and each.taken for each in choices.made)
        if failure is not None:
            break
        path = _next_path(choices.made)
    return Report(scenario=scenario.name, schedules=schedules, calm=calm, failure=failure)


def replay(
    scenario: Scenario,
    make_world: MakeWorld,
    *,
    choices: Sequence[int],
    bounds: Bounds | None = None,
) -> Failure | None:
    """Run the one schedule that a failure of `explore` shows, within the same bounds.

    Raises:
        NotRepeatable: The choices do not fit: the code has changed, or leaves something to chance.
    """
    listed = ListedChoices(choices)
    failure = run_scenario(scenario, make_world, choices=listed, bounds=bounds or scenario.bounds)
    if not listed.fits:
        raise NotRepeatable(f"{scenario.name}: {list(choices)}")
    return failure


def _next_path(made: Sequence[Choice]) -> list[int] | None:
    """Return the next path, depth first: the last choice that has another option takes it."""
    for last in reversed(range(len(made))):
        if made[last].taken + 1 < made[last].options:
            return [*(choice.taken for choice in made[:last]), made[last].taken + 1]
    return None
