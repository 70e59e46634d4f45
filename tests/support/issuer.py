"""An issuer of access tokens that publishes its keys, and can be silent or answer wrongly."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from attrs import define, field


@define
class Issuer:
    """An issuer's server, and what it answers."""

    body: bytes
    url: str = ""
    status: int = 200
    location: str | None = None
    asked: threading.Event = field(factory=threading.Event)
    may_answer: threading.Event = field(factory=threading.Event)


@contextmanager
def running_issuer(body: bytes) -> Iterator[Issuer]:
    """Run an issuer while the context lasts."""
    issuer = Issuer(body)
    issuer.may_answer.set()

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked.set()
            issuer.may_answer.wait()
            self.send_response(issuer.status)
            if issuer.location is not None:
                self.send_header("Location", issuer.location)
            self.send_header("Content-Length", str(len(issuer.body)))
            self.end_headers()
            self.wfile.write(issuer.body)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        server.daemon_threads = True
        issuer.url = f"http://127.0.0.1:{server.server_port}/keys?policy=a"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield issuer
        finally:
            issuer.may_answer.set()
            server.shutdown()
            thread.join()
