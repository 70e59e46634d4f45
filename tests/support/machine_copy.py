"""A copy of this machine that is thrown away: root may change anything in it, and nothing stays."""

import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from tests.support.namespaces import UNSHARE

# Changes go to a layer in memory. `--rbind` of what is not on the disk.
_ENTER = """
mount -t tmpfs none "$0" && mkdir "$0/changes" "$0/work" "$0/root" &&
mount -t overlay overlay -o "lowerdir=/,upperdir=$0/changes,workdir=$0/work" "$0/root" &&
mount --rbind /dev "$0/root/dev" && mount -t proc proc "$0/root/proc" &&
mount -t tmpfs none "$0/root/run" &&
for shared in "$@"; do
    mkdir -p "$0/root/${shared#*:}" && mount --bind "${shared%%:*}" "$0/root/${shared#*:}" || exit
done && exec chroot "$0/root" bash
"""


@frozen
class MachineCopy:
    """A root shell in the copy."""

    _shell: "subprocess.Popen[str]"

    def run(self, script: str) -> tuple[int, str]:
        """Run a script; return its code, which is of the first command that fails, and output."""
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        end = uuid.uuid4().hex
        # In a subshell that ends at the first failure; it reads none of our standard input.
        wrapped = f"(set -euo pipefail\n{script}\n) </dev/null 2>&1"
        self._shell.stdin.write(f'{wrapped}\necho "\n{end} $?"\n')
        self._shell.stdin.flush()
        output: list[str] = []
        for line in self._shell.stdout:
            if line.startswith(end):
                return int(line.split()[1]), "".join(output).strip()
            output.append(line)
        raise AssertionError("the shell has ended: " + "".join(output))


@contextmanager
def machine_copy(
    folder: Path, *, shared: Mapping[Path, str], variables: Mapping[str, str]
) -> Iterator[MachineCopy]:
    """Give a copy of the machine as it is now.

    Args:
        folder: An empty folder, for the changes.
        shared: What is the same in here and out there, and where it is in the copy.
        variables: The environment of the shell.
    """
    pairs = [f"{source}:{target}" for source, target in shared.items()]
    with subprocess.Popen(
        [*UNSHARE, "--kill-child", "bash", "-c", _ENTER, folder, *pairs],
        env={"HOME": "/root", **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as shell:
        yield MachineCopy(shell)
