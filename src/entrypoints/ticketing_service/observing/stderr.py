"""Writes the log to stderr in a thread of its own, so that no sale waits for a pipe or a disk."""

import atexit
import logging
import os
import time
from collections import deque
from threading import Event, Thread

PAUSE_SECONDS = 0.02
"""Between two looks for lines: what has come meanwhile is written together."""

WAITING_LINES = 10_000
"""Lines that wait for their reader, about 3 MB. Later ones are dropped."""

FLUSH_SECONDS = 1.0
"""The longest wait for a reader at the end of a process."""

_STDERR = 2

_WHOLE = 4096
"""Bytes. Linux does not mix shorter writes of several processes into one pipe (pipe(7))."""

log = logging.getLogger(__name__)


class Stderr(logging.Handler):
    """Passes each line on to its thread, and says how many it has dropped."""

    def __init__(self) -> None:
        super().__init__()
        self._begin()
        # `logging` forgets handlers that were made before `logging.config.dictConfig`.
        atexit.register(self.flush)
        if hasattr(os, "register_at_fork"):
            # The thread stays with the parent, which also writes what waits.
            os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        # A line stays here until it is written. `queue.Queue` has a lock of its own to wait for.
        self._lines: deque[bytes] = deque()
        self._lost = 0
        self._arrived = Event()
        self._has_thread = False

    def emit(self, record: logging.LogRecord) -> None:
        """Let a record be written, unless too many wait."""
        if len(self._lines) >= WAITING_LINES:
            self._lost += 1
            return
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 - as of all handlers: a wrong record must stop no sale
            self.handleError(record)
            return
        if self._lost:
            text = "%d lines of the log were lost: nobody read them"
            lost = log.makeRecord(log.name, logging.ERROR, __file__, 0, text, (self._lost,), None)
            line = f"{self.format(lost)}\n{line}"
            self._lost = 0
        self._lines.append(f"{line}\n".encode(errors="backslashreplace"))
        if not self._arrived.is_set():
            self._arrived.set()
        if not self._has_thread:
            self._has_thread = True
            Thread(target=self._write, name="log", daemon=True).start()

    def flush(self) -> None:
        """Wait until all lines are written, but not for long."""
        end = time.monotonic() + FLUSH_SECONDS
        while self._lines and time.monotonic() < end:
            time.sleep(PAUSE_SECONDS / 4)

    def _write(self) -> None:
        while True:
            self._arrived.wait()
            time.sleep(PAUSE_SECONDS)
            self._arrived.clear()
            while self._lines:
                lines = self._next_lines()
                _write_all(b"".join(lines))
                for _ in lines:
                    self._lines.popleft()

    def _next_lines(self) -> list[bytes]:
        """Return as many lines as are written whole together, or one that is longer."""
        lines: list[bytes] = []
        size = 0
        for line in self._lines.copy():
            size += len(line)
            if lines and size > _WHOLE:
                break
            lines.append(line)
        return lines


def _write_all(part: bytes) -> None:
    while part:
        try:
            part = part[os.write(_STDERR, part) :]
        except OSError:
            # A full disk, or nobody reads any more. The lines wait.
            time.sleep(PAUSE_SECONDS)
