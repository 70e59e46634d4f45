"""The shortest form of `make failover`: one primary is killed while people buy."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.failover.isolation import missing

_ROOT = Path(__file__).parents[2]

_SECONDS = 240
"""It takes 45 seconds, and several times as long on a busy machine."""

_GONE_SECONDS = 10.0


@pytest.fixture(autouse=True, scope="module")
def _programs() -> None:
    """Skip where machines cannot be made out of namespaces, or have nothing to run."""
    lacking = missing()
    if lacking:
        pytest.skip(f"`make failover` {lacking}")


@pytest.mark.timeout(_SECONDS)
def test_nothing_is_lost_with_a_killed_primary() -> None:
    """What was answered before PostgreSQL is killed is there after the failover, to the cent."""
    command = [sys.executable, "-m", "tests.failover", "--fault", "killed", "--kills", "2"]
    ran = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "PostgreSQL of the primary is killed" in ran.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_the_command(number: signal.Signals) -> None:
    """However it is stopped, all of its processes end with it, and their namespaces with these."""
    isolated = (
        "from tests.failover.isolation import run_isolated; run_isolated(['http.server', '0'])"
    )
    with subprocess.Popen(
        [sys.executable, "-c", isolated], cwd=_ROOT, stdout=subprocess.DEVNULL, text=True
    ) as process:
        # Itself, `unshare`, the first process inside, and the one that does the work.
        tree = _descendants(process.pid, depth=3)
        process.send_signal(number)
    deadline = time.monotonic() + _GONE_SECONDS
    while any(Path(f"/proc/{pid}").exists() for pid in tree):
        assert time.monotonic() < deadline, tree
        time.sleep(0.05)


def _descendants(pid: int, *, depth: int) -> list[int]:
    """Return the line of a process's only children, once it is this long."""
    deadline = time.monotonic() + _GONE_SECONDS
    while True:
        line = [pid]
        while children := Path(f"/proc/{line[-1]}/task/{line[-1]}/children").read_text().split():
            line.append(int(children[0]))
        if len(line) > depth:
            return line
        assert time.monotonic() < deadline, line
        time.sleep(0.05)
