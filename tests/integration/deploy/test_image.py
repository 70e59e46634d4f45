"""The image: its steps give a service that runs confined, answers, and stops on a signal."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.integration.servers.test_workers import wait_until
from tests.support.containerfiles import run_steps, stages
from tests.support.namespaces import confined, first_process, unavailable
from tests.support.ports import free_ports
from tests.support.server import SECRET

ROOT = Path(__file__).parents[3]
CONTAINERFILE = ROOT / "deploy/Containerfile"
BUILD, FINAL = stages(CONTAINERFILE.read_text())

KILL_SECONDS = 10
"""After which container runtimes kill what has not stopped (`docker stop`)."""


def hadolint(text: str) -> str:
    """Return what the linter finds in a Containerfile."""
    linter = Path(sys.executable).with_name("hadolint")
    found = subprocess.run(
        [linter, "--no-color", "-"], input=text, capture_output=True, text=True, check=False
    )
    return found.stdout + found.stderr


def test_the_linter_finds_no_fault() -> None:
    """With all of its rules."""
    assert hadolint(CONTAINERFILE.read_text()) == ""


def test_control_the_linter_finds_faults() -> None:
    """Control: an image without a version."""
    assert "DL3006" in hadolint(CONTAINERFILE.read_text() + "\nFROM debian\n")


def test_only_the_lock_is_installed() -> None:
    """With hashes, from nowhere in particular, at the versions that the tests have."""
    pin = re.compile(r"^(\S+==\S+)", re.MULTILINE)
    tested = set(pin.findall((ROOT / "requirements/all.txt").read_text()))
    for name in ("server", "build"):
        lock = (ROOT / f"requirements/{name}.txt").read_text()
        assert set(pin.findall(lock)) <= tested
        assert lock.count(" \\\n    --hash=sha256:") >= len(pin.findall(lock))
        assert "://" not in lock
    installs = re.findall(r"pip install [^&]*", BUILD.last("RUN") + dict(BUILD.steps)["RUN"])
    assert all("--require-hashes" in each or "--no-index" in each for each in installs)


def test_neither_stage_runs_the_service_as_root() -> None:
    """The user is a number, as Kubernetes' `runAsNonRoot` needs."""
    assert int(FINAL.last("USER")) > 0
    assert [name for name, _ in FINAL.steps].index("USER") > 0


@pytest.fixture(scope="module")
def image() -> Iterator[Path]:
    """What the build stage puts into the image, in a folder that any user may read."""
    reason = unavailable()
    if reason is not None:
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="ticketing-image-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        (folder / "build").mkdir()
        moved = {"/opt/ticketing": str(folder / "opt")}
        run_steps(BUILD, context=ROOT, moved=moved, folder=folder / "build")
        yield folder
    finally:
        shutil.rmtree(folder)


def test_the_service_runs_as_the_image_says(image: Path) -> None:
    """As its first process, not root, on a read-only root; it is healthy, and stops in time."""
    [port] = free_ports(1)
    state = image / "state"
    state.mkdir()
    log = image / "log"
    path = FINAL.variables()["PATH"].replace("/opt/ticketing", str(image / "opt"))
    environment = FINAL.variables() | {
        "PATH": path.replace("$PATH", "/usr/bin:/bin"),
        "TICKETING_JWT_SECRET": SECRET,
    }
    command = [*FINAL.words("ENTRYPOINT"), *FINAL.words("CMD"), "--port", str(port)]
    user = int(FINAL.last("USER"))
    check = [each.replace(":8000/", f":{port}/") for each in FINAL.words("HEALTHCHECK")]

    def healthy() -> bool:
        tried = subprocess.run(check, env=environment, capture_output=True, check=False)
        return tried.returncode == 0

    assert not healthy()
    started = confined(command, user=user, folder=state, environment=environment, log=log)
    try:
        wait_until(lambda: healthy() or started.poll() is not None, what="it is healthy")
        assert started.poll() is None, log.read_text()
        assert requests.get(f"http://127.0.0.1:{port}/readyz", timeout=10).ok
        service = first_process(started)
        status = Path(f"/proc/{service}/status").read_text()
        assert re.search(r"^NSpid:\s+\d+\s+1$", status, re.MULTILINE)
        assert re.search(rf"^Uid:\s+{user}\s", status, re.MULTILINE)
        assert subprocess.run(["touch", f"/proc/{service}/root/new"], check=False).returncode
        os.kill(service, signal.SIGTERM)
        # The time-out is that of container runtimes, which would kill it.
        assert started.wait(KILL_SECONDS) == 0, log.read_text()
        assert not healthy()
    finally:
        started.kill()
        started.wait()
