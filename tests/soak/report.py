"""Shows what a run saw, as a table."""

from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.soak.ending import Ending
from tests.soak.front import Call
from tests.soak.samples import Sample
from tests.soak.verdict import Growth, overdue
from tests.support.audit import SOLD, Receipts

_WIDE = 130
"""Columns of the table where the width of the output is unknown: a file, or a CI log."""

_SHOWN_PROBLEMS = 20
"""Some of thousands show what is wrong with all."""

_MILLISECONDS = 1000


@frozen(kw_only=True)
class Run:
    """All that a run saw.

    Attributes:
        seconds: How long people came.
        processes: What went wrong with the processes of the service.
    """

    seconds: float
    samples: Sequence[Sample]
    calls: Sequence[Call]
    faults: Mapping[str, int]
    receipts: Receipts
    growths: Sequence[Growth]
    processes: Sequence[str]
    ending: Ending

    @property
    def problems(self) -> list[str]:
        """All that is wrong, each in a sentence."""
        leaks = [
            f"the memory of {each.of} has grown by {each.grown:.1f} MB in the second half, "
            f"and {each.allowed:.1f} MB are allowed"
            for each in self.growths
            if not each.is_flat
        ]
        return [*self.processes, *leaks, *overdue(self.samples), *self.ending.problems]


def show(run: Run) -> None:
    """Print the figures, and after them everything that is wrong."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDE)
    table = Table("figure", "", box=None, header_style="bold", pad_edge=False, show_header=False)
    for name, value in _figures(run):
        table.add_row(escape(name), escape(value))
    console.print(table)
    for problem in run.problems[:_SHOWN_PROBLEMS]:
        console.print(f"FAILED: {problem}", markup=False, highlight=False)
    if len(run.problems) > _SHOWN_PROBLEMS:
        console.print(f"FAILED: {len(run.problems)} problems in all")


def by_route(calls: Sequence[Call]) -> Mapping[str, Sequence[Call]]:
    """Return the calls of each route, those of the busiest first."""
    routes: dict[str, list[Call]] = {}
    for call in calls:
        routes.setdefault(call.route, []).append(call)
    return dict(sorted(routes.items(), key=lambda item: -len(item[1])))


def latencies(calls: Sequence[Call]) -> tuple[float, float]:
    """Return p50 and p99 in milliseconds."""
    times = sorted(call.seconds * _MILLISECONDS for call in calls)
    return times[len(times) // 2], times[len(times) * 99 // 100]


def _figures(run: Run) -> Iterator[tuple[str, str]]:
    rate = len(run.calls) / run.seconds
    yield "answers", f"{len(run.calls):,} in {run.seconds:,.0f} s, {rate:.1f} a second"
    yield "without an answer, or an uncertain one", f"{run.receipts.uncertain:,}"
    tickets = run.ending.books.tickets
    sold = [ticket for ticket in tickets if ticket.status in SOLD]
    refunded = sum(ticket.status == "refunded" for ticket in tickets)
    yield "tickets", f"{len(tickets):,}, {len(sold):,} issued, {refunded:,} refunded"
    inside = sum(ticket.admitted + ticket.excess for ticket in tickets)
    yield "answers at the gates", f"{len(run.receipts.told):,}, {inside:,} people inside at the end"
    yield "faults", ", ".join(f"{name} {count:,}" for name, count in run.faults.items())
    for each in run.growths:
        verdict = "flat" if each.is_flat else "GROWS"
        sizes = f"{each.middle:.0f} MB in the middle, {each.end:.0f} MB at the end"
        slope = f"{each.grown:+.1f} MB by its slope, {each.allowed:.1f} MB allowed"
        yield f"memory of {each.of}", f"{sizes}: {slope}, {verdict}"
    for route, calls in by_route(run.calls).items():
        half, most = latencies(calls)
        yield route, f"{len(calls):,}, p50 {half:.0f} ms, p99 {most:.0f} ms"
    last = run.samples[-1]
    for name, values, end in (
        ("tickets due", [each.due for each in run.samples], last.due),
        ("owed refunds", [each.owed for each in run.samples], last.owed),
        ("paid but not issued", [each.unissued for each in run.samples], last.unissued),
    ):
        yield name, f"{max(values):,} at most, {end:,} when people left"
    overdue = max(each.overdue for each in run.samples)
    yield "the longest that a ticket was due", f"{overdue:.0f} s"
    wrong = len(run.ending.problems)
    yield "books, reconcile and report", f"{wrong:,} problems" if wrong else "agree to the cent"
