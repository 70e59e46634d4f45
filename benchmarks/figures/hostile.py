"""Purchases beside clients that stall or only connect, and a worker's memory with huge headers."""

import resource
import selectors
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from benchmarks.bench import Bench
from benchmarks.database import SERVICE, open_database
from benchmarks.figures.memory import largest_megabytes
from benchmarks.load import Result
from benchmarks.orders import CREATE
from benchmarks.report import Report, Row, compared
from tests.support.server import Server

STALLED, IDLE = 500, 2000
"""Clients that send a part of a body, and such that send nothing."""

UNTOUCHED = 0.9
"""Of the purchases without them. Answering those that stall takes a few per cent."""

USUAL_FILES = 1024
"""The limit that most systems begin with."""

OUR_FILES = 4096
"""For our side of the connections."""

HEADERS, HEADER_BYTES = 2000, 390_000
MOST_MEGABYTES = 200.0
SEND_SECONDS = 5.0
"""For all headers. They are on one machine; what is not sent by then is not read."""

_STALLED = f"POST {CREATE} HTTP/1.1\r\nHost: here\r\nContent-Length: 100\r\n\r\n{{".encode()
_LARGE = b"GET /healthz HTTP/1.1\r\nX-Large: " + b"x" * HEADER_BYTES
_PAUSE_SECONDS = 0.05


class Crowd:
    """Connections from this process. Each is opened again when the server closes it.

    Args:
        port: Where the server listens.
        sends: What each of them sends first.
    """

    def __init__(self, port: int, sends: Sequence[bytes]) -> None:
        self._address = ("127.0.0.1", port)
        self._selector = selectors.DefaultSelector()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)
        for each in sends:
            self._open(each)

    def start(self) -> None:
        """Begin to send, and to open again what was closed."""
        self._thread.start()

    def close(self) -> None:
        """Close all of them."""
        self._stopped.set()
        self._thread.join()
        for key in [*self._selector.get_map().values()]:
            self._leave(key.data[0])
        self._selector.close()

    def _open(self, sends: bytes) -> None:
        connection = socket.socket()
        connection.setblocking(False)
        connection.connect_ex(self._address)
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if sends else 0)
        self._selector.register(connection, events, (connection, sends, sends))

    def _leave(self, connection: socket.socket) -> None:
        self._selector.unregister(connection)
        connection.close()

    def _go_on(self) -> None:
        while not self._stopped.is_set():
            for key, events in self._selector.select(_PAUSE_SECONDS):
                connection, sends, rest = key.data
                try:
                    if events & selectors.EVENT_WRITE:
                        rest = rest[connection.send(rest) :]
                        watched = selectors.EVENT_READ | (selectors.EVENT_WRITE if rest else 0)
                        self._selector.modify(connection, watched, (connection, sends, rest))
                    if events & selectors.EVENT_READ and not connection.recv(65536):
                        raise ConnectionResetError
                except BlockingIOError:
                    continue
                except OSError:
                    self._leave(connection)
                    self._open(sends)


@contextmanager
def crowd(server: Server, *, sends: Sequence[bytes]) -> Iterator[None]:
    """Keep so many connections open meanwhile."""
    others = Crowd(int(server.url.rpartition(":")[2]), sends)
    others.start()
    try:
        yield
    finally:
        others.close()


@contextmanager
def open_files(most: int) -> Iterator[None]:
    """Let this process, and those that it starts, open so many files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def hostile(bench: Bench) -> Report:
    """Sell with and without clients that stall or only connect, then look at the memory."""
    alone: list[Result] = []
    beside: list[Result] = []
    with open_database(bench) as database, ExitStack() as ends:
        orders = database.buying(SERVICE, database.events()).orders
        with open_files(USUAL_FILES):
            server = ends.enter_context(database.serve(SERVICE))
        ends.enter_context(open_files(OUR_FILES))
        for number in range(1, bench.pace.rounds + 1):
            for windows, sends in ((alone, []), (beside, [_STALLED] * STALLED + [b""] * IDLE)):
                bench.progress(f"{len(sends)} others, round {number}")
                sent = sum(each.sent for each in (*alone, *beside))
                with crowd(server, sends=sends):
                    windows.append(
                        database.send(
                            server, orders, first=sent, connections=bench.pace.connections
                        )
                    )
        audit = database.audit()
        start = peak = largest_megabytes(server.worker_ids())
        until = time.monotonic() + SEND_SECONDS
        with crowd(server, sends=[_LARGE] * HEADERS):
            while time.monotonic() < until:
                peak = max(peak, largest_megabytes(server.worker_ids()))
                time.sleep(_PAUSE_SECONDS)
    return Report(
        rows=[
            compared(
                figure=f"purchases beside {STALLED} stalled bodies, {IDLE:,} idle connections",
                product=beside,
                yardstick="without them",
                beside=alone,
                goal=UNTOUCHED,
            ),
            Row(
                figure=f"memory (RSS) of a worker, {HEADERS:,} connections with 390 kB of headers",
                measured=peak,
                unit="MB",
                yardstick="bound",
                yardstick_value=MOST_MEGABYTES,
                at_least=False,
                detail=f"{start:.0f} MB before",
            ),
        ],
        audits=[audit],
    )
