"""Sends answers from files. The server reads each as fast as its client does."""

from collections import deque
from typing import IO, Any, Protocol

KEPT = 64
"""The number of files that are kept open. Writing so many takes at least a second, and the server
opens each within milliseconds."""


class Exchange(Protocol):
    """One request and its answer (RSGI's `HTTPProtocol`)."""

    def response_file(self, status: int, headers: list[tuple[str, str]], file: str) -> None:
        """Answer with the content of the file with this name."""


class SentFiles:
    """Passes files to the server. Safe to use from several threads."""

    def __init__(self) -> None:
        self._kept = deque[IO[Any]]()

    def send(
        self, exchange: Exchange, file: IO[Any], *, status: int, headers: list[tuple[str, str]]
    ) -> None:
        """Answer with the content of an open file, which may have no name."""
        self._kept.append(file)
        if len(self._kept) > KEPT:
            self._kept.popleft().close()
        # The server opens the file by this path a moment later.
        exchange.response_file(status, headers, f"/dev/fd/{file.fileno()}")
