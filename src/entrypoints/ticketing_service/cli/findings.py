"""How a comparison of provider and database is shown: a count while it runs, then a table."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from ticketing_core import Compared, Finding
from ticketing_service.cli.output import print_table

Result = TypeVar("Result")


def progress_bar() -> Progress:
    """Return a bar on stderr, for `counted`: thousands of checkouts take minutes."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.completed:.0f} compared, {task.fields[found]} differ"),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    return Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty())


def counted(results: Iterable[Result], progress: Progress) -> Iterator[Result]:
    """Yield the results, and show how many were compared."""
    task = progress.add_task("", total=None, found=0)
    found = 0
    for one in results:
        found += isinstance(one, Finding)
        progress.update(task, advance=isinstance(one, Compared), found=found)
        yield one


def print_findings(findings: Sequence[Finding]) -> None:
    """Print what differs."""
    names = ["difference", "ticket", "checkout", "seen", "healed"]
    print_table(names, [_row(finding) for finding in findings])


def _row(finding: Finding) -> tuple[str, ...]:
    ticket = "-" if finding.ticket_id is None else str(finding.ticket_id)
    return (
        finding.difference.value,
        ticket,
        finding.checkout_id,
        finding.detail,
        "yes" if finding.healed else "no",
    )
