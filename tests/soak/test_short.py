"""The shortest form of `make soak`: all kinds of load and faults for 20 seconds."""

import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]

_SECONDS = 240
"""It takes 45 seconds, and several times as long on a busy machine."""


def _soak(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    plot = folder / "soak.svg"
    command = [sys.executable, "-m", "tests.soak", "--minutes", "0", "--plot", str(plot), *options]
    ran = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert plot.read_text().endswith("</svg>\n")
    return ran


@pytest.mark.timeout(_SECONDS)
def test_a_short_run_balances_and_leaks_nothing(tmp_path: Path) -> None:
    """Books, receipts, `reconcile` and `report` agree after all faults, and memory is flat."""
    shown = _soak(tmp_path).stdout
    assert "agree to the cent" in shown
    for fault in ("killed", "handed over", "provider disturbed", "event locked", "clients stalled"):
        assert fault in shown


@pytest.mark.timeout(_SECONDS)
def test_control_a_leak_a_lost_refund_and_a_lost_scan_are_found(tmp_path: Path) -> None:
    """Control: the service keeps a megabyte of each call, and the database loses the other two."""
    shown = _soak(tmp_path, "--control").stdout
    assert "the memory of process 1 has grown" in shown
    assert "0 are stored as given back" in shown
    assert "report says" in shown
    assert "people inside, its scans" in shown
