"""The one table of a run, for people and as JSON."""

import math
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.row import Report, Row

_COLUMNS = ("figure", "measured", "yardstick", "its value", "ratio", "goal", "reached", "seen")

_SHOWN_PROBLEMS = 10
"""Of one figure: what is wrong with thousands of tickets is seen at some of them."""

_SMALL = 100
"""Below it a number is shown with a fraction."""


def print_reports(reports: Sequence[Report], *, console: Console) -> None:
    """Print all rows, and after them what the audits found."""
    table = Table(*_COLUMNS, box=None, header_style="bold", pad_edge=False)
    for column in table.columns:
        column.overflow = "fold"
    for report in reports:
        for row in report.rows:
            table.add_row(*(escape(cell) for cell in _cells(row)))
    console.print(table)
    for report in reports:
        for problem in report.problems[:_SHOWN_PROBLEMS]:
            console.print(f"AUDIT FAILED ({report.name}): {problem}", markup=False)
        if len(report.problems) > _SHOWN_PROBLEMS:
            console.print(f"AUDIT FAILED ({report.name}): {len(report.problems)} problems in all")
    audited = sum(report.audited for report in reports)
    console.print(f"{audited:,} answers were compared with the database.")


def as_json(reports: Sequence[Report]) -> Any:
    """The reports for programs; a value that is no number is null."""
    return [
        {
            "name": report.name,
            "audited": report.audited,
            "problems": list(report.problems),
            "rows": [_row(row) for row in report.rows],
            "curves": {
                service: [
                    {
                        "connections": point.connections,
                        "per_second": _number(point.per_second),
                        "p99_seconds": _number(point.p99),
                    }
                    for point in points
                ]
                for service, points in report.curves.items()
            },
        }
        for report in reports
    ]


def _row(row: Row) -> dict[str, Any]:
    return {
        "figure": row.figure,
        "measured": _number(row.measured),
        "unit": row.unit,
        "yardstick": row.yardstick,
        "yardstick_value": _number(row.yardstick_value),
        "ratio": _number(row.ratio),
        "goal": row.goal,
        "at_least": row.at_least,
        "reached": row.reached,
        "detail": row.detail,
    }


def _cells(row: Row) -> Sequence[str]:
    return (
        row.figure,
        _shown(row.measured, row.unit),
        row.yardstick,
        _shown(row.yardstick_value, row.unit),
        f"{row.ratio:.2f}",
        f"{'>=' if row.at_least else '<='} {row.goal:g}",
        row.verdict,
        row.detail,
    )


def _shown(value: float, unit: str) -> str:
    number = f"{value:,.1f}" if abs(value) < _SMALL else f"{value:,.0f}"
    return f"{number} {unit}".strip()


def _number(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None
