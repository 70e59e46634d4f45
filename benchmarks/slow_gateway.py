"""A payment provider that answers each look-up of a checkout after a fixed time: it has ended.

It speaks just enough of Stripe's API for the real adapter, keeps connections open as Stripe does,
and notes when each call came.
"""

import asyncio
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from uuid import UUID

from attrs import field, frozen

_PREFIX = "cs_test_"
_PATH = "/v1/checkout/sessions/"


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
    server = loop.run_until_complete(asyncio.start_server(service.connected, "127.0.0.1", 0))
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
        loop.close()


@frozen(kw_only=True)
class _Service:
    installation_id: str
    latency_seconds: float
    calls: list[float] = field(factory=list, init=False)

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the calls of one connection until its caller leaves."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.calls.append(time.monotonic())
                await asyncio.sleep(self.latency_seconds)
                writer.write(self._answer(head.decode("latin-1").split(" ", 2)[1]))
                await writer.drain()
        writer.close()

    def _answer(self, target: str) -> bytes:
        path = target.partition("?")[0]
        if not path.startswith(_PATH + _PREFIX):
            raise ValueError(f"only look-ups are answered, not {path}")
        session = {
            "id": path.removeprefix(_PATH),
            "object": "checkout.session",
            "status": "expired",
            "payment_status": "unpaid",
            "payment_intent": None,
            "url": None,
            "metadata": {
                "installation": self.installation_id,
                "ticket_code": str(UUID(hex=path.removeprefix(_PATH + _PREFIX))),
            },
        }
        body = json.dumps(session).encode()
        head = (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            f"Request-Id: req_{len(self.calls)}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body
