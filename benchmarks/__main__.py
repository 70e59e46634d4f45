"""`python -m benchmarks`: measure, print one table, draw the plot, and fail if an audit fails."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click
from rich.console import Console

from benchmarks.bench import Bench, open_bench
from benchmarks.figures import (
    background,
    cancelled,
    gate,
    hostile,
    library,
    limits,
    line,
    lists,
    memory,
    news,
    outbox,
    overload,
    payments,
    purchases,
    reach,
    settle,
    stored,
)
from benchmarks.pace import QUICK, USUAL
from benchmarks.plot import drawing
from benchmarks.report import Report
from benchmarks.table import as_json, print_reports

Figure = Callable[[Bench], Report]

SHORT: Mapping[str, Figure] = {
    "hot": purchases.hot,
    "sqlite": purchases.sqlite,
    "many": purchases.many,
    "library": library.library,
    "sold-out": purchases.sold_out,
    "verify": payments.verify,
    "paid": payments.paid,
    "overload": overload.overload,
    "check-in": gate.check_in,
    "observed": purchases.observed,
    "curve": purchases.curve,
}
LONG: Mapping[str, Figure] = {
    "gate-list": gate.gate_list,
    "returning": reach.returning,
    "locked": reach.locked,
    "rush": limits.rush,
    "line": line.line,
    "slots": limits.slots,
    "refund-calls": limits.refund_calls,
    "beside-settling": background.beside_settling,
    "hostile": hostile.hostile,
    "processes": purchases.processes,
    "settle": settle.settle,
    "owed-refunds": background.owed_refunds,
    "messages": outbox.messages,
    "cancelled": cancelled.cancelled,
    "stored": stored.stored,
    "lists": lists.lists,
    "news": news.news,
    "memory": memory.memory,
}

WIDE = 170
"""Columns of the table where the width of the output is unknown: a file, or a CI log."""


@click.command()
@click.option("--only", multiple=True, type=click.Choice([*SHORT, *LONG]), help="Only these.")
@click.option("--long", "with_long", is_flag=True, help="Also what takes tens of minutes.")
@click.option("--quick", is_flag=True, help="Too short to measure: only the audits count.")
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("benchmark.svg"),
    show_default=True,
    help="Where to draw the figure `curve`.",
)
@click.option("--json", "json_only", is_flag=True, help="Print JSON instead of the table.")
def main(*, only: Sequence[str], with_long: bool, quick: bool, plot: Path, json_only: bool) -> None:
    """Measure the product beside its yardsticks. Ends with 1 if an audit finds a problem."""
    figures = {**SHORT, **LONG}
    console = Console(stderr=True)
    reports: dict[str, Report] = {}
    with (
        console.status("starting") as status,
        open_bench(
            pace=QUICK if quick else USUAL,
            progress=status.update if console.is_terminal else lambda _: None,
        ) as bench,
    ):
        for name in only or (figures if with_long else SHORT):
            console.print(f"{name} ...", highlight=False)
            report = reports[name] = figures[name](bench)
            for row in report.rows:
                shown = f"  {row.figure}: {row.ratio:.2f} of {row.yardstick}"
                console.print(shown, highlight=False)
            if report.curves:
                plot.write_text(drawing(report.curves))
                console.print(f"{plot} shows throughput and p99", highlight=False)
    show(reports, json_only=json_only)


def show(reports: Mapping[str, Report], *, json_only: bool) -> None:
    """Print the reports.

    Raises:
        click.exceptions.Exit: With code 1, if an audit found a problem.
    """
    if json_only:
        click.echo(json.dumps(as_json(reports), indent=2))
    else:
        console = Console()
        print_reports(reports, console=console if console.is_terminal else Console(width=WIDE))
    if any(report.problems for report in reports.values()):
        raise click.exceptions.Exit(1)


if __name__ == "__main__":
    main()
