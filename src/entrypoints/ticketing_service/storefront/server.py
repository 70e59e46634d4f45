"""Serves the pages, and gives their scripts the address of the API and an access token."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, Response, jsonify, redirect, request, send_from_directory, url_for
from werkzeug.exceptions import NotFound
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Response as AnyResponse

from ticketing_service.storefront.staff_pages import add_staff_pages

_PAGES = Path(__file__).with_name("pages")
# How long a stop may wait for the loop that accepts connections.
_POLL_SECONDS = 0.02


class _Requests(WSGIRequestHandler):
    """Logs errors only, not each request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""


def _nothing_here(error: NotFound) -> AnyResponse | tuple[Response, int]:
    """Say so in the buyer's language at an address of no page; a missing file stays missing."""
    if request.endpoint is None:
        return send_from_directory(_PAGES, "shell.html"), 404
    return error.get_response()


def storefront_app(
    *,
    url: str,
    api_url: str,
    buyers: Mapping[str, Callable[[], str]],
    staff_token: Callable[[], str],
    organizer_token: Callable[[], str],
) -> Flask:
    """Return the shop as a WSGI application.

    Args:
        url: Where browsers reach it. The API accepts calls from pages of this origin only.
        api_url: Where browsers reach the API.
        buyers: Makes a new token, for each buyer that the visitor may play; at first the first one.
        staff_token: Makes a new token with which the visitor plays the staff at the gate.
        organizer_token: Makes a new token with which the visitor plays the organizer.
    """
    app = Flask(__name__)
    app.register_error_handler(404, _nothing_here)
    add_staff_pages(app, api_url=api_url)
    own_host = urlsplit(url).netloc
    policy = (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"connect-src 'self' {api_url}; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )

    @app.before_request
    def stay_at_home() -> AnyResponse | None:
        # The API refuses scripts from any other origin. The redirect also keeps a foreign page,
        # whose host name points to this machine, from reading the token (DNS rebinding).
        if request.host == own_host:
            return None
        return redirect(url + request.full_path.removesuffix("?"), code=307)

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["Cache-Control"] = "no-store"
        return response

    # One page: the scripts show what the address names.
    @app.get("/")
    @app.get("/events/<_>")
    @app.get("/tickets")
    @app.get("/tickets/<_>")
    @app.get("/payment/success")
    @app.get("/payment/cancel")
    def shop(_: str = "") -> Response:
        return send_from_directory(_PAGES, "shell.html")

    @app.get("/staff")
    def staff() -> AnyResponse:
        event = request.args.get("event", type=int)
        where = url_for("gate_page.show", event=event, _anchor=f"token={staff_token()}")
        return redirect(where)

    @app.get("/organizer")
    def organizer() -> AnyResponse:
        return redirect(url_for("board_page.show", _anchor=f"token={organizer_token()}"))

    @app.get("/session.json")
    def session() -> Response:
        asked = request.args.get("buyer", "")
        name = asked if asked in buyers else next(iter(buyers))
        return jsonify(api_url=api_url, access_token=buyers[name](), buyer=name, buyers=[*buyers])

    return app


@contextmanager
def running_storefront(*, host: str, port: int, app: Flask) -> Iterator[None]:
    """Serve the shop from daemon threads while the context lasts.

    Raises:
        OSError: The port is in use.
    """
    server = make_server(host, port, app, threaded=True, request_handler=_Requests)
    thread = threading.Thread(
        target=server.serve_forever, args=(_POLL_SECONDS,), name="storefront", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
