"""How commands print: results on stdout, as a table or JSON; everything else on stderr.

What the store or the payment provider says is printed as text: neither as markup of the table nor
as codes that a terminal obeys.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ticketing_service.observing.logs import CONTROLS, visible

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


def agrees(question: str) -> bool:
    """Ask on stderr, and return the answer. Ctrl-C and the end of the input are a no."""
    try:
        return click.confirm(visible(question), err=True)
    except click.Abort:
        return False


def print_line(text: str) -> None:
    """Print one line."""
    click.echo(visible(text).replace("\n", r"\n"))


def print_json(result: Any) -> None:
    """Print a result as JSON."""
    text = json.dumps(result, indent=2, ensure_ascii=False)
    # Only inside of strings; JSON's own rule escapes the others.
    click.echo(CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


UNBOUNDED = 10_000
"""Characters of a line where no terminal reads: in a file or a pipe, lines are searched and cut."""


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    numbers: Collection[str] = frozenset(),
) -> None:
    """Print a table. Long cells wrap in a terminal and are never cut.

    Args:
        columns: Their names. Without any name the table has no header.
        rows: The cells.
        numbers: Which columns are aligned to the right.
    """
    table = Table(*columns, box=None, header_style="bold", pad_edge=False, show_header=any(columns))
    for column in table.columns:
        column.overflow = "fold"
        column.justify = "right" if column.header in numbers else "left"
    for row in rows:
        # Not as `str`, in which rich reads markup and emoji codes.
        table.add_row(*(Text(visible(str(cell)).replace("\n", r"\n")) for cell in row))
    console = Console()
    if console.is_terminal:
        console.print(table)
        return
    console.width = UNBOUNDED
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        # Not padded to the widest cell of the last column.
        click.echo(line.rstrip())
