"""Serves a sandbox over HTTP: beside a test on a free port, or alone for the command line."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from attrs import frozen
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from ticketing_service.sandbox.sandbox import Sandbox
from ticketing_service.sandbox.web import sandbox_app
from ticketing_service.sandbox.webhooks import RETRY_PAUSES, WebhookEndpoint

_BACKLOG = 128
# How long a stop may wait for the loop that accepts connections.
_POLL_SECONDS = 0.02


@frozen
class RunningSandbox:
    """A sandbox that answers at `url`."""

    url: str
    sandbox: Sandbox


class _Requests(WSGIRequestHandler):
    """Writes no line for each request; errors are still shown."""

    # One request for each connection: a call that is dropped without an answer then ends with
    # its connection closed, where HTTP/1.1 would leave the caller waiting.
    protocol_version = "HTTP/1.0"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing."""


@contextmanager
def running_sandbox(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    public_url: str | None = None,
    webhook: WebhookEndpoint | None = None,
    wall_clock: Callable[[], float] | None = None,
    retry_pauses: tuple[float, ...] = RETRY_PAUSES,
    late_seconds: float = 15.0,
) -> Iterator[RunningSandbox]:
    """Serve a new sandbox from daemon threads while the context lasts.

    Port 0 is any free one. `public_url` is needed only where browsers reach the sandbox by another
    address. Raises `OSError` when the port is taken.
    """
    listener = socket.create_server((host, port), backlog=_BACKLOG)
    url = f"http://{host}:{listener.getsockname()[1]}"
    sandbox = Sandbox(
        public_url=public_url or url,
        webhook=webhook,
        retry_pauses=retry_pauses,
        late_seconds=late_seconds,
        **({} if wall_clock is None else {"wall_clock": wall_clock}),
    )
    server = _server(sandbox, listener)
    sandbox.start()
    thread = threading.Thread(
        target=server.serve_forever, args=(_POLL_SECONDS,), name="sandbox-server", daemon=True
    )
    thread.start()
    try:
        yield RunningSandbox(url, sandbox)
    finally:
        # Calls that a fault holds up must end first: shutting down waits for nothing else.
        sandbox.close()
        server.shutdown()
        server.server_close()
        thread.join()


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 4242,
    public_url: str | None = None,
    webhook: WebhookEndpoint | None = None,
    ready: Callable[[RunningSandbox], None] = lambda _: None,
) -> None:
    """Serve a new sandbox until it is interrupted; `ready` is called once it answers."""
    with running_sandbox(host=host, port=port, public_url=public_url, webhook=webhook) as running:
        ready(running)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


def _server(sandbox: Sandbox, listener: socket.socket) -> BaseWSGIServer:
    """Return a server on a socket that is bound already, so that its address is known before."""
    with listener:
        host, port = listener.getsockname()[:2]
        return make_server(
            host,
            port,
            sandbox_app(sandbox),
            threaded=True,
            request_handler=_Requests,
            fd=listener.fileno(),
        )
