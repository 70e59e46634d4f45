"""Shows what the rounds saw, as a table."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.failover.rounds import Round

_WIDE = 150
"""Columns of the table where the width of the output is unknown: a file, or a CI log."""

_COLUMNS = (
    "what happens",
    "sales stand still",
    "new primary after",
    "sold",
    "wrong",
    "what takes the time",
)

_SHOWN_PROBLEMS = 10
"""Of each round: some of thousands of wrong tickets show what is wrong with all."""


def show(rounds: Sequence[Round], *, answers: int, in_the_end: Sequence[str]) -> None:
    """Print all rounds, and after them what the audits found."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDE)
    table = Table(*_COLUMNS, box=None, header_style="bold", pad_edge=False)
    for each in rounds:
        led = "" if each.led_after is None else f"{each.led_after:.1f} s"
        stood, wrong = f"{each.stood_still:.1f} s", str(len(each.problems))
        cells = (each.title, stood, led, str(each.sold), wrong, each.takes)
        table.add_row(*map(escape, cells))
    console.print(table)
    for title, problems in [
        *((each.title, each.problems) for each in rounds),
        ("in the end", in_the_end),
    ]:
        for problem in problems[:_SHOWN_PROBLEMS]:
            console.print(f"AUDIT FAILED ({title}): {problem}", markup=False)
        if len(problems) > _SHOWN_PROBLEMS:
            console.print(f"AUDIT FAILED ({title}): {len(problems)} problems in all")
    console.print(f"{answers:,} answers were compared with the books.")
