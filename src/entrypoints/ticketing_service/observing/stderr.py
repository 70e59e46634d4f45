"""Writes the log to stderr, but never waits long for a reader."""

import logging
import select
import sys

PATIENCE_MILLISECONDS = 1000
"""Long enough for a reader that is only slow. All threads that log wait meanwhile, but once."""

_STDERR = 2

log = logging.getLogger(__name__)


class Stderr(logging.StreamHandler):  # type: ignore[type-arg] # it is not generic at run time
    """Drops lines if the pipe is full, and says how many: a full pipe must stop no sale."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self._lost = 0
        if sys.platform != "win32":
            self._room = select.poll()
            self._room.register(_STDERR, select.POLLOUT)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record if there is room for it."""
        patience = 0 if self._lost else PATIENCE_MILLISECONDS
        # If poll(2) reports room in a pipe, 4 KiB fit.
        if sys.platform != "win32" and not self._room.poll(patience):
            self._lost += 1
        else:
            super().emit(record)
            self._lost = 0

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record, after a line about dropped ones if there are any."""
        line = super().format(record)
        if not self._lost:
            return line
        text = "%d lines of the log were lost: nobody read them"
        lost = log.makeRecord(log.name, logging.ERROR, __file__, 0, text, (self._lost,), None)
        return f"{super().format(lost)}\n{line}"
