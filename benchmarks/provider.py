"""Serves a payment provider over HTTP, and notes which calls came when.

It keeps connections open, as Stripe does. What it answers is in other modules.
"""

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from email.utils import formatdate
from urllib.parse import parse_qsl, urlsplit

from attrs import field, frozen

_LENGTH = re.compile(r"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)

_BACKLOG = 4096
"""Connections that may wait to be accepted: all buyers of a rush come at once."""

Answers = Callable[[str, str, Mapping[str, str]], Mapping[str, object]]
"""Returns the body for a method, a path and its parameters."""


@frozen
class Call:
    """A call that came ``at`` this time of `time.monotonic`."""

    at: float
    method: str
    path: str


@frozen(kw_only=True)
class Provider:
    """A provider that is running.

    Attributes:
        url: Where it answers.
        calls: All that came, the oldest first.
    """

    url: str
    calls: Sequence[Call]

    def most_within_a_second(self) -> int:
        """Return the most calls that came within any second."""
        most, first = 0, 0
        for last, call in enumerate(self.calls):
            while self.calls[first].at <= call.at - 1:
                first += 1
            most = max(most, last - first + 1)
        return most


@contextmanager
def running_provider(answers: Answers, *, latency_seconds: float = 0.0) -> Iterator[Provider]:
    """Answer on a free port while the context lasts.

    Args:
        answers: What it answers with, always with the status 200.
        latency_seconds: How long each call waits for its answer.
    """
    service = _Service(answers=answers, latency_seconds=latency_seconds)
    # The runner cancels what is still connected at the end: callers keep their connections open.
    with asyncio.Runner() as runner:
        server = runner.run(
            asyncio.start_server(service.connected, "127.0.0.1", 0, backlog=_BACKLOG)
        )
        port = server.sockets[0].getsockname()[1]
        loop = runner.get_loop()
        thread = threading.Thread(target=loop.run_forever, name="provider", daemon=True)
        thread.start()
        try:
            yield Provider(url=f"http://127.0.0.1:{port}", calls=service.calls)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            server.close()


@frozen(kw_only=True)
class _Service:
    answers: Answers
    latency_seconds: float
    calls: list[Call] = field(factory=list, init=False)

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the calls of one connection until its caller leaves."""
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                length = _LENGTH.search(head)
                form = await reader.readexactly(int(length[1]) if length else 0)
                method, target, _ = head.split(" ", 2)
                url = urlsplit(target)
                self.calls.append(Call(time.monotonic(), method, url.path))
                await asyncio.sleep(self.latency_seconds)
                params = dict(parse_qsl(form.decode() or url.query))
                writer.write(self._response(self.answers(method, url.path, params)))
                await writer.drain()
        # A caller that is still connected at the end has stopped reading.
        writer.transport.abort()

    def _response(self, body: Mapping[str, object]) -> bytes:
        content = json.dumps(body)
        return (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            f"Date: {formatdate(usegmt=True)}\r\nRequest-Id: req_{len(self.calls)}\r\n"
            f"Content-Length: {len(content)}\r\n\r\n{content}"
        ).encode()
