"""`python -m tests.failover`: let machines fail, print one table, and fail if an audit fails."""

import faulthandler
import sys
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from random import Random

import click

from tests.failover.faults import FAULTS
from tests.failover.isolation import FOLDER, furnish, missing, run_isolated
from tests.failover.report import show
from tests.failover.rounds import Place, Round, open_place

_INSIDE = "--inside"

_START_SECONDS = 240.0
_FAILOVER_SECONDS = 240.0
_KILL_SECONDS = 30.0
"""Far longer than each takes; after their sum everything ends."""

_CONTROL = "behind"
"""The fault in which commits are answered that no standby has, unless they wait for it."""


@click.command()
@click.option("--fault", "faults", multiple=True, type=click.Choice([*FAULTS]), help="Only these.")
@click.option(
    "--failovers",
    type=click.IntRange(min=0),
    help="How many, the faults in turn. By default each fault once.",
)
@click.option(
    "--kills",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    help="How often to kill a process of the service.",
)
@click.option(
    "--control",
    is_flag=True,
    help="Replicate asynchronously. Succeeds if the audit finds that sales were lost.",
)
@click.option(
    "--logs",
    type=click.Path(file_okay=False, path_type=Path, resolve_path=True),
    help="Where to keep all logs. By default they are lost.",
)
@click.option(_INSIDE, is_flag=True, hidden=True)
def main(
    *,
    faults: Sequence[str],
    failovers: int | None,
    kills: int,
    control: bool,
    logs: Path | None,
    inside: bool,
) -> None:
    """Let machines fail under load. Ends with 1 if an audit finds a problem."""
    if not inside:
        lacking = missing()
        if lacking:
            raise click.ClickException(f"`make failover` {lacking}")
        sys.exit(run_isolated(["tests.failover", _INSIDE, *sys.argv[1:]]))
    chosen = [_CONTROL] if control else [*(faults or FAULTS)]
    count = len(chosen) if failovers is None or control else failovers
    kills = 0 if control else kills
    seconds = _START_SECONDS + count * _FAILOVER_SECONDS + kills * _KILL_SECONDS
    # The first process of the namespaces: all others end with it.
    faulthandler.dump_traceback_later(seconds, exit=True)
    furnish()
    logs = logs or FOLDER / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    # What the buyers choose. A seed would repeat nothing: when each thing happens decides.
    rng = Random()  # noqa: S311 - not secret
    with open_place(logs=logs, rng=rng, synchronous=not control) as place:
        rounds = []
        for each in _rounds(place, names=islice(cycle(chosen), count), kills=kills):
            click.echo(f"{each.title}: {each.stood_still:.1f} s", err=True)
            rounds.append(each)
        in_the_end = [] if control else place.end()
        show(rounds, answers=place.answers, in_the_end=in_the_end)
    found = any(each.problems for each in rounds) or bool(in_the_end)
    if control:
        click.echo(f"The control {'lost sales, as it has to' if found else 'lost nothing'}.")
    sys.exit(found != control)


def _rounds(place: Place, *, names: Iterator[str], kills: int) -> Iterator[Round]:
    for name in names:
        yield place.fail(FAULTS[name])
    if kills:
        yield place.kill(kills)


if __name__ == "__main__":
    main()
