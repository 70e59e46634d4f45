"""Puts the HTTP service together. It names no adapter: all of them come in by argument."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask_cors import CORS
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter, Map, ValidationError

from ticketing_core import BoxOffice
from ticketing_core.ports import NotificationReader, QrEncoder
from ticketing_core.validators import LARGEST_INTEGER
from ticketing_service.access import AccessTokens
from ticketing_service.http.bodies import LARGEST_BODY
from ticketing_service.http.callers import known_callers
from ticketing_service.http.docs_page import docs_page
from ticketing_service.http.events import events
from ticketing_service.http.health import Readiness, health
from ticketing_service.http.keys import PublicKeys, keys
from ticketing_service.http.notifications import notifications
from ticketing_service.http.openapi import ApiDocument
from ticketing_service.http.payments import payments
from ticketing_service.http.problems import answer_problems
from ticketing_service.http.tickets import tickets

PREFLIGHT_SECONDS = 600
"""How long a browser may remember that it may call us; Chromium caps it at two hours."""

_DEFAULT_PORTS = {"http": 80, "https": 443}


def create_app(
    *,
    box_office: BoxOffice,
    access: AccessTokens,
    frontend_url: str,
    public_keys: PublicKeys,
    readiness: Readiness,
    qr_svg: QrEncoder,
    notification_reader: NotificationReader | None = None,
    wake_settler: Callable[[], None] = lambda: None,
) -> Flask:
    """The WSGI application that sells through ``box_office``.

    Args:
        box_office: Does the work.
        access: Which callers are believed.
        frontend_url: Pages of its origin, and of no other, may call from a browser.
        public_keys: The public keys of admission tokens by ``kid``.
        readiness: What keeps the service from selling, in plain sentences.
        qr_svg: Makes the QR codes for ``qr.svg``; those of ``box_office`` are PNG.
        notification_reader: Reads the payment provider's news; None where none can be checked.
        wake_settler: Called when somebody was refused places that settling may free.

    Raises:
        ValueError: ``frontend_url`` is no http or https address.
    """
    # No static folder: this service has no files of its own beside the page at /docs.
    app = Flask(__name__, static_folder=None)
    # One byte more: a body of unknown length is cut there without an error, and `bodies` counts.
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY + 1
    _route_plainly(app.url_map)
    origin = origin_of(frontend_url)
    CORS(
        app,
        origins=[_exactly(origin)],
        methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key"],
        # Scripts see it only if told so.
        expose_headers=["Retry-After"],
        max_age=PREFLIGHT_SECONDS,
        # Errors are answered by handlers of ours, whose answers come by here as well.
        intercept_exceptions=False,
        # Who is no browser needs none of these headers.
        always_send=False,
    )
    answer_problems(app)
    app.after_request(_protect)
    app.after_request(_read_to_its_end)
    caller = known_callers(app, access)
    document = ApiDocument()
    for blueprint in (
        payments(box_office, caller=caller, wake_settler=wake_settler, document=document),
        notifications(box_office, reader=notification_reader, document=document),
        events(box_office, document=document),
        tickets(box_office, qr_svg=qr_svg, caller=caller, document=document),
        keys(public_keys, document=document),
        health(readiness, document=document),
    ):
        app.register_blueprint(blueprint)
    app.register_blueprint(docs_page(document.render(app)))
    return app


def origin_of(url: str) -> str:
    """The origin of an address as browsers write it (RFC 6454, 6.2).

    Raises:
        ValueError: It is no http or https address.
    """
    parts = urlsplit(url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ValueError(f"{url} is no http or https address")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    default = parts.port is None or parts.port == _DEFAULT_PORTS[parts.scheme]
    return f"{parts.scheme}://{host}" if default else f"{parts.scheme}://{host}:{parts.port}"


def _exactly(origin: str) -> re.Pattern[str]:
    # As text, the brackets of an IPv6 address would be read as an expression.
    return re.compile(re.escape(origin) + r"\Z")


class _Id(IntegerConverter):
    """An id in a path: as strict as one in a body, but there is nothing where it is wrong."""

    regex = "[1-9][0-9]{0,9}"

    def to_python(self, value: str) -> int:
        number = int(value)
        if number > LARGEST_INTEGER:
            raise ValidationError
        return number


def _route_plainly(routes: Map) -> None:
    """Never redirect: a browser follows no redirect of a preflight, nor keeps every body."""
    routes.converters["int"] = _Id
    # With and without the last slash, the answer is the same.
    routes.strict_slashes = False
    routes.merge_slashes = False


def _read_to_its_end(response: Response) -> Response:
    """Read what a refused request still has to say.

    The server closes a connection with unread bytes without telling, and the caller's next
    request on it, which may be the same one with a fresh token, would get no answer.
    """
    try:
        unread = request.get_data(cache=False)
    except HTTPException:
        unread = None
    if unread is None or len(unread) > LARGEST_BODY:
        # More than is ever read: this caller is told.
        response.headers["Connection"] = "close"
    return response


_PROTECTION = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
]
_NO_PAGE = ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
# Answers are about one buyer or about this moment.
_NOT_TO_BE_KEPT = ("Cache-Control", "no-store")


def _protect(response: Response) -> Response:
    headers = response.headers
    protection = _PROTECTION.copy()
    # What may be kept, and the few pages, say so themselves.
    for header in (_NO_PAGE, _NOT_TO_BE_KEPT):
        if header[0] not in headers:
            protection.append(header)
    # One call: this is done for every answer.
    headers.extend(protection)
    return response
