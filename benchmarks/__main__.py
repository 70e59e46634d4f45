"""`python -m benchmarks`: measure, print one table, draw the plot, and fail if an audit fails."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import click
from rich.console import Console

from benchmarks.bench import Bench, open_bench
from benchmarks.figures import (
    curve,
    library,
    memory,
    overload,
    payments,
    processes,
    purchases,
    settle,
    stored,
)
from benchmarks.pace import QUICK, USUAL
from benchmarks.plot import drawing
from benchmarks.row import Report
from benchmarks.table import as_json, print_reports

Figure = Callable[[Bench], Report]

SHORT: Mapping[str, Figure] = MappingProxyType(
    {
        "hot": purchases.hot,
        "sqlite": purchases.sqlite,
        "many": purchases.many,
        "library": library.library,
        "sold-out": purchases.sold_out,
        "verify": payments.verify,
        "paid": payments.paid,
        "overload": overload.overload,
        "curve": curve.curve,
    }
)
LONG: Mapping[str, Figure] = MappingProxyType(
    {
        "processes": processes.processes,
        "settle": settle.settle,
        "stored": stored.stored,
        "memory": memory.memory,
    }
)

WIDE = 170
"""Columns that the table needs where nobody can see how wide the place is: a file, or a CI log."""


@click.command()
@click.option("--only", multiple=True, type=click.Choice([*SHORT, *LONG]), help="Only these.")
@click.option("--long", "with_long", is_flag=True, help="Also what takes tens of minutes.")
@click.option("--quick", is_flag=True, help="Too short to measure: only the audits count.")
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("benchmark.svg"),
    show_default=True,
    help="Where the figure `curve` is drawn.",
)
@click.option("--json", "json_only", is_flag=True, help="Print JSON in place of the table.")
def main(*, only: Sequence[str], with_long: bool, quick: bool, plot: Path, json_only: bool) -> None:
    """Measure the product beside its yardsticks. Ends with 1 if an audit finds anything wrong."""
    figures = {**SHORT, **LONG}
    names = only or (figures if with_long else SHORT)
    progress = Console(stderr=True)
    reports: list[Report] = []
    with (
        progress.status("starting") as status,
        open_bench(
            pace=QUICK if quick else USUAL, say=lambda text: _say(progress, status.update, text)
        ) as bench,
    ):
        for name in names:
            progress.print(f"{name} ...", highlight=False)
            report = figures[name](bench)
            reports.append(report)
            for row in report.rows:
                progress.print(
                    f"  {row.figure}: {row.ratio:.2f} of {row.yardstick}", highlight=False
                )
    for report in reports:
        if report.curves:
            plot.write_text(drawing(report.curves))
            progress.print(f"{plot} shows throughput and p99", highlight=False)
    tell(reports, json_only=json_only)


def tell(reports: Sequence[Report], *, json_only: bool) -> None:
    """Print what came out; it is a failure if an audit found anything wrong.

    Raises:
        click.exceptions.Exit: With code 1, if it is one.
    """
    if json_only:
        click.echo(json.dumps(as_json(reports), indent=2))
    else:
        console = Console()
        print_reports(reports, console=console if console.is_terminal else Console(width=WIDE))
    if any(report.problems for report in reports):
        raise click.exceptions.Exit(1)


def _say(progress: Console, update: Callable[[str], None], text: str) -> None:
    if progress.is_terminal:
        update(text)


if __name__ == "__main__":
    main()
