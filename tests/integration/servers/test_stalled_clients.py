"""Clients that send slowly, too much, or not to the end: others do not notice."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
import requests

from tests.integration.end_to_end.conftest import CREATE
from tests.integration.servers.test_forks import GUNICORN, SERVICE
from tests.integration.servers.test_workers import FOR_EVER, address, serve_with, wait_until
from tests.support.server import SERVE, Answer, Server, access_token, running_server
from ticketing_adapters.sql import SqlEvents, engine_for
from ticketing_core.testing.contracts.examples import FREE, stored_event
from ticketing_service.capacity.limits import Limits
from ticketing_service.serving.server import HEADER_BYTES

THREADS = 4
STALLED = Limits(THREADS).server_threads + 50
"""More than the server has threads."""

SOON_SECONDS = 10.0
"""How long a client of these tests waits."""

THREAD_FOR_EACH = """
import threading
def serve(self, scope, exchange):
    arrived, future = threading.Event(), exchange()
    future.add_done_callback(lambda _: arrived.set())
    arrived.wait()
    self._answer(scope, exchange, future.result())
bodies_first.BodiesFirst.serve = serve
"""
"""The control: a thread waits for each body, as servers of WSGI do."""

FAILS_ONCE = """
refuse = bodies_first.BodiesFirst._refuse
def fails(self, *given):
    bodies_first.BodiesFirst._refuse = refuse
    raise RuntimeError
bodies_first.BodiesFirst._refuse = fails
"""
"""A failure of our own code: the first body that stalls is not refused."""


class Shop:
    """A server with one free event."""

    def __init__(self, server: Server, database_url: str) -> None:
        self.server = server
        self._engine = engine_for(database_url)
        self.event_id = stored_event(SqlEvents(self._engine), price=FREE).event_id
        self.order = json.dumps({"event_id": self.event_id, "quantity": 1}).encode()

    def close(self) -> None:
        """Close the connections to the database."""
        self._engine.dispose()

    def sold(self) -> int:
        """Return how many places are taken."""
        event = SqlEvents(self._engine).by_id(self.event_id)
        assert event is not None
        return event.kept

    def buys(self) -> bool:
        """Buy as others do; return whether the answer comes soon and is a ticket."""
        try:
            answer = requests.post(
                self.server.url + CREATE,
                data=self.order,
                headers={
                    "Authorization": f"Bearer {access_token()}",
                    "Content-Type": "application/json",
                },
                timeout=SOON_SECONDS,
            )
        except requests.Timeout:
            return False
        return answer.status_code == 200

    def begin(self, *headers: str, body: bytes = b"", buyer: str | None = "42") -> socket.socket:
        """Open a connection and send a purchase with these headers, and this much of its body."""
        lines = [f"POST {CREATE} HTTP/1.1", "Host: here", "Content-Type: application/json"]
        if buyer is not None:
            lines.append(f"Authorization: Bearer {access_token(buyer)}")
        connection = socket.create_connection(address(self.server), timeout=SOON_SECONDS)
        connection.sendall("\r\n".join([*lines, *headers, "", ""]).encode() + body)
        return connection

    def in_parts(self, *, last: bool) -> bytes:
        """Return the order as a chunked body, with its last chunk or without."""
        return b"%x\r\n%s\r\n" % (len(self.order), self.order) + (b"0\r\n\r\n" if last else b"")


@contextmanager
def open_shop(database_url: str, folder: Path, *, change: str = "") -> Iterator[Shop]:
    """Run a server, perhaps after a change of its code."""
    program = serve_with(change) if change else SERVE
    with (
        running_server(
            folder=folder, database_url=database_url, threads=THREADS, program=program
        ) as server,
        closing(Shop(server, database_url)) as shop,
    ):
        yield shop


def answered(connection: socket.socket) -> Answer | None:
    """Return the answer, which is the last on this connection; None if it just ends."""
    with connection, connection.makefile("rb") as stream:
        content = stream.read()
    if not content:
        return None
    head, _, body = content.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = {name.title(): text for name, _, text in (line.partition(": ") for line in lines)}
    return Answer(int(status.split()[1]), headers, body)


def cut_short(connection: socket.socket) -> Answer | None:
    """Send no more; return the answer."""
    connection.shutdown(socket.SHUT_WR)
    return answered(connection)


def sells_beside_stalled_bodies(shop: Shop) -> bool:
    """Buy while more bodies stall than there are threads, half of them without a token."""
    with ExitStack() as ends:
        for number in range(STALLED):
            buyer = "mallory" if number % 2 else None
            ends.enter_context(shop.begin("Content-Length: 100", body=b"{", buyer=buyer))
        return shop.buys()


def test_stalled_bodies_cost_others_nothing(sqlite_url: str, tmp_path: Path) -> None:
    """More of them than there are threads, with and without a token."""
    with open_shop(sqlite_url, tmp_path, change=FOR_EVER) as shop:
        assert sells_beside_stalled_bodies(shop)


def test_a_thread_for_each_body_is_the_control(sqlite_url: str, tmp_path: Path) -> None:
    """Then nobody is answered."""
    with open_shop(sqlite_url, tmp_path, change=THREAD_FOR_EACH) as shop:
        assert not sells_beside_stalled_bodies(shop)


@pytest.mark.parametrize("header", ["Content-Length: 100", "Transfer-Encoding: chunked"])
def test_a_stalled_body_is_a_408(header: str, sqlite_url: str, tmp_path: Path) -> None:
    """After its time the client gets a problem, and the connection is closed."""
    with open_shop(sqlite_url, tmp_path, change="bodies_first.BODY_SECONDS = 0.1") as shop:
        body = shop.in_parts(last=False) if "chunked" in header else shop.order
        answer = answered(shop.begin(header, body=body))
        assert answer is not None
        assert answer.problem(408, "body_stalled")["retryable"] is True
        assert shop.sold() == 0
        assert shop.buys()


def test_a_body_cut_short_buys_nothing(sqlite_url: str, tmp_path: Path) -> None:
    """Even if what has arrived is an order; a body of unknown length needs its last chunk."""
    with open_shop(sqlite_url, tmp_path) as shop:
        order = shop.order
        for connection in (
            shop.begin("Content-Length: 100", body=order),
            shop.begin("Content-Length: 100"),
            shop.begin("Transfer-Encoding: chunked", body=shop.in_parts(last=False)),
            shop.begin("Transfer-Encoding: chunked", body=order[:3]),
        ):
            answer = cut_short(connection)
            assert answer is not None
            answer.problem(400, "body_cut_short")
        assert shop.sold() == 0


def test_a_whole_body_is_the_control(sqlite_url: str, tmp_path: Path) -> None:
    """It buys, and without the check for the last chunk so does one that lacks it."""
    change = (
        "bodies_first.BodiesFirst._finish = "
        "lambda self, read: self._answer(read.scope, read.exchange, bytes(read.body))"
    )
    with open_shop(sqlite_url, tmp_path, change=change) as shop:
        for headers, body in (
            (f"Content-Length: {len(shop.order)}", shop.order),
            ("Transfer-Encoding: chunked", shop.in_parts(last=True)),
        ):
            answer = answered(shop.begin(headers, "Connection: close", body=body))
            assert answer is not None
            assert answer.status == 200
        # The server does not answer a client that has ended its side.
        cut_short(shop.begin("Transfer-Encoding: chunked", body=shop.in_parts(last=False)))
        wait_until(lambda: shop.sold() == 3, what="the third has bought")


def test_another_server_refuses_a_body_cut_short(postgres_url: str, tmp_path: Path) -> None:
    """The application itself compares its length."""
    program = ["/bin/sh", "-c", f"{GUNICORN} '{SERVICE}'", "server"]
    with (
        running_server(folder=tmp_path, database_url=postgres_url, program=program) as server,
        closing(Shop(server, postgres_url)) as shop,
    ):
        answer = cut_short(shop.begin("Content-Length: 100", body=shop.order))
        assert answer is not None
        answer.problem(400, "body_cut_short")
        assert shop.sold() == 0


def test_a_failure_does_not_end_the_time_out(sqlite_url: str, tmp_path: Path) -> None:
    """The server goes on to refuse bodies that stall."""
    change = f"bodies_first.BODY_SECONDS = 0.1; {FAILS_ONCE}"
    with open_shop(sqlite_url, tmp_path, change=change) as shop:
        with shop.begin("Content-Length: 100", body=b"{"):
            wait_until(lambda: "could not be refused" in shop.server.log(), what="it fails")
        answer = answered(shop.begin("Content-Length: 100", body=b"{"))
        assert answer is not None
        answer.problem(408, "body_stalled")


def test_what_is_too_large_is_refused_by_its_length(sqlite_url: str, tmp_path: Path) -> None:
    """Before its body comes, and a body of unknown length as soon as it is too large."""
    with open_shop(sqlite_url, tmp_path, change=FOR_EVER) as shop:
        chunk = b"100001\r\n" + b" " * 0x100001
        for header, body in (
            ("Content-Length: 2000000", b""),
            ("Transfer-Encoding: chunked", chunk),
        ):
            answer = answered(shop.begin(header, body=body))
            assert answer is not None
            answer.problem(413, "body_too_large")


@pytest.mark.parametrize(("change", "status"), [("", 431), ("server.HEADER_BYTES *= 8", 401)])
def test_headers_are_bounded(change: str, status: int, sqlite_url: str, tmp_path: Path) -> None:
    """Too large ones are refused; with a larger bound, the control, they are read."""
    with open_shop(sqlite_url, tmp_path, change=change) as shop:
        large = f"X-Large: {'x' * 2 * HEADER_BYTES}"
        connection = shop.begin(large, "Content-Length: 0", "Connection: close", buyer=None)
        answer = answered(connection)
        assert answer is not None
        assert answer.status == status


def test_silent_connections_are_closed(sqlite_url: str, tmp_path: Path) -> None:
    """Without a request, within its headers, and after an answer."""
    with open_shop(sqlite_url, tmp_path, change="server.HEADER_SECONDS = 1") as shop:
        assert answered(socket.create_connection(address(shop.server), SOON_SECONDS)) is None
        connection = socket.create_connection(address(shop.server), SOON_SECONDS)
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: ")
        assert answered(connection) is None
        answer = answered(shop.begin("Content-Length: 0"))
        assert answer is not None
        assert answer.status == 400
