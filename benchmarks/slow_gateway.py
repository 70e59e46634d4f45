"""A payment provider that answers each call after a fixed time.

It opens checkouts and finds them open; any other checkout has ended, or is paid if its id says so,
until its payment is refunded. A list is empty. It speaks
just enough of Stripe's API for the real adapter, keeps connections open as Stripe does, and notes
when each call came.
"""

import asyncio
import json
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from attrs import field, frozen

ANY_SESSION, PAID = "cs_test_", "paid_"
"""How the ids of all sessions begin, and what follows in those of paid ones."""

_PATH = "/v1/checkout/sessions"
_REFUNDS = "/v1/refunds"
_AMOUNT = 2500
_LENGTH = re.compile(r"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)

_BACKLOG = 4096
"""Connections that may wait to be accepted: all buyers of a rush come at once."""


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
        """Return the most calls that came within any second."""
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
        installation_id: Whose checkouts it reports.
        latency_seconds: How long each call waits for its answer.
    """
    service = _Service(installation_id=str(installation_id), latency_seconds=latency_seconds)
    # The runner cancels what is still connected at the end: callers keep their connections open.
    with asyncio.Runner() as runner:
        server = runner.run(
            asyncio.start_server(service.connected, "127.0.0.1", 0, backlog=_BACKLOG)
        )
        port = server.sockets[0].getsockname()[1]
        loop = runner.get_loop()
        thread = threading.Thread(target=loop.run_forever, name="slow-gateway", daemon=True)
        thread.start()
        try:
            yield SlowGateway(url=f"http://127.0.0.1:{port}", calls=service.calls)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            server.close()


@frozen(kw_only=True)
class _Service:
    installation_id: str
    latency_seconds: float
    calls: list[float] = field(factory=list, init=False)
    opened: dict[str, Mapping[str, object]] = field(factory=dict, init=False)
    refunded: set[str] = field(factory=set, init=False)

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the calls of one connection until its caller leaves."""
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                length = _LENGTH.search(head)
                form = await reader.readexactly(int(length[1]) if length else 0)
                self.calls.append(time.monotonic())
                await asyncio.sleep(self.latency_seconds)
                writer.write(self._answer(head, form.decode()))
                await writer.drain()
        # A caller that is still connected at the end has stopped reading.
        writer.transport.abort()

    def _answer(self, head: str, form: str) -> bytes:
        method, target, _ = head.split(" ", 2)
        path, _, session_id = target.partition("?")[0].partition(f"{_PATH}/")
        body: Mapping[str, object]
        if (method, path) == ("POST", _PATH):
            body = self._open(dict(parse_qsl(form)))
        elif (method, path) == ("GET", _PATH):
            body = {"object": "list", "url": _PATH, "has_more": False, "data": []}
        elif method == "GET" and session_id.startswith(ANY_SESSION + PAID):
            body = self._paid(session_id)
        elif method == "GET" and session_id.startswith(ANY_SESSION):
            body = self.opened.get(session_id) or self._ended(session_id)
        elif (method, path) == ("POST", _REFUNDS):
            payment_id = dict(parse_qsl(form))["payment_intent"]
            self.refunded.add(payment_id)
            body = _refund(payment_id)
        else:
            raise ValueError(f"it answers only what selling and refunding needs, not {target}")
        content = json.dumps(body)
        return (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            f"Request-Id: req_{len(self.calls)}\r\nContent-Length: {len(content)}\r\n\r\n{content}"
        ).encode()

    def _open(self, form: Mapping[str, str]) -> Mapping[str, object]:
        metadata = {
            name[len("metadata[") : -1]: value
            for name, value in form.items()
            if name.startswith("metadata[")
        }
        session_id = ANY_SESSION + UUID(metadata["ticket_code"]).hex
        self.opened[session_id] = _session(
            session_id,
            status="open",
            url=f"http://127.0.0.1/pay/{session_id}",
            expires_at=int(form["expires_at"]),
            metadata=metadata,
        )
        return self.opened[session_id]

    def _ended(self, session_id: str) -> Mapping[str, object]:
        return _session(
            session_id,
            status="expired",
            url=None,
            expires_at=int(time.time()),
            metadata=self._metadata(session_id.removeprefix(ANY_SESSION)),
        )

    def _paid(self, session_id: str) -> Mapping[str, object]:
        code = session_id.removeprefix(ANY_SESSION + PAID)
        payment_id = f"pi_{code}"
        refunds = [_refund(payment_id)] if payment_id in self.refunded else []
        charge = {
            "id": f"ch_{code}",
            "object": "charge",
            "amount_captured": _AMOUNT,
            "currency": "usd",
            "disputed": False,
            "refunds": {"object": "list", "url": _REFUNDS, "has_more": False, "data": refunds},
        }
        intent = {"id": payment_id, "object": "payment_intent", "status": "succeeded"}
        return _session(
            session_id,
            status="complete",
            url=None,
            expires_at=int(time.time()),
            metadata=self._metadata(code),
            payment_status="paid",
            payment_intent={**intent, "latest_charge": charge},
        )

    def _metadata(self, code: str) -> Mapping[str, str]:
        return {"installation": self.installation_id, "ticket_code": str(UUID(hex=code))}


def _session(session_id: str, **values: Any) -> Mapping[str, object]:
    return {
        "id": session_id,
        "object": "checkout.session",
        "payment_status": "unpaid",
        "payment_intent": None,
        **values,
    }


def _refund(payment_id: str) -> Mapping[str, object]:
    return {
        "id": f"re_{payment_id}",
        "object": "refund",
        "status": "succeeded",
        "amount": _AMOUNT,
        "currency": "usd",
        "payment_intent": payment_id,
    }
