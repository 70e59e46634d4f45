"""How commands print: results on stdout, as a table or JSON; everything else on stderr.

What the store or the payment provider says is printed as text: neither as markup of the table nor
as codes that a terminal obeys.
"""

import json
import logging
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


_CONTROLS = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""What a terminal obeys, but for line breaks and tabs; and lone surrogates, which cannot be
encoded."""


def visible(text: str) -> str:
    """Return the text with control characters as escapes, as `ascii` writes them."""
    return _CONTROLS.sub(lambda found: ascii(found[0])[1:-1], text)


def print_line(text: str) -> None:
    """Print one line."""
    click.echo(visible(text).replace("\n", r"\n"))


def print_json(result: Any) -> None:
    """Print a result as JSON."""
    text = json.dumps(result, indent=2, ensure_ascii=False)
    # Only inside of strings; JSON's own rule escapes the others.
    click.echo(_CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table. Long cells wrap and are never cut. Without column names it has no header."""
    table = Table(*columns, box=None, header_style="bold", pad_edge=False, show_header=any(columns))
    for column in table.columns:
        column.overflow = "fold"
    for row in rows:
        # Not as `str`, in which rich reads markup and emoji codes.
        table.add_row(*(Text(visible(str(cell)).replace("\n", r"\n")) for cell in row))
    Console().print(table)


def log_to_stderr() -> None:
    """Send the log to stderr. It never contains a secret."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Visible("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    # The SDK logs every call at INFO.
    logging.getLogger("stripe").setLevel(logging.WARNING)


class _Visible(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return visible(super().format(record))
