"""Receivers that stall, lie or vanish hold a delivery no longer than its deadline."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.integration.adapters.webhooks import message, subscriber
from tests.support.odd_server import answering
from tests.support.webhook_receiver import certified, receiving
from ticketing_adapters.webhooks import post as post_module
from ticketing_core.ports.outbox import Delivered, Unanswered

SECONDS = 0.5
SOON = 10
"""Seconds: far above what anything here takes."""
TAKEN = b"HTTP/1.1 200 OK\r\n\r\n"


@contextmanager
def connected_to(talk: Callable[[socket.socket], object]) -> Iterator[int]:
    """Talk so to each that connects, until the context ends; give the port."""

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            talk(connection)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, daemon=True).start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)


def dribbled(pieces: Sequence[bytes]) -> Callable[[socket.socket], None]:
    """Return what reads a request and answers in pieces, for longer than a deadline in all."""

    def talk(connection: socket.socket) -> None:
        connection.recv(2**16)
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(3 * SECONDS / len(pieces))

    return talk


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\0\xff\r\n\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 1000 OK\r\n\r\n",
        b"HTTP/1.1 OK 200\r\n\r\n",
        b"HTTP/1.1 -200 OK\r\n\r\n",
        b"x" * 2**17,
    ],
)
def test_what_is_no_answer_in_time_is_none(answer: bytes) -> None:
    """Silence, half a line and other protocols leave open whether the message was taken."""
    with answering(answer) as url:
        assert subscriber(url, seconds=SECONDS).deliver(message()) == Unanswered()


@pytest.mark.parametrize(
    "then", [b"X-Long: 1\r\n", b"X" * 1000, b"HTTP/1.1 100 Continue\r\n\r\n", b"X: \r\n" * 100]
)
def test_a_head_without_an_end_is_none(then: bytes) -> None:
    """It is read to a bound of bytes, not only to a deadline."""
    with answering(b"HTTP/1.1 100 Continue\r\n", then=then, pause=0) as url:
        assert subscriber(url).deliver(message()) == Unanswered()


def test_a_body_without_an_end_is_not_waited_for() -> None:
    """The status has said it all."""
    with answering(TAKEN, then=b"x" * 1000, pause=0) as url:
        assert subscriber(url).deliver(message()) == Delivered()
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n") as url:
        assert subscriber(url).deliver(message()) == Delivered()


def test_a_receiver_that_dribbles_is_left_at_the_deadline() -> None:
    """However often a byte comes."""
    with connected_to(dribbled([bytes([each]) for each in TAKEN])) as port:
        to = subscriber(f"http://127.0.0.1:{port}/", seconds=SECONDS)
        assert to.deliver(message()) == Unanswered()


def test_control_a_timeout_of_the_socket_alone_would_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """It begins anew with each byte, so the same receiver is heard to its end."""
    monkeypatch.setattr(post_module, "_left", lambda _: SECONDS)
    with connected_to(dribbled([bytes([each]) for each in TAKEN])) as port:
        to = subscriber(f"http://127.0.0.1:{port}/", seconds=SECONDS)
        assert to.deliver(message()) == Delivered()


@pytest.mark.parametrize("first", [b"", b"\x16\x03\x03\x20\x00"])
def test_a_handshake_that_stalls_is_left(first: bytes) -> None:
    """TLS has the same deadline, also where it begins and dribbles on."""
    with connected_to(dribbled([first, *[b"\x02"] * 20])) as port:
        to = subscriber(f"https://127.0.0.1:{port}/", seconds=SECONDS)
        assert to.deliver(message()) == Unanswered()


def test_a_dribble_within_tls_is_left(tmp_path: Path) -> None:
    """Bytes that are encrypted count no more than others."""
    server, client = certified(tmp_path, "127.0.0.1")

    def talk(connection: socket.socket) -> None:
        with server.wrap_socket(connection, server_side=True) as secure:
            dribbled([bytes([each]) for each in TAKEN])(secure)

    with connected_to(talk) as port:
        to = subscriber(f"https://127.0.0.1:{port}/", seconds=SECONDS, tls=client)
        assert to.deliver(message()) == Unanswered()


@pytest.mark.parametrize("read", [0, 1, 2**16])
def test_a_receiver_that_closes_at_once_has_not_answered(read: int) -> None:
    """Before, within or after the request."""
    with connected_to(lambda connection: connection.recv(read)) as port:
        to = subscriber(f"http://127.0.0.1:{port}/")
        assert to.deliver(message()) == Unanswered()


def test_nobody_there_is_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    """Nor is a host without an address. The log names the subscriber, and no URL."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with caplog.at_level(logging.WARNING):
        for url in (f"http://127.0.0.1:{port}/?key=secret", "https://mailer.invalid/?key=secret"):
            assert subscriber(url).deliver(message()) == Unanswered()
    assert [each.getMessage().partition(": ")[2][:40] for each in caplog.records] == [
        "mailer did not take ticket 1 version 3: ",
        "mailer did not take ticket 1 version 3: ",
    ]
    assert [each.getMessage().rpartition(": ")[2][:3] for each in caplog.records] == ["Con", "gai"]
    assert "key" not in caplog.text


def test_what_a_receiver_says_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """It may know who buys, and repeats what it likes."""
    with answering(b"grace bought it\r\n\r\n") as url, caplog.at_level(logging.WARNING):
        assert subscriber(url).deliver(message()) == Unanswered()
    assert "BadStatusLine" in caplog.text
    assert "grace" not in caplog.text


def test_each_reason_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """A wrong secret refuses thousands of messages, all in the same way."""
    statuses = iter([401, 401, 401, 503, 503])
    with receiving(lambda _: (next(statuses), {})) as receiver, caplog.at_level(logging.WARNING):
        to = subscriber(f"http://127.0.0.1:{receiver.port}/")
        for version in range(1, 6):
            to.deliver(message(version=version))
    assert [each.getMessage().partition("version ")[2] for each in caplog.records] == [
        "1: status 401",
        "4: status 503",
    ]


def test_a_look_up_that_hangs_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver has the same deadline, and its late answer is nobody's."""
    may_end = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: may_end.wait(SOON) and [])
    began = time.monotonic()
    to = subscriber("https://mailer.example/", seconds=SECONDS)
    try:
        assert to.deliver(message()) == Unanswered()
    finally:
        may_end.set()
    assert time.monotonic() - began < SOON
