"""Sends answers that are in files: the server reads them as fast as each client does."""

from collections import deque
from typing import IO, Any, Protocol

KEPT = 64
"""Newest files that are kept open. Writing so many takes a second at least, and the server opens
them within milliseconds."""


class Exchange(Protocol):
    """One request and its answer (RSGI's `HTTPProtocol`)."""

    def response_file(self, status: int, headers: list[tuple[str, str]], file: str) -> None:
        """Answer with the content of the file with this name."""


class SentFiles:
    """Hands files over. Safe to use from several threads."""

    def __init__(self) -> None:
        self._kept = deque[IO[Any]]()

    def send(
        self, exchange: Exchange, file: IO[Any], *, status: int, headers: list[tuple[str, str]]
    ) -> None:
        """Answer with the content of an open file, which may have no name."""
        self._kept.append(file)
        if len(self._kept) > KEPT:
            self._kept.popleft().close()
        # The server opens it itself, soon.
        exchange.response_file(status, headers, f"/dev/fd/{file.fileno()}")
