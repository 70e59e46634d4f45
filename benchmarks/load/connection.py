"""One keep-alive connection of the load client, and how an answer is told from the next one."""

import errno
import socket

from attrs import define, field

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length:"
_RECEIVE = 65_536
"""An answer with a QR code is a few kilobytes: one call of the system reads it."""


class Lost(Exception):
    """The server closed the connection, or said something that is no answer."""


@define(eq=False)
class Connection:
    """A connection, and the request that it waits for an answer to.

    Attributes:
        socket: Does not block.
        number: Which request was sent; None while the connection is free.
        due: When it was to be sent, in seconds of `time.perf_counter`.
        unsent: What of it could not be sent yet.
    """

    socket: socket.socket
    number: int | None = None
    due: float = 0.0
    unsent: bytes = b""
    _received: bytes = field(default=b"", init=False)

    @classmethod
    def to(cls, port: int) -> "Connection":
        """Begin to connect; it is done when the socket can be written to."""
        made = socket.socket()
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began = made.connect_ex(("127.0.0.1", port))
        if began not in (0, errno.EINPROGRESS):
            made.close()
            raise OSError(began, "cannot connect")
        return cls(made)

    def send(self, request: bytes) -> bool:
        """Send a request, or what is left of one; whether all of it is sent."""
        try:
            sent = self.socket.send(request)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise Lost from error
        self.unsent = request[sent:]
        return not self.unsent

    def receive(self) -> tuple[int, bytes] | None:
        """Status and body of the answer, if all of it has come.

        Raises:
            Lost: None will come.
        """
        try:
            data = self.socket.recv(_RECEIVE)
        except BlockingIOError:
            return None
        except OSError as error:
            raise Lost from error
        if not data:
            raise Lost
        received = self._received + data if self._received else data
        head_ends = received.find(_HEAD_END)
        if head_ends < 0:
            self._received = received
            return None
        ends = head_ends + len(_HEAD_END) + _length(received[:head_ends].lower())
        if len(received) < ends:
            self._received = received
            return None
        if len(received) > ends:
            raise Lost
        self._received = b""
        return int(received[9:12]), received[head_ends + len(_HEAD_END) :]


def _length(head: bytes) -> int:
    at = head.find(_LENGTH)
    if at < 0:
        # Nothing that is measured here answers in chunks.
        raise Lost
    at += len(_LENGTH)
    ends = head.find(b"\r\n", at)
    return int(head[at:] if ends < 0 else head[at:ends])
