"""Counts requests and the reasons of refusals, and gives each request an id."""

import logging
import os
import re
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from attrs import define, field

from ticketing_service.observing.counted import CountedWarnings
from ticketing_service.observing.logs import REQUEST_ID
from ticketing_service.observing.metrics import Metrics

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

HEADER = "X-Request-Id"
ROUTE, CODE = "ticketing.route", "ticketing.code"
"""The keys under which the application stores the route of a request, and the code of a problem."""

FILE = "ticketing.file"
"""The key under which the application stores the open file that contains its answer."""

OBSERVED = "ticketing_observed"
"""The key of the `ObservedRequests` in a Flask application, for answers that others give for it."""

NO_ROUTE = "none"
"""The label of paths that are no route, and of requests that were refused before they were read."""

_WELL_FORMED = re.compile("[A-Za-z0-9._-]{8,64}")
"""The form of the ids of proxies (nginx: 32 hexadecimal digits; others: UUIDs)."""


@define(eq=False, kw_only=True)
class ObservedRequests:
    """Observes the requests of a WSGI application.

    Attributes:
        metrics: The metrics; None to count nothing.
        purchase_route: The route of purchases.
        trusts_ids: Whether a proxy in front sets `HEADER`. Otherwise a client may have made it up.
    """

    metrics: Metrics | None
    purchase_route: str
    trusts_ids: bool
    _refused: dict[str, CountedWarnings] = field(factory=dict, init=False)

    def around(self, app: "WSGIApplication") -> "WSGIApplication":
        """Wrap the application. It must not stream its answers."""

        def serve(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            began, status = time.perf_counter(), "500"
            request_id = self._id(environ)
            # A thread of the server serves one request after the other.
            REQUEST_ID.set(request_id)

            def started(line: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
                nonlocal status
                status = line[:3]
                return start_response(line, [*headers, (HEADER, request_id)], *rest)

            try:
                return app(environ, started)
            finally:
                self._ended(environ, status=status, seconds=time.perf_counter() - began)
                REQUEST_ID.set(None)

        return serve

    def _id(self, environ: "WSGIEnvironment") -> str:
        given: str = environ.get("HTTP_X_REQUEST_ID", "")
        if self.trusts_ids and _WELL_FORMED.fullmatch(given):
            return given
        return os.urandom(8).hex()

    def _ended(self, environ: "WSGIEnvironment", *, status: str, seconds: float) -> None:
        route, code = environ.get(ROUTE, NO_ROUTE), environ.get(CODE)
        if code is not None:
            self._refused.setdefault(
                code, CountedWarnings(log, f"requests refused as {code}", level=logging.INFO)
            ).add(f"{status} at {route}")
        if self.metrics is None:
            return
        self.metrics.requests(route, status).inc()
        self.metrics.request_seconds(route).observe(seconds)
        if code is not None:
            self.metrics.refusals(code).inc()
        if route == self.purchase_route and environ["REQUEST_METHOD"] == "POST":
            self.metrics.purchases(code or "accepted").inc()
