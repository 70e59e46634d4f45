"""Pytest plugin: prints the coverage of each package, and fails a run that is below a floor.

`make coverage` loads it beside pytest-cov. The floors are in pyproject.toml.
"""

import json
import tomllib
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage

_ROOT = Path(__file__).parents[2]
_TABLE = pytest.StashKey[list[str]]()


def floors() -> dict[str, float]:
    """Return the least per cent of each package."""
    pyproject = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: dict[str, float] = pyproject["tool"]["coverage-floors"]
    return found


def percentages(report: Mapping[str, Any], packages: set[str]) -> dict[str, float]:
    """Return the per cent of lines and branches that ran, by package.

    It is rounded down to a tenth, so that a floor copied from it holds.

    Args:
        report: A JSON report of coverage.py.
        packages: Their import names, one of which is in the path of each file.
    """
    covered, total = Counter[str](), Counter[str]()
    for path, file in report["files"].items():
        (package,) = packages & set(Path(path).parts)
        summary = file["summary"]
        covered[package] += summary["covered_lines"] + summary["covered_branches"]
        total[package] += summary["num_statements"] + summary["num_branches"]
    return {package: covered[package] * 1000 // total[package] / 10 for package in packages}


def table(measured: Mapping[str, float], floor: Mapping[str, float]) -> tuple[list[str], bool]:
    """Return the lines to print, and whether every package reaches its floor."""
    lines = [f"{'package':<24}{'covered':>8}{'floor':>8}"]
    for package in sorted(floor):
        missed = "  below its floor" if measured[package] < floor[package] else ""
        lines.append(f"{package:<24}{measured[package]:>7}%{floor[package]:>7}%{missed}")
    return lines, all(measured[package] >= floor[package] for package in floor)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Compare with the floors, once pytest-cov has combined what all processes have written."""
    result = yield
    if not hasattr(session.config, "workerinput"):
        coverage = Coverage(config_file=str(_ROOT / "pyproject.toml"))
        coverage.load()
        with redirect_stdout(StringIO()) as report:
            coverage.json_report(outfile="-")
        measured = percentages(json.loads(report.getvalue()), set(floors()))
        session.config.stash[_TABLE], reached = table(measured, floors())
        # As pytest-cov does it: the run fails, and no test does.
        session.testsfailed += not reached
    return result


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table, if the run came to its end; pytest's own last line stays the last."""
    terminalreporter.section("coverage of lines and branches")
    for line in terminalreporter.config.stash.get(_TABLE, []):
        terminalreporter.write_line(line)
