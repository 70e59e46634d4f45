"""`python -m tests.soak`: sell under faults, print one table, draw the plot, and give a verdict."""

import signal
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import click

from tests.soak.crowd import crowd_at
from tests.soak.ending import end
from tests.soak.faults import Faults
from tests.soak.plot import drawing
from tests.soak.report import Run, show
from tests.soak.samples import sampling
from tests.soak.stage import open_stage
from tests.soak.verdict import growths
from tests.support.server import SERVE

_LEAKING: Sequence[str] = (
    sys.executable,
    "-c",
    """
from ticketing_service import cli
from ticketing_service.capacity.rates import Rates
kept, allow = [], Rates.allow
def leak(*given, **named):
    kept.append(b"x" * 1_000_000)
    return allow(*given, **named)
Rates.allow = leak
cli.main()
""",
    "serve",
)
"""The service, which keeps a megabyte of each call of a payment route: enough for the shortest run.
"""

_MINUTE = 60.0
_SHORTEST_SECONDS = 20.0
"""Long enough that everything happens once."""

_WEBHOOKS_SECONDS = 60.0
"""The last retry of a webhook comes after 19 seconds."""

_CLOCKS_DIFFER = timedelta(minutes=1)


@click.command()
@click.option(
    "--minutes",
    type=click.FloatRange(min=0),
    default=10.0,
    show_default=True,
    help="How long people come, 20 seconds at least; starting and settling take another minute.",
)
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("soak.svg"),
    show_default=True,
    help="Where to draw memory, latency and backlog.",
)
@click.option(
    "--control",
    is_flag=True,
    help="Let the service leak, and lose a refund and a scan. Succeeds if the verdict finds that.",
)
@click.option(
    "--logs",
    type=click.Path(file_okay=False, path_type=Path, resolve_path=True),
    help="Where to keep the logs. By default they are lost.",
)
def main(*, minutes: float, plot: Path, control: bool, logs: Path | None) -> None:
    """Run the service for long under load with faults. Ends with 1 if anything is wrong.

    Two processes of the service sell over one PostgreSQL. In the first third of the time they are
    killed and handed over in turns; memory is judged in the second half.
    """
    # So that whatever was started is ended, as at Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with TemporaryDirectory() as folder:
        if logs is not None:
            logs.mkdir(parents=True, exist_ok=True)
        seconds = max(minutes * _MINUTE, _SHORTEST_SECONDS)
        run = _run(seconds, folder=logs or Path(folder), plot=plot, control=control)
    show(run)
    click.echo(f"{plot} shows memory, latency and backlog")
    if control:
        leaks = not all(each.is_flat for each in run.growths[:-1])
        found = leaks and bool(run.ending.problems)
        click.echo(f"The control was {'found' if found else 'NOT FOUND'}.")
        sys.exit(not found)
    sys.exit(bool(run.problems))


def _run(seconds: float, *, folder: Path, plot: Path, control: bool) -> Run:
    since = datetime.now(UTC) - _CLOCKS_DIFFER
    # What people choose. A seed would repeat nothing: when each thing happens decides.
    rng = Random()  # noqa: S311 - not secret
    with open_stage(folder, rng=rng, program=_LEAKING if control else SERVE) as stage:
        faults = Faults(stage=stage, rng=rng)
        began = time.monotonic()
        with sampling(stage, seconds=seconds) as samples, crowd_at(stage, rng=rng) as learned:
            faults.happen(seconds)
        lasted = time.monotonic() - began
        stage.site.sandbox.wait_for_webhooks(timeout=_WEBHOOKS_SECONDS)
        processes = stage.front.end()
        receipts = learned.result()
        run = Run(
            seconds=lasted,
            samples=samples,
            calls=stage.front.calls,
            faults=faults.counted,
            receipts=receipts,
            growths=growths(samples, seconds=seconds),
            processes=processes,
            ending=end(stage, receipts, since=since, rng=rng, control=control),
        )
        plot.write_text(drawing(run, began=began, restarts=stage.front.restarts))
        return run


if __name__ == "__main__":
    main()
