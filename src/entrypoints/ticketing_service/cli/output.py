"""How commands print: results on stdout, as a table or JSON; everything else on stderr."""

import json
import logging
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


def print_json(result: Any) -> None:
    """Print a result as JSON."""
    click.echo(json.dumps(result, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table. Long cells wrap and are never cut. Without column names it has no header."""
    table = Table(*columns, box=None, header_style="bold", pad_edge=False, show_header=any(columns))
    for column in table.columns:
        column.overflow = "fold"
    for row in rows:
        # Escaped: rich would read brackets in a name as markup.
        table.add_row(*(str(cell).replace("[", r"\[") for cell in row))
    Console().print(table)


def log_to_stderr() -> None:
    """Send the log to stderr. It never contains a secret."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        force=True,
    )
    # The SDK logs every call at INFO.
    logging.getLogger("stripe").setLevel(logging.WARNING)
