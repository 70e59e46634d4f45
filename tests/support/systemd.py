"""A real systemd that runs a unit: a user's manager, in namespaces and groups of its own."""

import os
import re
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from tests.support import namespaces

MANAGER = "/lib/systemd/systemd"

_HIERARCHIES = tuple(
    map(Path, ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup"))
)
"""Of version 1 with a name of its own, of version 2 beside it, and of version 2 alone."""

# It takes a machine that systemd has booted, which this folder says (sd_booted(3)).
_BOOT = f"""
mount -t tmpfs none /run && mkdir -p /run/systemd/system "$XDG_RUNTIME_DIR" &&
{{ {MANAGER} --user --unit=basic.target --log-target=console </dev/null >"$0" 2>&1 & }} &&
until systemctl --user is-active --quiet basic.target 2>/dev/null; do sleep 0.05; done && exec sh
"""


@frozen
class Systemd:
    """A running manager.

    Attributes:
        log: What it and its units have said.
    """

    log: Path
    _shell: "subprocess.Popen[str]"

    def run(self, command: str) -> tuple[int, str]:
        """Run a command beside it, such as `systemctl --user start x`; return code and output."""
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        end = uuid.uuid4().hex
        self._shell.stdin.write(f'{command} 2>&1; echo "\n{end} $?"\n')
        self._shell.stdin.flush()
        output: list[str] = []
        for line in self._shell.stdout:
            if line.startswith(end):
                return int(line.split()[1]), "".join(output).strip()
            output.append(line)
        raise AssertionError(f"systemd has ended: {self.log.read_text()}")

    def main_pid(self, unit: str) -> int:
        """Return the main process of a unit, as numbered in its namespace; 0 if it has none."""
        return int(self.run(f"systemctl --user show --property=MainPID --value {unit}")[1])


def unavailable() -> str | None:
    """Return why no systemd can run here, or None."""
    if not Path(MANAGER).exists() or shutil.which("systemctl") is None:
        return "systemd is not installed (Debian package: systemd)"
    reason = namespaces.unavailable()
    if reason is None and not _hierarchies():
        return "this machine allows no control groups"
    return reason


@contextmanager
def running_systemd(folder: Path, *units: Path) -> Iterator[Systemd]:
    """Run a manager that knows these units; nothing of it is left at the end."""
    name = f"ticketing-test-{uuid.uuid4().hex}"
    groups = [each / name for each in _hierarchies()]
    for group in groups:
        group.mkdir()
    home = folder / "home"
    known = home / ".config/systemd/user"
    known.mkdir(parents=True)
    for unit in units:
        shutil.copy(unit, known)
    log = folder / "systemd.log"
    join = "".join(f"echo 0 >{group}/cgroup.procs && " for group in groups) + 'exec "$@"'
    shell = subprocess.Popen(
        ["sh", "-c", join, "sh", *namespaces.UNSHARE, "--kill-child", "sh", "-c", _BOOT, str(log)],
        env={"PATH": os.environ["PATH"], "HOME": str(home), "XDG_RUNTIME_DIR": "/run/user/0"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Systemd(log, shell)
    finally:
        # The first process of the namespace ends, and with it all others.
        shell.communicate()
        for group in groups:
            for each in sorted(group.rglob("*/"), reverse=True):
                each.rmdir()
            group.rmdir()


def exposure(unit: Path) -> float:
    """Return how much of the machine a unit may touch, from 0 to 10 (systemd-analyze(1))."""
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", unit],
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"exposure level for \S+: ([\d.]+)", judged.stdout)
    assert found is not None, judged.stdout
    return float(found[1])


def _hierarchies() -> list[Path]:
    return [
        each
        for each in _HIERARCHIES
        if (each / "cgroup.procs").exists() and os.access(each, os.W_OK)
    ]
