"""How commands print: results on stdout, for people or as pure JSON; everything else on stderr."""

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
    """Print a result for programs."""
    click.echo(json.dumps(result, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a result for people; long texts are broken, never cut. No names, no line of them."""
    table = Table(*columns, box=None, header_style="bold", pad_edge=False, show_header=any(columns))
    for column in table.columns:
        column.overflow = "fold"
    for row in rows:
        # Without markup: a name may hold brackets.
        table.add_row(*(str(cell).replace("[", r"\[") for cell in row))
    Console().print(table)


def log_to_stderr() -> None:
    """Log what an operator has to know; nothing that is logged holds a secret."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        force=True,
    )
    # The SDK tells of every call at INFO.
    logging.getLogger("stripe").setLevel(logging.WARNING)
