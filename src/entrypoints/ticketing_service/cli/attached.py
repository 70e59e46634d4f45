"""Child processes that end with their parent, even if it is killed."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

_SUPERVISOR = """
exec 3<&0
"$@" </dev/null 3<&- &
program=$!
{ read -r _ <&3; kill -TERM $program; } 2>/dev/null &
reader=$!
wait $program
ended=$?
kill $reader 2>/dev/null
exit $ended
"""
"""Runs a program ("$@") until it ends or standard input is closed. That is a pipe which only this
process holds open, so the kernel closes it even if this process is killed."""


@contextmanager
def attached(command: Sequence[str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a program while the context lasts, then send it SIGTERM and wait for it."""
    process = subprocess.Popen(  # noqa: S603 - our own command
        ["/bin/sh", "-c", _SUPERVISOR, "supervisor", *command],
        stdin=subprocess.PIPE,
        # Ctrl-C in a terminal must reach only the demo, which then stops its children in order.
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.stdin is not None:
            process.stdin.close()
        process.wait()
