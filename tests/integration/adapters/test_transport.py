"""Connections to Stripe: shared by the threads of a process, and never by two processes."""

import multiprocessing
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import requests

from ticketing_adapters.stripe_checkout.transport import session


class TellsThePort(BaseHTTPRequestHandler):
    """Answers with the caller's port, which names the connection."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        body = str(self.client_address[1]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    """The address of such a server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), TellsThePort)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def ports_of_two_processes(make: Callable[[], requests.Session], url: str) -> tuple[str, str]:
    """Return over which connection a process calls, and the process that was forked from it."""
    shared = make()
    ours = shared.get(url, timeout=5).text
    fork = multiprocessing.get_context("fork")
    answers = fork.Queue()
    child = fork.Process(target=lambda: answers.put(shared.get(url, timeout=5).text))
    child.start()
    theirs = answers.get(timeout=10)
    child.join()
    assert shared.get(url, timeout=5).text == ours, "the parent keeps its connection"
    return ours, theirs


def test_a_forked_process_opens_its_own_connection(url: str) -> None:
    """On a shared one, buyers would get one another's answers."""
    ours, theirs = ports_of_two_processes(session, url)
    assert ours != theirs


def test_control_a_plain_session_shares_it(url: str) -> None:
    """So the test above can fail."""
    ours, theirs = ports_of_two_processes(requests.Session, url)
    assert ours == theirs


def test_connections_are_used_again(url: str) -> None:
    """By another thread too: a new one costs round trips."""
    shared, ports = session(), set[str]()
    for _ in range(3):
        thread = Thread(target=lambda: ports.add(shared.get(url, timeout=5).text))
        thread.start()
        thread.join()
    assert len(ports) == 1
