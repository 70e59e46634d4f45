"""A server that answers every request with the same bytes, whole or one by one."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


def http(body: bytes, *, status: str = "200 OK", headers: bytes = b"") -> bytes:
    """Return a whole response."""
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n".encode()
    return head + headers + b"\r\n" + body


@contextmanager
def answering(answer: bytes, *, then: bytes = b"", pause: float = 0.02) -> Iterator[str]:
    """Answer each request until the context ends; give the server's address.

    Args:
        answer: What is sent at once.
        then: What is sent after it again and again, for as long as the caller listens.
        pause: The seconds before each of those.
    """
    stopped = threading.Event()

    def respond(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while connection.recv(65536):
                connection.sendall(answer)
                while then and not stopped.is_set():
                    connection.sendall(then)
                    time.sleep(pause)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=respond, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            stopped.set()
            # Closing alone would not end `accept`.
            listening.shutdown(socket.SHUT_RDWR)
