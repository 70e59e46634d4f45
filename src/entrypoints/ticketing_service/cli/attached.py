"""A process that ends with the one that started it, however that ends."""

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
"""Runs a program ("$@") until it ends, or until the standard input does. That is a pipe which
this process alone holds, and which is closed with it even if it is killed."""


@contextmanager
def attached(command: Sequence[str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a program while the context lasts; at its end let it finish what it is doing."""
    process = subprocess.Popen(  # noqa: S603 - our own command, without a shell in between
        ["/bin/sh", "-c", _SUPERVISOR, "supervisor", *command],
        stdin=subprocess.PIPE,
        # Ctrl-C in a terminal is for the demo, which then stops it in order.
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.stdin is not None:
            process.stdin.close()
        process.wait()
