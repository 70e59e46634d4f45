"""The files of the metrics: neither a full disk nor a lost folder harms a process that counts."""

import subprocess
import sys
from pathlib import Path

COUNT = """
import os, sys
from prometheus_client import CollectorRegistry, generate_latest, mmap_dict, values
from prometheus_client.multiprocess import MultiProcessCollector
from ticketing_service.observing.logs import log_to_stderr
from ticketing_service.observing.metrics import Metrics
from ticketing_service.observing.requests import ROUTE, ObservedRequests

log_to_stderr()
metrics = Metrics()
if "control" in sys.argv:
    values.MmapedDict = mmap_dict.MmapedDict
metrics.watch("connections", lambda: 1)
requests = ObservedRequests(metrics=metrics, purchase_route="/", trusts_ids=False)
serve = requests.around(lambda _, start: start("200 OK", []) or [])
metrics.sample()
if os.fork():
    sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
folder = os.environ["PROMETHEUS_MULTIPROC_DIR"]
if "full" in sys.argv:
    for kind in ("counter", "histogram", "gauge_livesum"):
        os.symlink("/dev/full", f"{folder}/{kind}_{os.getpid()}.db")
if "gone" in sys.argv:
    for name in os.listdir(folder):
        os.unlink(f"{folder}/{name}")
    os.rmdir(folder)
for number in range(50):
    serve({"REQUEST_METHOD": "GET", ROUTE: f"/route-{number}/"}, lambda *_: None)
metrics.sample()
if "gone" not in sys.argv:
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    print(generate_latest(registry).decode().count("ticketing_requests_total{"))
"""
"""Counts before and after a fork, and prints how many routes a scrape shows."""


def counted(folder: Path, how: str = "") -> tuple[str, str]:
    """Let a process count; return what a scrape shows, and the log."""
    ended = subprocess.run(
        [sys.executable, "-c", COUNT, how],
        capture_output=True,
        text=True,
        check=True,
        env={"PROMETHEUS_MULTIPROC_DIR": str(folder)},
    )
    return ended.stdout.strip(), ended.stderr


def holes(folder: Path) -> int:
    """Return how many files have fewer blocks than bytes."""
    states = [path.stat() for path in folder.iterdir()]
    return sum(state.st_blocks * 512 < state.st_size for state in states)


def test_no_file_has_holes(tmp_path: Path) -> None:
    """The kernel kills a process that writes into a hole of a full disk."""
    assert counted(tmp_path) == ("50", "")
    # One before the fork, and three after it.
    assert len([*tmp_path.iterdir()]) == 4
    assert holes(tmp_path) == 0


def test_control_the_library_makes_holes(tmp_path: Path) -> None:
    """So a test that finds none has looked."""
    assert counted(tmp_path, "control") == ("50", "")
    assert holes(tmp_path) == 4


def test_on_a_full_disk_nothing_fails(tmp_path: Path) -> None:
    """The counts are not shown, which the log says, and a scrape is answered."""
    found, log = counted(tmp_path, "full")
    assert found == "0"
    assert log.count("what this process counts is not shown: [Errno 28] No space left") == 3


def test_without_its_folder_nothing_fails(tmp_path: Path) -> None:
    """Machines clean up their folders for temporary files."""
    folder = tmp_path / "counts"
    folder.mkdir()
    assert counted(folder, "gone")[1].count("is not shown: [Errno 2] No such file") == 3
