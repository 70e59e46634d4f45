"""The benchmark end to end in its shortest form: only its audits count, never its times."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# One for each way to make the load or to note the answers.
FIGURES = (
    "library",
    "verify",
    "paid",
    "overload",
    "check-in",
    "gate-list",
    "curve",
    "processes",
    "settle",
    "stored",
    "lists",
)
AT_THE_LIMITS = (
    "rush",
    "line",
    "returning",
    "locked",
    "slots",
    "refund-calls",
    "beside-settling",
    "owed-refunds",
    "messages",
    "cancelled",
    "hostile",
    "observed",
)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("figures", [FIGURES, AT_THE_LIMITS], ids=["speed", "limits"])
def test_the_quick_form_ends_with_true_books(tmp_path: Path, figures: Sequence[str]) -> None:
    """Each figure was audited, the audits found no problem, and the plot was drawn."""
    plot = tmp_path / "plot.svg"
    only = [word for name in figures for word in ("--only", name)]
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--json", "--plot", str(plot), *only],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr + ended.stdout
    reports = json.loads(ended.stdout)
    assert [report["name"] for report in reports] == list(figures)
    for report in reports:
        assert report["problems"] == []
        assert report["audited"] > 0
        assert report["rows"] or report["curves"]
    if "curve" in figures:
        assert plot.read_text().startswith("<svg ")
