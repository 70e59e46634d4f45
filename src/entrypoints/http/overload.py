"""Bounds the work: requests wait for their turn briefly, and what cannot be served soon is refused.

It stands in front of Flask, since refusing must cost next to nothing: whoever refuses slowly is
overloaded by refusing.
"""

import enum
import logging
import time
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

from attrs import frozen
from flask import Flask

from entrypoints.http.bodies import LARGEST_BODY
from entrypoints.http.problems import RequestRefused, refusal
from entrypoints.limits import PATIENCE_SECONDS, Limits

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 2
"""Long enough that those who come back do not double the load, short for a person."""

TELL_EVERY_SECONDS = 10.0
"""Refusals come by the thousand: the log tells their number, not each."""


class Kind(enum.Enum):
    """What a request is for. Earlier kinds get a free slot first."""

    OTHER = enum.auto()
    """News of payments, verifying, checking in, looking: for those who have paid, or are cheap."""
    PURCHASE = enum.auto()
    """A new purchase: nothing is lost if it is made a moment later."""


class Slots:
    """Slots for work, taken in turn. Purchases get a part of them only.

    Args:
        limits: How many there are, and how many may wait for one.
        patience: How long one waits, in seconds.
    """

    def __init__(self, limits: Limits, *, patience: float = PATIENCE_SECONDS) -> None:
        self._limits = limits
        self._patience = patience
        self._lock = Lock()
        self._taken = dict.fromkeys(Kind, 0)
        self._queues: Mapping[Kind, deque[Lock]] = {kind: deque() for kind in Kind}

    def take(self, kind: Kind) -> bool:
        """Take a slot, at once or when it is one's turn; False if there will be none soon."""
        with self._lock:
            if self._is_free(kind):
                self._taken[kind] += 1
                return True
            queue = self._queues[kind]
            if len(queue) >= self._limits.waiting:
                return False
            turn = Lock()
            turn.acquire()
            queue.append(turn)
        if turn.acquire(timeout=self._patience):
            return True
        with self._lock:
            if turn not in queue:
                # It was handed over in the last instant.
                return True
            queue.remove(turn)
            return False

    def give_back(self, kind: Kind) -> None:
        """Hand the slot to whoever is next, or leave it free."""
        with self._lock:
            self._taken[kind] -= 1
            for waiting, queue in self._queues.items():
                if queue and self._is_free(waiting):
                    self._taken[waiting] += 1
                    queue.popleft().release()
                    return

    def waiting(self, kind: Kind) -> int:
        """How many wait for their turn now."""
        return len(self._queues[kind])

    def _is_free(self, kind: Kind) -> bool:
        # Nobody of the kind waits while this is true: `give_back` hands over at once.
        if kind is Kind.PURCHASE and self._taken[kind] >= self._limits.purchases:
            return False
        return sum(self._taken.values()) < self._limits.threads


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
    if not length.isdecimal() or int(length) > LARGEST_BODY:
        return False
    if length != "0":
        environ["wsgi.input"].read(int(length))
    return True


def shed_load(app: Flask, limits: Limits, *, origin: str) -> None:
    """Put a bound on the work of ``app``, of which all routes have to be registered.

    Args:
        limits: The bound.
        origin: Pages of this origin may read refusals.
    """
    with app.test_request_context(headers={"Origin": origin}):
        # What Flask would answer itself, with all of its headers.
        answer = app.process_response(refusal(_overloaded()))
        paths: Mapping[str, Any] = {rule.endpoint: rule.rule for rule in app.url_map.iter_rules()}
        app.wsgi_app = LoadShedding(  # type: ignore[method-assign]
            app.wsgi_app,
            slots=Slots(limits),
            refusal=Refusal(answer.status, answer.headers.to_wsgi_list(), answer.get_data()),
            purchase_path=paths["payments.create_payment_intent"],
            free_paths=[paths["health.show_health"]],
        )


def _overloaded() -> RequestRefused:
    return RequestRefused(
        "overloaded",
        "Too much is asked at the moment, so nothing was done. Please try again.",
        retryable=True,
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
    )
