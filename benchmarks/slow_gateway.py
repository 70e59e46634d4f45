"""A payment provider that answers each call after a fixed time: it opens, and what is open ended.

A checkout can be opened, and is found open when it is looked up; any other has ended, and a list is
empty. It speaks just enough of Stripe's API for the real adapter, keeps connections open as Stripe
does, and notes when each call came.
"""

import asyncio
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from attrs import field, frozen

_PREFIX = "cs_test_"
_PATH = "/v1/checkout/sessions"

_BACKLOG = 4096
"""Connections that may wait to be accepted: all buyers of a rush come at once."""


def checkout_id(ticket_code: UUID) -> str:
    """The id under which the gateway knows the checkout of a ticket."""
    return f"{_PREFIX}{ticket_code.hex}"


@frozen(kw_only=True)
class SlowGateway:
    """A provider that is running.

    Attributes:
        url: Where it answers.
        calls: When each call came, in seconds of `time.monotonic`.
    """

    url: str
    calls: Sequence[float]

    def most_within_a_second(self) -> int:
        """The most calls that came within any second."""
        most, first = 0, 0
        for last, came in enumerate(self.calls):
            while self.calls[first] <= came - 1:
                first += 1
            most = max(most, last - first + 1)
        return most


@contextmanager
def slow_gateway(*, installation_id: UUID, latency_seconds: float) -> Iterator[SlowGateway]:
    """Answer on a free port while the context lasts.

    Args:
        installation_id: Whose checkouts it tells of.
        latency_seconds: How long each call waits for its answer.
    """
    service = _Service(installation_id=str(installation_id), latency_seconds=latency_seconds)
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(
        asyncio.start_server(service.connected, "127.0.0.1", 0, backlog=_BACKLOG)
    )
    port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, name="slow-gateway", daemon=True)
    thread.start()
    try:
        yield SlowGateway(url=f"http://127.0.0.1:{port}", calls=service.calls)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
            with suppress(asyncio.CancelledError):
                loop.run_until_complete(task)
        # Connections that were given up are closed by the loop's next turn.
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


@frozen(kw_only=True)
class _Service:
    installation_id: str
    latency_seconds: float
    calls: list[float] = field(factory=list, init=False)
    opened: dict[str, dict[str, Any]] = field(factory=dict, init=False)

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the calls of one connection until its caller leaves."""
        # Cancelled at the end: the callers keep their connections open.
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                form = await reader.readexactly(_length(head))
                self.calls.append(time.monotonic())
                await asyncio.sleep(self.latency_seconds)
                writer.write(self._answer(head, form.decode()))
                await writer.drain()
        # Whoever is still there at the end has stopped reading.
        writer.transport.abort()

    def _answer(self, head: str, form: str) -> bytes:
        method, target, _ = head.split(" ", 2)
        path = target.partition("?")[0]
        body: dict[str, Any]
        if (method, path) == ("POST", _PATH):
            body = _opened(parse_qs(form))
            self.opened[body["id"]] = body
        elif (method, path) == ("GET", _PATH):
            body = {"object": "list", "url": _PATH, "has_more": False, "data": []}
        elif method == "GET" and path.startswith(f"{_PATH}/{_PREFIX}"):
            session_id = path.removeprefix(f"{_PATH}/")
            body = self.opened.get(session_id) or self._ended(session_id)
        else:
            raise ValueError(f"only opening, looking up and listing is answered, not {path}")
        content = json.dumps(body).encode()
        answer = (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            f"Request-Id: req_{len(self.calls)}\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        return answer.encode() + content

    def _ended(self, session_id: str) -> dict[str, Any]:
        return _session(
            session_id,
            status="expired",
            url=None,
            expires_at=int(time.time()),
            metadata={
                "installation": self.installation_id,
                "ticket_code": str(UUID(hex=session_id.removeprefix(_PREFIX))),
            },
        )


def _length(head: str) -> int:
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            return int(value)
    return 0


def _opened(form: dict[str, list[str]]) -> dict[str, Any]:
    metadata = {
        name.removeprefix("metadata[").removesuffix("]"): values[0]
        for name, values in form.items()
        if name.startswith("metadata[")
    }
    session_id = checkout_id(UUID(metadata["ticket_code"]))
    return _session(
        session_id,
        status="open",
        url=f"http://127.0.0.1/pay/{session_id}",
        expires_at=int(form["expires_at"][0]),
        metadata=metadata,
    )


def _session(
    session_id: str, *, status: str, url: str | None, expires_at: int, metadata: dict[str, str]
) -> dict[str, Any]:
    return {
        "id": session_id,
        "object": "checkout.session",
        "status": status,
        "payment_status": "unpaid",
        "payment_intent": None,
        "url": url,
        "expires_at": expires_at,
        "metadata": metadata,
    }
