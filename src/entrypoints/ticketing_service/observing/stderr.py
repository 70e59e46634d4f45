"""Writes the log to stderr in a thread of its own, so that no sale waits for a pipe or a disk."""

import atexit
import errno
import logging
import os
import sys
import time
from queue import SimpleQueue
from threading import Thread

PAUSE_SECONDS = 0.02
"""How long lines are collected after the first has come, to be written together."""

MOST_WAITING = 4_000_000
"""Bytes of lines that wait for a reader. Later lines are dropped."""

FLUSH_SECONDS = 1.0
"""The longest wait for a reader at the end of a process."""

_STDERR = 2

_ATOMIC = 4096
"""Bytes. Linux does not mix writes of this size by several processes into one pipe (pipe(7))."""

_PASSING = {errno.EAGAIN, errno.EDQUOT, errno.ENOSPC}
"""Temporary errors: the pipe, the disk or the quota is full."""

log = logging.getLogger(__name__)


class Stderr(logging.Handler):
    """Queues each line for the thread, and says how many lines it has dropped."""

    def __init__(self) -> None:
        super().__init__()
        self._reset()
        # `logging` forgets handlers that were made before `logging.config.dictConfig`.
        atexit.register(self.flush)

    def _reset(self) -> None:
        """Start with an empty queue: after a fork, the parent writes what waits."""
        self._process = os.getpid()
        # Unlike `queue.Queue` it lets no thread wait, and a finalizer may log at any point.
        self._lines: SimpleQueue[bytes] = SimpleQueue()
        self._queued = self._written = self._lost = 0
        self._thread: Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Queue the line of a record, or count it as lost if too much waits."""
        if self._process != os.getpid():
            self._reset()
        if self._queued - self._written > MOST_WAITING:
            self._lost += 1
            return
        line = self._line(record)
        if self._lost:
            line = f"{self._lost_line()}\n{line}"
            self._lost = 0
        data = f"{line}\n".encode(errors="backslashreplace")
        self._queued += len(data)
        self._lines.put(data)
        if self._thread is None or not self._thread.is_alive():
            self._start()

    def flush(self) -> None:
        """Wait until all lines are written, but not for long."""
        end = time.monotonic() + FLUSH_SECONDS
        while self._process == os.getpid() and self._written < self._queued:
            if time.monotonic() > end:
                return
            time.sleep(PAUSE_SECONDS / 4)

    def _line(self, record: logging.LogRecord) -> str:
        try:
            return self.format(record)
        except Exception:  # noqa: BLE001 - a wrong record must stop no sale
            # Not by `handleError`, which waits for a reader.
            text = "a record of %s could not be formatted"
            return self.format(
                log.makeRecord(
                    log.name, logging.ERROR, __file__, 0, text, (record.name,), sys.exc_info()
                )
            )

    def _lost_line(self) -> str:
        text = "%d lines of the log were lost: nobody read them"
        return self.format(
            log.makeRecord(log.name, logging.ERROR, __file__, 0, text, (self._lost,), None)
        )

    def _start(self) -> None:
        self._thread = Thread(target=self._write, name="log", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            # The system allows no more threads, or Python does not, at the end of the process.
            self._write_all(self._lines.get())

    def _write(self) -> None:
        while True:
            first = self._lines.get()
            time.sleep(PAUSE_SECONDS)
            self._write_all(first)

    def _write_all(self, part: bytes) -> None:
        """Write a line, and all that wait behind it."""
        while part:
            following = b"" if self._lines.empty() else self._lines.get()
            if following and len(part) + len(following) <= _ATOMIC:
                part += following
            else:
                _write_part(part)
                self._written += len(part)
                part = following


def _write_part(part: bytes) -> None:
    while part:
        try:
            part = part[os.write(_STDERR, part) :]
        except OSError as error:
            if error.errno not in _PASSING:
                # Nobody will ever read it.
                return
            time.sleep(PAUSE_SECONDS)
