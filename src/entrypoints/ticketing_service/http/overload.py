"""Bounds the work: requests wait for their turn briefly, and what cannot be served soon is refused.

It stands in front of Flask, since refusing must cost next to nothing: whoever refuses slowly is
overloaded by refusing.
"""

import logging
import re
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from attrs import frozen
from flask import Flask

from ticketing_core.errors import Overloaded
from ticketing_service.http.bodies import LARGEST_BODY
from ticketing_service.http.problems import problem_of
from ticketing_service.slots import Kind, Slots

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

logger = logging.getLogger(__name__)

RETRY_AFTER = timedelta(seconds=2)
"""Long enough that those who come back do not double the load, short for a person."""

TELL_EVERY_SECONDS = 10.0
"""Refusals come by the thousand: the log tells their number, not each."""


@frozen
class Refusal:
    """The one answer to all that is refused, made beforehand.

    Attributes:
        status: Its status line.
        headers: Its headers, with those that let the frontend's pages read it.
        body: A problem, as JSON.
    """

    status: str
    headers: Sequence[tuple[str, str]]
    body: bytes


class LoadShedding:
    """A WSGI application that lets through what ``app`` can do soon, and refuses the rest.

    Args:
        app: Does the work. Its answers are complete when it returns: none is streamed.
        slots: Whose turn it is.
        refusal: The answer to the rest.
        purchase_path: Where purchases are made.
        free_paths: Answered always: they touch nothing that is scarce.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        *,
        slots: Slots,
        refusal: Refusal,
        purchase_path: str,
        free_paths: Collection[str],
    ) -> None:
        self._app = app
        self._slots = slots
        self._refusal = refusal
        self._purchase_path = purchase_path.rstrip("/")
        self._free_paths = frozenset(path.rstrip("/") for path in free_paths)
        self._untold = 0
        self._told_at = time.monotonic()

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """See PEP 3333."""
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"].rstrip("/")
        # A browser whose preflight is refused may not read the refusal of what it wants to send.
        if method == "OPTIONS" or path in self._free_paths:
            return self._app(environ, start_response)
        purchase = method == "POST" and path == self._purchase_path
        kind = Kind.PURCHASE if purchase else Kind.OTHER
        if not self._slots.take(kind):
            return self._refuse(environ, start_response)
        try:
            return self._app(environ, start_response)
        finally:
            self._slots.give_back(kind)

    def _refuse(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        self._tell()
        # The server may add to the list that it is given.
        headers = list(self._refusal.headers)
        if not _read_to_its_end(environ):
            headers.append(("Connection", "close"))
        start_response(self._refusal.status, headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [self._refusal.body]

    def _tell(self) -> None:
        # Without a lock: the number in the log need not be exact.
        self._untold += 1
        now = time.monotonic()
        if now - self._told_at >= TELL_EVERY_SECONDS:
            # First, since writing lets other threads come here.
            untold, self._untold, self._told_at = self._untold, 0, now
            logger.warning("overloaded: %d requests were refused", untold)


def _read_to_its_end(environ: "WSGIEnvironment") -> bool:
    """Read what a refused request still has to say; False if it is too much, or nobody knows.

    The server closes a connection with unread bytes without telling, and a caller who comes back
    on it, as he was asked to, would get no answer.
    """
    if "HTTP_TRANSFER_ENCODING" in environ:
        return False
    length = environ.get("CONTENT_LENGTH") or "0"
    # Text of a few digits: Python refuses to read endless ones.
    if not re.fullmatch("[0-9]{1,9}", length) or int(length) > LARGEST_BODY:
        return False
    if length != "0":
        environ["wsgi.input"].read(int(length))
    return True


def shed_load(app: Flask, slots: Slots, *, origin: str) -> None:
    """Put a bound on the work of ``app``, of which all routes have to be registered.

    Args:
        slots: The bound.
        origin: Pages of this origin may read refusals.
    """
    with app.test_request_context(headers={"Origin": origin}):
        # What Flask would answer itself, with all of its headers.
        answer = app.process_response(problem_of(Overloaded(RETRY_AFTER)))
        paths: Mapping[str, Any] = {rule.endpoint: rule.rule for rule in app.url_map.iter_rules()}
        app.wsgi_app = LoadShedding(  # type: ignore[method-assign]
            app.wsgi_app,
            slots=slots,
            refusal=Refusal(answer.status, answer.headers.to_wsgi_list(), answer.get_data()),
            purchase_path=paths["payments.create_payment_intent"],
            free_paths=[paths["health.show_health"]],
        )
