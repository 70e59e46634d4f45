"""The long run: ``python -m tests.fuzz --help``."""

import argparse
import sys
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fuzz import scenarios, wire
from tests.fuzz.judging import Tally
from tests.fuzz.running import ATTACKS, attack
from tests.fuzz.shop import shop
from tests.fuzz.site import site

ALL = [*ATTACKS, wire.NAME, scenarios.NAME]

ROUND = 1000
"""Inputs of each attack with one seed: enough for Hypothesis to vary what it has found."""

SCENARIOS = 50
"""In each round: each has several calls, and these wait for the provider's pace."""

LONGEST_SECONDS = 60
"""For one request: the longest that anything waits is half of it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Attack until there were so many inputs, and return 1 after a failure, which is shown."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="the first seed (now)")
    parser.add_argument("--inputs", type=int, default=100_000, help="inputs in all (100000)")
    parser.add_argument("--attack", choices=ALL, help="only this one")
    given = parser.parse_args(argv)
    names = [given.attack] if given.attack else ALL
    tally, number = Tally(), given.seed
    print(f"seed {number}", flush=True)  # noqa: T201 - this is a command
    with (
        TemporaryDirectory() as folder,
        site(Path(folder), alarm=LONGEST_SECONDS) as attacked,
        shop(Path(folder)) as sold,
    ):
        try:
            while tally.counts.total() < given.inputs:
                for name in names:
                    match name:
                        case wire.NAME:
                            wire.run(sold.server, tally, number=number, inputs=ROUND)
                        case scenarios.NAME:
                            scenarios.run(sold, tally, number=number, scenarios=SCENARIOS)
                        case _:
                            attack(name, attacked, tally, number=number, inputs=ROUND)
                number += 1
        except BaseException:  # noqa: BLE001 - also a hang and Ctrl-C: the counts are shown
            traceback.print_exc()
            return 1
        finally:
            print(table(tally.counts), flush=True)  # noqa: T201 - as above
    return 0


def table(counts: "Counter[tuple[str, int | str]]") -> str:
    """Return the counts, an attack in each line."""
    lines = []
    for name in dict.fromkeys(name for name, _ in counts):
        found = {
            what: n for (attack_, what), n in sorted(counts.items(), key=str) if attack_ == name
        }
        shown = ", ".join(f"{what}: {n}" for what, n in found.items())
        lines.append(f"{name:12} {sum(found.values()):7}   {shown}")
    return "\n".join([*lines, f"{'all':12} {counts.total():7}"])


if __name__ == "__main__":
    sys.exit(main())
