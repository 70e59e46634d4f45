"""Shows the reports of a run: one table for people, or JSON."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import asdict
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.report import Report, Row

_COLUMNS = ("figure", "measured", "yardstick", "its value", "ratio", "goal", "reached", "seen")

_SHOWN_PROBLEMS = 10
"""For each figure: some of thousands of wrong tickets show what is wrong with all."""

_SMALL = 100
"""Numbers below it are shown with a fraction."""


def print_reports(reports: Mapping[str, Report], *, console: Console) -> None:
    """Print all rows, and after them what the audits found."""
    table = Table(*_COLUMNS, box=None, header_style="bold", pad_edge=False)
    for column in table.columns:
        column.overflow = "fold"
    for report in reports.values():
        for row in report.rows:
            table.add_row(*(escape(cell) for cell in _cells(row)))
    console.print(table)
    for name, report in reports.items():
        for problem in report.problems[:_SHOWN_PROBLEMS]:
            console.print(f"AUDIT FAILED ({name}): {problem}", markup=False)
        if len(report.problems) > _SHOWN_PROBLEMS:
            console.print(f"AUDIT FAILED ({name}): {len(report.problems)} problems in all")
    audited = sum(report.audited for report in reports.values())
    console.print(f"{audited:,} answers were compared with the database.")


def as_json(reports: Mapping[str, Report]) -> Any:
    """Return the reports for programs; NaN becomes null."""
    return [
        {
            "name": name,
            "audited": report.audited,
            "problems": report.problems,
            "rows": [
                asdict(row, value_serializer=_plain)
                | {"ratio": _plain(None, None, row.ratio), "reached": row.reached}
                for row in report.rows
            ],
            "curves": {
                service: [asdict(point, value_serializer=_plain) for point in points]
                for service, points in report.curves.items()
            },
        }
        for name, report in reports.items()
    ]


def _plain(_instance: object, _field: object, value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return round(value, 4) if math.isfinite(value) else None


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
