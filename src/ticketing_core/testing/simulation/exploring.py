"""The exhaustive mode: every schedule within the bounds, by running again with other choices."""

from collections.abc import Sequence

from attrs import frozen

from ticketing_core.testing.simulation.choices import Bounds, Choice, Followed
from ticketing_core.testing.simulation.playing import MakeWorld, play
from ticketing_core.testing.simulation.scenario import Scenario
from ticketing_core.testing.simulation.trace import Failure


class NotRepeatable(Exception):
    """The same choices led to another run: something in it is left to chance."""


@frozen(kw_only=True)
class Report:
    """What a search found.

    Attributes:
        scenario: The name of what was played.
        schedules: How many different runs there were; no two have the same choices.
        failure: The first run that broke a promise, or None.
    """

    scenario: str
    schedules: int
    failure: Failure | None

    def __str__(self) -> str:
        """One line, or the failure."""
        return (
            f"{self.scenario}: {self.schedules} schedules"
            if not self.failure
            else (f"schedule {self.schedules}\n{self.failure}")
        )


def explore(scenario: Scenario, make_world: MakeWorld, *, bounds: Bounds | None = None) -> Report:
    """Run every schedule of the scenario: depth first, each one once.

    The search ends at the first failure; further ones would mostly show the same mistake.

    Args:
        scenario: What is played.
        make_world: Makes the empty world of each run.
        bounds: How far schedules may go; at first every interleaving without a mishap, and each
            mishap of each call with at most two forced switches.

    Raises:
        NotRepeatable: The same choices led to another run: an adapter leaves something to chance.
    """
    bounds = bounds or Bounds()
    path: list[int] | None = []
    met: list[Choice] = []
    schedules = 0
    while path is not None:
        choices = Followed(path)
        failure = play(scenario, make_world, choices=choices, bounds=bounds)
        if not choices.fits or choices.made[: len(path[1:])] != met[: len(path[1:])]:
            raise NotRepeatable(f"{scenario.name}: {path}")
        met = choices.made
        schedules += 1
        if failure is not None:
            return Report(scenario=scenario.name, schedules=schedules, failure=failure)
        path = _next_path(choices)
    return Report(scenario=scenario.name, schedules=schedules, failure=None)


def replay(
    scenario: Scenario,
    make_world: MakeWorld,
    *,
    choices: Sequence[int],
    bounds: Bounds | None = None,
) -> Failure | None:
    """Run the one schedule that a failure of `explore` names, under the same bounds.

    Raises:
        NotRepeatable: The choices do not fit: the code has changed, or leaves things to chance.
    """
    followed = Followed(choices)
    failure = play(scenario, make_world, choices=followed, bounds=bounds or Bounds())
    if not followed.fits:
        raise NotRepeatable(f"{scenario.name}: {list(choices)}")
    return failure


def _next_path(choices: Followed) -> list[int] | None:
    """The path after this one: the last choice that has another option takes it."""
    made = list(choices.made)
    while made and made[-1].taken + 1 == made[-1].options:
        made.pop()
    if not made:
        return None
    return [*(choice.taken for choice in made[:-1]), made[-1].taken + 1]
