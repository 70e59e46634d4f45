"""Refuses requests that would have to wait too long for a slot.

It stands in front of Flask, because a refusal must cost next to nothing: a service that refuses
slowly is overloaded by its refusals.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from attrs import evolve, frozen
from flask import Flask, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from ticketing_core.errors import Overloaded
from ticketing_service.capacity.slots import Kind, Slots
from ticketing_service.http.app import origin_of
from ticketing_service.http.bodies import LARGEST_BODY
from ticketing_service.http.line_tokens import LINE_TOKEN
from ticketing_service.http.openapi import is_free
from ticketing_service.http.problems import problem_of
from ticketing_service.observing.requests import CODE, ROUTE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

RETRY_AFTER = timedelta(seconds=2)
"""Long enough that retries do not double the load, short for a person."""

PURCHASE = "payments.create_payment_intent"
"""The endpoint where purchases are made."""

_LINE_TOKEN = f"HTTP_{LINE_TOKEN.upper().replace('-', '_')}"
NO_TOKEN = "-" * 43
"""As long as a token, so that the length of the answer is known."""

_ALLOW_ORIGIN = "Access-Control-Allow-Origin"
_PURCHASE, _FREE = "purchase", "free"


TokenForUnread = Callable[[str, bytes], str | None]


@frozen
class Refusal:
    """The answer to every refused request, rendered once.

    Attributes:
        status: Its status line.
        headers: Its headers, including those that let the frontend's pages read it.
        body: A problem, as JSON.
        origins: Whose pages may read it besides, as browsers write them.
    """

    status: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    origins: Collection[str] = ()


@frozen
class NewcomerRefusal:
    """The answer to refused purchases without a token of the line, rendered but for the token.

    Attributes:
        refusal: Its body has `NO_TOKEN` in place of the token.
        token_for_unread: Makes the token from access token and body of the request, if one is
            needed.
    """

    refusal: Refusal
    token_for_unread: TokenForUnread

    def refuse(self, authorization: str, body: bytes) -> Refusal | None:
        """Return the answer with a token, which keeps the place of a request that is unread."""
        token = self.token_for_unread(authorization, body)
        if token is None:
            return None
        answer = self.refusal.body.replace(NO_TOKEN.encode(), token.encode())
        return evolve(self.refusal, body=answer)


class LoadShedding:
    """A WSGI application that passes on what ``app`` can do soon, and refuses the rest.

    Args:
        app: Does the work. Its answers are complete when it returns: none is streamed.
        slots: Whose turn it is.
        refusal: The answer to the rest.
        purchase_path: Where purchases are made.
        free_paths: Always passed on: they use nothing that is scarce.
        newcomers: The answer to purchases that have no place in the line yet; None without a line.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        *,
        slots: Slots,
        refusal: Refusal,
        purchase_path: str,
        free_paths: Collection[str],
        newcomers: NewcomerRefusal | None = None,
    ) -> None:
        self._app = app
        self._newcomers = newcomers
        self._slots = slots
        self._refusal = refusal
        self._purchase_path = purchase_path
        # The application's own router, which takes `//path` for `/path`, on these paths alone.
        purchase = Rule(purchase_path, methods=["POST"], endpoint=_PURCHASE)
        free = [Rule(path, endpoint=_FREE) for path in free_paths]
        routes = Map([purchase, *free], strict_slashes=False, merge_slashes=False)
        self._routes = routes.bind("")
        # A crowd asks for few paths. Others miss the cache, which costs next to nothing.
        self._route = lru_cache(maxsize=64)(self._find_route)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """See PEP 3333."""
        method = environ["REQUEST_METHOD"]
        route = self._route(environ["PATH_INFO"], method)
        # If its preflight were refused, a browser could not read the refusal of the request itself.
        if method == "OPTIONS" or route == _FREE:
            return self._app(environ, start_response)
        kind = Kind.PURCHASE if route == _PURCHASE else Kind.OTHER
        if kind is Kind.PURCHASE:
            environ[ROUTE] = self._purchase_path
        # Not checked: who sends a token that is not valid waits less and gains nothing.
        if not self._slots.acquire(kind, keeps_place=_LINE_TOKEN in environ):
            return self._refuse(environ, start_response, kind=kind)
        try:
            return self._app(environ, start_response)
        finally:
            self._slots.release(kind)

    def _find_route(self, path: str, method: str) -> str | None:
        try:
            endpoint: str = self._routes.match(path, method=method)[0]
        except HTTPException:
            return None
        return endpoint

    def _refuse(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", *, kind: Kind
    ) -> Iterable[bytes]:
        environ[CODE] = Overloaded.code
        body, refusal = _read_body(environ), self._refusal
        # Who has a token keeps it.
        is_new = kind is Kind.PURCHASE and _LINE_TOKEN not in environ
        if is_new and self._newcomers is not None and body:
            authorization = environ.get("HTTP_AUTHORIZATION", "")
            refusal = self._newcomers.refuse(authorization, body) or refusal
        # A copy: the server may add to the list that it is given.
        headers = list(refusal.headers)
        origin: str = environ.get("HTTP_ORIGIN", "")
        if origin in refusal.origins:
            headers = [(name, origin if name == _ALLOW_ORIGIN else each) for name, each in headers]
        if body is None:
            headers.append(("Connection", "close"))
        start_response(refusal.status, headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [refusal.body]


def _read_body(environ: "WSGIEnvironment") -> bytes | None:
    """Read the body of a refused request; None if it is too long or its length is unknown.

    The server silently closes a connection with unread bytes, and a caller who retries on it would
    get no answer.
    """
    if "HTTP_TRANSFER_ENCODING" in environ:
        return None
    length = environ.get("CONTENT_LENGTH") or "0"
    # A few digits at most: Python refuses to convert endless ones.
    if not re.fullmatch("[0-9]{1,9}", length) or int(length) > LARGEST_BODY:
        return None
    if length == "0":
        return b""
    body: bytes = environ["wsgi.input"].read(int(length))
    return body


@contextmanager
def slot_held(slots: Slots) -> Iterator[None]:
    """Hold a slot as any request but a purchase does.

    Raises:
        Overloaded: There was none in time.
    """
    if not slots.acquire(Kind.OTHER):
        raise Overloaded(RETRY_AFTER)
    try:
        yield
    finally:
        slots.release(Kind.OTHER)


def shed_load(
    app: Flask,
    slots: Slots,
    *,
    frontend_url: str,
    cors_origins: Collection[str] = (),
    token_for_unread: TokenForUnread | None = None,
) -> None:
    """Bound the work of ``app``, whose routes must all be registered.

    Args:
        app: The application.
        slots: The bound.
        frontend_url: Pages of its origin may read refusals.
        cors_origins: So may those of these addresses.
        token_for_unread: Makes tokens of the line: see `NewcomerRefusal`. None if there is no line.
    """
    origins = frozenset(origin_of(url) for url in cors_origins)

    def rendered(**members: str) -> Refusal:
        # The answer that Flask itself would give, with all of its headers.
        answer = app.process_response(problem_of(Overloaded(RETRY_AFTER), **members))
        _, status, headers = answer.get_wsgi_response(request.environ)
        return Refusal(status, headers, answer.get_data(), origins)

    rules, views = [*app.url_map.iter_rules()], app.view_functions
    with app.test_request_context(headers={"Origin": origin_of(frontend_url)}):
        app.wsgi_app = LoadShedding(  # type: ignore[method-assign]
            app.wsgi_app,
            slots=slots,
            refusal=rendered(),
            purchase_path=next(rule.rule for rule in rules if rule.endpoint == PURCHASE),
            free_paths=[rule.rule for rule in rules if is_free(views[rule.endpoint])],
            newcomers=token_for_unread
            and NewcomerRefusal(rendered(line_token=NO_TOKEN), token_for_unread),
        )
