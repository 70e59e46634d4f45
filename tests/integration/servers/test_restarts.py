"""The shortest form of `make restarts`: an update and the way back while clients buy."""

import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[3]

_SECONDS = 240
"""Each takes less than half a minute, and several times as long on a busy machine."""


def _restarts(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.restarts", *options]
    return subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)


@pytest.mark.timeout(_SECONDS)
@pytest.mark.parametrize("database", [(), ("--sqlite",)], ids=["postgres", "sqlite"])
def test_an_update_and_the_way_back_refuse_nobody(database: tuple[str, ...]) -> None:
    """Neither on connections that stay open nor on new ones, with one worker and with two.

    Nor does anyone lose an answer: the books agree with what the clients were told. The older
    version sells on the newer schema before the update and after the way back.
    """
    ran = _restarts("--times", "2", *database)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "migrations under load  2" in ran.stdout
    assert "agree to the cent" in ran.stdout


@pytest.mark.timeout(_SECONDS)
def test_control_stopping_and_starting_is_found() -> None:
    """Control: clients are refused meanwhile."""
    ran = _restarts("--times", "1", "--control", "--sqlite")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Connection refused" in ran.stdout
