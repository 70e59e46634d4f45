"""The long search of `make simulate`: ``python -m tests.unit.simulation.searching --help``."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from multiprocessing import get_context

from ticketing_core.testing.simulation.choices import Bounds
from ticketing_core.testing.simulation.event_scenarios import EVENT_RESTORE_SCENARIOS
from ticketing_core.testing.simulation.exploring import explore
from ticketing_core.testing.simulation.late import CLOCK_SCENARIOS, LATE_SCENARIOS
from ticketing_core.testing.simulation.months import live
from ticketing_core.testing.simulation.random_runs import run_random
from ticketing_core.testing.simulation.restores import RESTORE_SCENARIOS
from ticketing_core.testing.simulation.running import MakeWorld
from ticketing_core.testing.simulation.trace import Failure
from ticketing_core.testing.simulation.world import world_in_memory

LONG_SCENARIOS = (
    *LATE_SCENARIOS,
    *CLOCK_SCENARIOS,
    *RESTORE_SCENARIOS,
    *EVENT_RESTORE_SCENARIOS,
)

DEEP = Bounds(switches=1, calm_switches=3)
"""More switches than the tests force in the scenarios of long actors."""

Work = Callable[[int], Failure | None]


def main(argv: Sequence[str] | None = None, *, make_world: MakeWorld = world_in_memory) -> int:
    """Search in memory, on all cores, and return 1 after a failure, which is shown."""
    parser = argparse.ArgumentParser(prog="python -m tests.unit.simulation.searching")
    parser.add_argument("--seed", type=int, default=0, help="the first seed (0)")
    parser.add_argument("--runs", type=int, default=100_000, help="random runs (100000)")
    parser.add_argument("--lives", type=int, default=1000, help="runs of sixty days (1000)")
    parser.add_argument("--deep", action="store_true", help="explore with more switches, too")
    given = parser.parse_args(argv)
    searches: list[tuple[str, Work, range]] = [
        ("random runs", partial(_run, make_world), range(given.seed, given.seed + given.runs)),
        ("lives", partial(_live, make_world), range(given.seed, given.seed + given.lives)),
    ]
    if given.deep:
        searches.append(("scenarios", partial(_explore, make_world), range(len(LONG_SCENARIOS))))
    for name, work, numbers in searches:
        failure = next((found for found in _results(work, numbers) if found is not None), None)
        if failure is not None:
            print(failure)  # noqa: T201 - this is a command
            return 1
        print(f"{len(numbers)} {name}: all promises are kept", flush=True)  # noqa: T201 - as above
    return 0


def _results(work: Work, numbers: range) -> Iterator[Failure | None]:
    # Not forked: a child would keep what its parent has open, such as a database.
    with get_context("spawn").Pool(os.cpu_count()) as pool:
        yield from pool.imap_unordered(work, numbers, chunksize=len(numbers) // 1000 + 1)


def _run(make_world: MakeWorld, seed: int) -> Failure | None:
    return run_random(make_world, seed=seed)


def _live(make_world: MakeWorld, seed: int) -> Failure | None:
    return live(make_world, seed=seed)


def _explore(make_world: MakeWorld, number: int) -> Failure | None:
    return explore(LONG_SCENARIOS[number], make_world, bounds=DEEP).failure


if __name__ == "__main__":
    sys.exit(main())
