"""Programs in namespaces of their own, as containers run them."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

UNSHARE = ("unshare", "--pid", "--mount", "--fork", "--mount-proc")

# A folder that may be written to, below a root that may not. The one right that is left is to read
# what others own: the tests' interpreter may be in root's home.
_CONFINE = """
mount --bind "$0" "$0" && mount -o remount,bind,ro / && cd "$0" &&
exec setpriv --reuid "$1" --regid "$1" --clear-groups --no-new-privs \\
    --bounding-set=-all,+dac_read_search --inh-caps=-all,+dac_read_search \\
    --ambient-caps=-all,+dac_read_search -- "${@:2}"
"""


def unavailable() -> str | None:
    """Return why namespaces cannot be made here, or None."""
    if os.geteuid() != 0:
        return "only root may make namespaces"
    probe = subprocess.run([*UNSHARE, "true"], capture_output=True, check=False)
    return "this machine allows no namespaces" if probe.returncode else None


def confined(
    command: Sequence[str], *, user: int, folder: Path, environment: Mapping[str, str], log: Path
) -> "subprocess.Popen[bytes]":
    """Run a command as the first process of its namespace, not as root, with a read-only root.

    Args:
        command: The program and its arguments.
        user: Its number, which no account needs to have.
        folder: The one that it may write to, and where it starts.
        environment: All of its variables.
        log: Takes what it writes.
    """
    os.chown(folder, user, user)
    with log.open("ab") as out:
        return subprocess.Popen(
            [*UNSHARE, "--kill-child", "bash", "-c", _CONFINE, folder, str(user), *command],
            env=environment,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )


def first_process(unshared: "subprocess.Popen[bytes]") -> int:
    """Return the id, out here, of the first process in there."""
    children = Path(f"/proc/{unshared.pid}/task/{unshared.pid}/children").read_text().split()
    return int(children[0])
