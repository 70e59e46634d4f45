"""One POST to an address that was checked, with one deadline for all of it."""

import http.client
import io
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from attrs import frozen

from ticketing_adapters.webhooks.addresses import allowed_addresses

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

SECONDS = 15.0
"""For one try. The specification advises 15 to 30."""

_CONNECT_SECONDS = 5.0
"""For one address, so that time is left for the next one: many hosts have an IPv6 address that
does not answer everywhere."""

_LARGEST_ANSWER = 2**16
"""Bytes that are read of an answer. Its head alone counts, and has a few hundred."""


class AnswerTooLong(http.client.HTTPException):
    """The head of the answer does not end."""


@frozen
class Answer:
    """What counts of an answer: its status, and the header ``Retry-After``."""

    status: int
    retry_after: str | None


def post(
    url: str,
    body: bytes,
    *,
    headers: Mapping[str, str],
    private: bool,
    tls: ssl.SSLContext,
    seconds: float = SECONDS,
) -> Answer:
    """Send a body and return the answer. No redirect is followed, and no proxy asked.

    Args:
        url: Where to, without objection (`objection_to`).
        body: What is sent.
        headers: What is sent before it. Keys and values are printable ASCII.
        private: Whether the address may be private.
        tls: Has the authorities that are trusted.
        seconds: The deadline, for the look-up of the host, too.

    Raises:
        AddressRefused: The host has no address that may be connected to.
        OSError: No connection, no TLS, or no answer in time.
        http.client.HTTPException: The answer is not HTTP.
    """
    parts = urlsplit(url)
    ends = time.monotonic() + seconds
    addresses = allowed_addresses(parts, private=private, seconds=seconds)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    given = {
        "Host": parts.netloc,
        "User-Agent": "ticketing",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **headers,
    }
    lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    head = "\r\n".join([*lines, "", ""]).encode("ascii")
    with _connected(addresses, ends=ends) as plain:
        if parts.scheme == "http":
            return _exchanged(plain, head + body, ends=ends)
        plain.settimeout(_left(ends))
        with tls.wrap_socket(plain, server_hostname=parts.hostname) as secure:
            return _exchanged(secure, head + body, ends=ends)


def _connected(addresses: Iterable[tuple[str, int]], *, ends: float) -> socket.socket:
    failure: OSError = TimeoutError("no time left")
    for address in addresses:
        try:
            return socket.create_connection(address, min(_left(ends), _CONNECT_SECONDS))
        except OSError as error:
            failure = error
    raise failure


def _exchanged(sock: socket.socket, request: bytes, *, ends: float) -> Answer:
    sock.settimeout(_left(ends))
    sock.sendall(request)
    answer = http.client.HTTPResponse(_Readable(sock, ends), method="POST")  # type: ignore[arg-type]
    # The body is thrown away: what has not come with the head is not waited for.
    answer.begin()
    return Answer(status=answer.status, retry_after=answer.getheader("Retry-After"))


def _left(ends: float) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline is over")
    return left


class _Readable(io.RawIOBase):
    """A socket as `HTTPResponse` reads it, until the deadline: however slowly bytes come."""

    def __init__(self, sock: socket.socket, ends: float) -> None:
        self._sock = sock
        self._ends = ends
        self._bytes = 0

    def makefile(self, _: str) -> io.BufferedReader:
        """See `socket.makefile`."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """See `io.IOBase.readable`."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """See `io.RawIOBase.readinto`."""
        if self._bytes >= _LARGEST_ANSWER:
            raise AnswerTooLong("its head has no end")
        self._sock.settimeout(_left(self._ends))
        count = self._sock.recv_into(buffer)
        self._bytes += count
        return count
