"""Runs a command where it can change network, mounts and processes without a trace.

It gets namespaces of its own for all three. The kernel removes them, with every process, interface,
mount and file in them, when its first process ends, however that happens.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

# Debian puts many of them where only root's PATH leads.
os.environ["PATH"] = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"

PACKAGES = {
    "patroni": "patroni",
    "etcd": "etcd-server",
    "haproxy": "haproxy",
    "ip": "iproute2",
    "mount": "mount",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "unshare": "util-linux",
}
"""Debian's package of each program."""

_ISOLATED = (
    # Ends with this process, even if that is killed.
    *("setpriv", "--pdeathsig", "KILL", "--"),
    *("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", "--"),
)

_INIT = ("sh", "-c", '"$@"; exit $?', "init")
"""The first process takes away processes whose parent is gone, which a shell does while it waits.
Otherwise Patroni takes the remains of a killed PostgreSQL for a living one."""

FOLDER = Path("/mnt")
"""Every Linux has it. Inside, a file system in memory hides it."""


def postgres_programs() -> Path | None:
    """Return the folder of the newest installed PostgreSQL of Debian."""
    found = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    newest = max(found, key=lambda path: float(path.parts[-3]), default=None)
    return newest.parent if newest else None


def missing() -> str | None:
    """Return what this machine lacks, in a sentence, or None."""
    if os.geteuid() != 0:
        return "needs root, to make machines out of network namespaces"
    lacking = {package for program, package in PACKAGES.items() if not shutil.which(program)}
    if postgres_programs() is None:
        lacking.add("postgresql")
    if lacking:
        return f"needs Debian's packages {', '.join(sorted(lacking))}"
    tried = subprocess.run([*_ISOLATED, *_MOUNT], capture_output=True, text=True, check=False)
    return f"needs namespaces: {tried.stderr.strip()}" if tried.returncode else None


_MOUNT = ("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", str(FOLDER))


def run_isolated(arguments: Sequence[str]) -> int:
    """Run `python -m` with these arguments inside; return its exit code."""
    process = subprocess.Popen([*_ISOLATED, *_INIT, sys.executable, "-m", *arguments])

    def stop(_number: int, _frame: FrameType | None) -> None:
        process.kill()

    # Nothing inside has to be told: the kernel ends it all.
    before = [(number, signal.signal(number, stop)) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        code = process.wait()
    finally:
        process.kill()
        for number, handler in before:
            signal.signal(number, handler)
    # As a shell reports a process that was killed.
    return code if code >= 0 else 128 - code


def furnish() -> None:
    """Prepare the inside: empty folders for what runs there, and a loopback interface."""
    for command in (
        _MOUNT,
        # Hides the names of the machine's own network namespaces, and sockets.
        ("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"),
        ("ip", "link", "set", "lo", "up"),
    ):
        subprocess.run(command, check=True)
