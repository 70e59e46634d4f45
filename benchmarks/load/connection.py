"""One keep-alive connection of the load client, and where an answer on it ends."""

import errno
import re
import socket

from attrs import define, field

_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_RECEIVE = 65_536
"""An answer with a QR code is a few kilobytes: one system call reads it."""


class Lost(Exception):
    """The server closed the connection, or sent something that is not an answer."""


@define(eq=False)
class Connection:
    """A connection, and the request that it waits for.

    Attributes:
        socket: Does not block.
        number: The number of the request that was sent; None while the connection is free.
        due: When the request was due, in seconds of `time.perf_counter`.
        unsent: The part of the request that could not be sent yet.
    """

    socket: socket.socket
    number: int | None = None
    due: float = 0.0
    unsent: bytes = b""
    _received: bytes = field(default=b"", init=False)

    @classmethod
    def to(cls, port: int) -> "Connection":
        """Begin to connect. The connection is open once the socket can be written to."""
        made = socket.socket()
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began = made.connect_ex(("127.0.0.1", port))
        if began not in (0, errno.EINPROGRESS):
            made.close()
            raise OSError(began, "cannot connect")
        return cls(made)

    def send(self, request: bytes) -> bool:
        """Send a request, or the rest of one. Return whether all of it is sent."""
        try:
            sent = self.socket.send(request)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise Lost from error
        self.unsent = request[sent:]
        return not self.unsent

    def receive(self) -> tuple[int, bytes] | None:
        """Return status and body of the answer, or None while a part of it is missing.

        Raises:
            Lost: No answer will come.
        """
        try:
            data = self.socket.recv(_RECEIVE)
        except BlockingIOError:
            return None
        except OSError as error:
            raise Lost from error
        if not data:
            raise Lost
        received = self._received = self._received + data
        head_ends = received.find(_HEAD_END)
        if head_ends < 0:
            return None
        length = _LENGTH.search(received, 0, head_ends)
        if length is None:
            # No service that is measured here answers in chunks.
            raise Lost
        body_begins = head_ends + len(_HEAD_END)
        missing = body_begins + int(length[1]) - len(received)
        if missing > 0:
            return None
        if missing < 0:
            raise Lost
        self._received = b""
        return int(received[9:12]), received[body_begins:]
