"""The random mode in memory: one seed is one run, and a failure shows the seed."""

import os
import textwrap
from functools import partial

import pytest

import ticketing_core.testing.simulation as documented
from tests.unit.simulation.broken import ForgetsTheKey
from ticketing_core.testing.simulation import run_random, search, world_in_memory

SEEDS = int(os.environ.get("TICKETING_TEST_SEEDS", "1500"))
"""For a long search: ``TICKETING_TEST_SEEDS=1000000 pytest tests/unit/simulation``. A run takes one
or two milliseconds."""


@pytest.mark.timeout(300 + SEEDS / 100)
def test_no_seed_breaks_a_promise() -> None:
    """Three to six actors, up to four mishaps, any number of switches."""
    failure = search(world_in_memory, seeds=range(SEEDS))
    assert failure is None, failure


def test_one_seed_replays_the_whole_run() -> None:
    """The scenario, the mishaps and the switches all come from the seed that a failure shows."""
    make_world = partial(world_in_memory, office=ForgetsTheKey)
    failure = search(make_world, seeds=range(1000))
    assert failure is not None
    assert failure.seed is not None
    assert run_random(make_world, seed=failure.seed) == failure
    assert str(failure).endswith(f"again: run_random(make_world, seed={failure.seed})")


def test_the_documented_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """The example in the docstring of the package works as written."""
    assert documented.__doc__ is not None
    _, _, rest = documented.__doc__.partition("::\n\n")
    example = rest[: rest.index("\nYour own scenario")]
    exec(textwrap.dedent(example), {})  # noqa: S102 - the text is this package's
    assert "schedules" in capsys.readouterr().out
