"""The processor time of servers, which other programs on the machine hardly change."""

import os
from collections.abc import Iterable
from pathlib import Path


def processor_seconds(pids: Iterable[int]) -> float:
    """Return the time of processes and all below them, in user and kernel, with those that ended.

    What is not on this machine counts for nothing.
    """
    return sum(map(_seconds, pids))


def _seconds(pid: int) -> float:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        below = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    # Behind the name, which may have blanks: fields 14 to 17 (proc(5)).
    ticks = sum(map(int, stat.rpartition(")")[2].split()[11:15]))
    children = map(int, " ".join(below).split())
    return ticks / os.sysconf("SC_CLK_TCK") + processor_seconds(children)
