"""Serves a sandbox over HTTP: beside a test on a free port, or alone for the command line."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from attrs import frozen
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from ticketing_service.sandbox.amounts import in_words
from ticketing_service.sandbox.api import api_blueprint
from ticketing_service.sandbox.control import control_blueprint
from ticketing_service.sandbox.dashboard import dashboard_blueprint
from ticketing_service.sandbox.foreign_pages import refuse_foreign_pages
from ticketing_service.sandbox.limits import Limits
from ticketing_service.sandbox.payment_page import payment_page_blueprint
from ticketing_service.sandbox.sandbox import Sandbox
from ticketing_service.sandbox.unsettled import Unsettled
from ticketing_service.sandbox.webhooks import RETRY_PAUSES, WebhookEndpoint

# The evidence of a dispute: 150,000 characters, each at most four bytes that are percent-encoded.
_LARGEST_REQUEST = 2_000_000
_BACKLOG = 128
# How long a stop may wait for the loop that accepts connections.
_POLL_SECONDS = 0.02


@frozen
class RunningSandbox:
    """A sandbox that is served at `url`."""

    url: str
    sandbox: Sandbox


class _Requests(WSGIRequestHandler):
    """Logs errors only, not each request."""

    # One request for each connection. A call that is dropped without a response then ends with its
    # connection closed; with HTTP/1.1 the caller would go on waiting.
    protocol_version = "HTTP/1.0"

    def send_response(self, code: int, message: str | None = None) -> None:
        """Begin the response, without the time of this machine: the app has a clock of its own."""
        self.send_response_only(code, message)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""


def sandbox_app(sandbox: Sandbox) -> Flask:
    """Return the WSGI application of a sandbox."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST_REQUEST
    app.config["MAX_FORM_MEMORY_SIZE"] = _LARGEST_REQUEST
    app.jinja_env.filters["money"] = in_words
    refuse_foreign_pages(app, public_url=sandbox.public_url)
    app.register_blueprint(api_blueprint(sandbox))
    app.register_blueprint(payment_page_blueprint(sandbox))
    app.register_blueprint(dashboard_blueprint(sandbox))
    app.register_blueprint(control_blueprint(sandbox))
    return app


@contextmanager
def running_sandbox(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    public_url: str | None = None,
    webhook: WebhookEndpoint | None = None,
    wall_clock: Callable[[], float] = time.time,
    retry_pauses: tuple[float, ...] = RETRY_PAUSES,
    late_seconds: float = 15.0,
    limits: Limits | None = None,
    unsettled: Unsettled | None = None,
) -> Iterator[RunningSandbox]:
    """Serve a new sandbox from daemon threads while the context lasts.

    Port 0 is any free one. `public_url` is needed only if browsers reach the sandbox at another
    address. Raises `OSError` if the port is in use.
    """
    # The port must be known before the sandbox is made, and werkzeug exits if it is in use.
    with socket.create_server((host, port), backlog=_BACKLOG) as listener:
        url = f"http://{host}:{listener.getsockname()[1]}"
        sandbox = Sandbox(
            public_url=public_url or url,
            webhook=webhook,
            wall_clock=wall_clock,
            retry_pauses=retry_pauses,
            late_seconds=late_seconds,
            limits=limits,
            unsettled=unsettled,
        )
        server = make_server(
            host,
            listener.getsockname()[1],
            sandbox_app(sandbox),
            threaded=True,
            request_handler=_Requests,
            fd=listener.fileno(),
        )
    sandbox.start()
    thread = threading.Thread(
        target=server.serve_forever, args=(_POLL_SECONDS,), name="sandbox-server", daemon=True
    )
    thread.start()
    try:
        yield RunningSandbox(url, sandbox)
    finally:
        # First end the calls that a fault delays: shutting down waits for nothing else.
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
    limits: Limits | None = None,
    ready: Callable[[RunningSandbox], None] = lambda _: None,
) -> None:
    """Serve a new sandbox until it is interrupted. Calls `ready` once it is served."""
    serving = running_sandbox(
        host=host, port=port, public_url=public_url, webhook=webhook, limits=limits
    )
    with serving as running:
        ready(running)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return
