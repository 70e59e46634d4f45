"""Assembles the HTTP service. It names no adapter: all of them are arguments."""

import re
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask_cors import CORS
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import IntegerConverter, Map

from ticketing_core import BackOffice, BoxOffice, EventRecords, Organizer
from ticketing_core.gate import Gate
from ticketing_core.ports import NotificationReader, QrEncoder
from ticketing_core.validators import LARGEST_ID
from ticketing_service.access import AccessTokens
from ticketing_service.capacity.rates import CALL, LOOK, unlimited
from ticketing_service.http.bodies import LARGEST_BODY
from ticketing_service.http.callers import at_bounded_rates, known_callers
from ticketing_service.http.check_ins import check_ins, syncs
from ticketing_service.http.docs_page import docs_page
from ticketing_service.http.events import events
from ticketing_service.http.gate import gate_of_event
from ticketing_service.http.gate_lists import GateLists, SignGateList
from ticketing_service.http.health import Readiness, health
from ticketing_service.http.keys import PublicKeys, keys
from ticketing_service.http.notifications import notifications
from ticketing_service.http.openapi import openapi_document
from ticketing_service.http.organizer_reads import of_organizers
from ticketing_service.http.payments import payments
from ticketing_service.http.problems import handle_errors
from ticketing_service.http.purchase_line import KeepsPlace, PurchaseLine
from ticketing_service.http.refunds import refunds
from ticketing_service.http.responses import Protected
from ticketing_service.http.staff import Staff
from ticketing_service.http.tickets import tickets
from ticketing_service.observing.requests import ROUTE
from ticketing_service.storefront.staff_pages import add_staff_pages

PREFLIGHT_SECONDS = 600
"""How long a browser may cache a preflight. Chromium caps it at two hours."""

_HARMLESS_HEADERS = re.compile(
    r"(?!forwarded\Z|x-(forwarded|original|real|rewrite|http|method))[a-z0-9_-]{1,64}\Z",
    re.IGNORECASE,
)
"""What a page of an allowed origin may send. There are no cookies, so that a page brings whatever
it may do itself, in its access token, and its other headers add nothing: tracing alone has dozens
of names. Left out is what a proxy says about a request, which must not come from a page."""

_DEFAULT_PORTS = {"http": 80, "https": 443}


def create_app(
    *,
    box_office: BoxOffice,
    back_office: BackOffice | None = None,
    organizer: Organizer,
    records: EventRecords,
    gate: Gate,
    sign_gate_list: SignGateList,
    access: AccessTokens,
    frontend_url: str,
    cors_origins: Collection[str] = (),
    public_keys: PublicKeys,
    readiness: Readiness,
    qr_svg: QrEncoder,
    notification_reader: NotificationReader | None = None,
    notification_slot: Callable[[], AbstractContextManager[None]] = nullcontext,
    line: PurchaseLine | None = None,
    within_rate: Callable[[str, int], bool] = unlimited,
) -> Flask:
    """Return the WSGI application that sells through ``box_office``.

    Args:
        box_office: Does the work.
        back_office: Acts on notifications and refunds; None for ``box_office``.
        organizer: Puts events on sale, changes and cancels them.
        records: Shows what was sold of them.
        gate: Lets people in.
        sign_gate_list: Signs what offline gates have to know.
        access: Which access tokens are accepted.
        frontend_url: Where buyers return to. Pages of its origin may call from a browser.
        cors_origins: Further addresses whose pages may call from a browser; no others may.
        public_keys: The public keys of admission tokens by ``kid``.
        readiness: What keeps the service from selling, and what does not work as it should.
        qr_svg: Makes the QR codes for ``qr.svg``; those of ``box_office`` are PNG.
        notification_reader: Reads the payment provider's notifications; None to take none.
        notification_slot: The context in which a genuine one is acted on; may raise `Overloaded`.
        line: Where purchases wait for their turn; None if they do not.
        within_rate: Counts a call by route and buyer, at its cost; False if there were too many.

    Raises:
        ValueError: ``frontend_url`` or another origin is not an http or https address.
    """
    app = _without_routes()
    _allow_pages(app, [origin_of(url) for url in (frontend_url, *cors_origins)])
    handle_errors(app)
    app.register_error_handler(KeepsPlace, KeepsPlace.response)
    app.after_request(_read_to_end)
    caller = known_callers(app, access)
    buying, looking = (at_bounded_rates(caller, within_rate, cost=cost) for cost in (CALL, LOOK))
    staff = Staff(caller=caller, within_rate=within_rate)
    looks_after = back_office or box_office
    for blueprint in (
        payments(box_office, caller=buying, line=line),
        refunds(looks_after, caller=caller),
        notifications(looks_after, reader=notification_reader, slot=notification_slot),
        events(box_office),
        *of_organizers(organizer, records, caller=caller, looking=looking),
        tickets(box_office, qr_svg=qr_svg, caller=looking),
        check_ins(gate, staff=staff),
        syncs(gate, staff=staff),
        gate_of_event(gate, lists=GateLists(gate, sign_gate_list), staff=staff),
        keys(public_keys),
        health(readiness),
    ):
        app.register_blueprint(blueprint)
    app.register_blueprint(docs_page(openapi_document(app)))
    add_staff_pages(app, api_url="../")
    return app


def _without_routes() -> Flask:
    # No static folder: apart from the page at /docs the service has no files of its own.
    app = Flask(__name__, static_folder=None)
    app.response_class = Protected
    # One byte more: werkzeug cuts a chunked body there without an error, and `raw_body` counts.
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY + 1
    _route_plainly(app.url_map)
    app.before_request(_note_route)
    return app


def _allow_pages(app: Flask, origins: Sequence[str]) -> None:
    @app.before_request
    def answer_preflights() -> Response | None:
        # Of any path: a browser shows a page no answer whose preflight failed, not even a 404.
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            return app.make_default_options_response()
        return None

    CORS(
        app,
        # Patterns, since the brackets of an IPv6 address in text would be read as one.
        origins=[re.compile(re.escape(origin) + r"\Z") for origin in origins],
        methods=["GET", "POST", "PATCH"],
        allow_headers=[_HARMLESS_HEADERS],
        # Scripts see this header only if it is listed.
        expose_headers=["Retry-After"],
        max_age=PREFLIGHT_SECONDS,
        # The error handlers make the responses to errors, which pass through here as well.
        intercept_exceptions=False,
        # Only browsers need these headers.
        always_send=False,
    )


def origin_of(url: str) -> str:
    """Return the origin of an address as browsers write it (RFC 6454, 6.2).

    Raises:
        ValueError: It is not an http or https address.
    """
    parts = urlsplit(url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ValueError(f"{url} is not an http or https address")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    default = parts.port is None or parts.port == _DEFAULT_PORTS[parts.scheme]
    return f"{parts.scheme}://{host}" if default else f"{parts.scheme}://{host}:{parts.port}"


class _Id(IntegerConverter):
    """An id in a path. It is as strict as one in a body, but a wrong one is a 404."""

    regex = "[1-9][0-9]{0,15}"

    def to_python(self, value: str) -> int:
        number = int(value)
        if number > LARGEST_ID:
            # Not `ValidationError`: of an address with two methods the other one would still fit,
            # and the answer would be a 405.
            raise NotFound
        return number


def _route_plainly(routes: Map) -> None:
    """Never redirect: browsers do not follow a redirect of a preflight, nor keep every body."""
    routes.converters["int"] = _Id
    # With and without the last slash, the response is the same.
    routes.strict_slashes = False
    routes.merge_slashes = False


def _note_route() -> None:
    if request.url_rule is not None:
        request.environ[ROUTE] = request.url_rule.rule


def _read_to_end(response: Response) -> Response:
    """Read what a view has left unread of its request.

    The server silently closes a connection with unread bytes. The caller's next request on it,
    perhaps the same one with a fresh token, would get no response.
    """
    try:
        unread = request.get_data(cache=False)
    except HTTPException:
        unread = None
    if unread is None or len(unread) > LARGEST_BODY:
        # Too much to read, so the caller is told to open a new connection.
        response.headers["Connection"] = "close"
    return response
