"""Runs attacks with Hypothesis, which finds the smallest input that fails."""

from collections.abc import Mapping
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.internal.conjecture.providers import HypothesisProvider
from hypothesis.strategies import SearchStrategy

from tests.fuzz import notices, organizers, requests, tokens
from tests.fuzz.judging import Attack, Check, Tally
from tests.fuzz.site import Site

ATTACKS: Mapping[str, Attack] = {
    **requests.ATTACKS,
    **notices.ATTACKS,
    **tokens.ATTACKS,
    **organizers.ATTACKS,
}

PHASES = [Phase.generate, Phase.shrink]
"""Not `explain`, which runs the failing input hundreds of times more."""


def attack(name: str, site: Site, tally: Tally, *, number: int, inputs: int) -> None:
    """Try so many inputs of an attack, which follow from the seed ``number``."""
    chosen = ATTACKS[name]
    check = chosen.begin(name, site, tally)
    search(name, chosen.inputs, check, number=number, inputs=inputs)


def search(
    name: str, strategy: SearchStrategy[Any], check: Check, *, number: int, inputs: int
) -> None:
    """Check so many inputs. A failure has notes with the seed and the smallest input."""

    @settings(
        max_examples=inputs,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        phases=PHASES,
        suppress_health_check=list(HealthCheck),
    )
    @seed(number)
    @given(strategy)
    def run(value: object) -> None:
        check(value)

    try:
        # Hypothesis also draws constants of the modules that happen to be imported: the same seed
        # would give other inputs beside other tests. `inputs` has the odd values.
        with patch.object(HypothesisProvider, "_maybe_draw_constant", lambda *_, **__: None):
            run()
    except BaseException as error:
        error.add_note(f"attack {name!r} with seed {number}")
        raise
