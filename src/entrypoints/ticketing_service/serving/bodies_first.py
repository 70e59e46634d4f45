"""Reads the body of each request to its end before the application gets the request.

Until then the request occupies no thread and no slot: a client that stalls, or leaves, costs a
connection and a few kilobytes.
"""

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any, Protocol

from attrs import define, field

from ticketing_core.errors import Overloaded
from ticketing_service.capacity.load_shedding import RETRY_AFTER
from ticketing_service.http.bodies import LARGEST_NOTIFICATION
from ticketing_service.http.problems import problem_of
from ticketing_service.http.service_errors import BodyCutShort, BodyStalled, ServiceError
from ticketing_service.observing.requests import FILE, OBSERVED
from ticketing_service.serving import files

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from flask import Flask

log = logging.getLogger(__name__)

BODY_SECONDS = 5.0
"""For all of a body. It follows its headers at once, so that this is time to send it again twice
over a bad network."""

CHECK_SECONDS = 0.5
"""Between two looks for bodies that stall."""

SMALL_BODY = 8 * 1024
"""Bytes. Requests of buyers are far smaller, and most notifications: so many for each of 2,048
connections are 16 MB."""

LARGE_AT_ONCE = 16
"""Bodies that are read at a time after more has arrived, a mebibyte at most: 16 MB again."""


class Future(Protocol):
    """What the server returns for something that it does meanwhile."""

    def add_done_callback(self, call: Callable[[Any], object]) -> None:
        """Call ``call`` with this future when it is done."""

    def result(self) -> Any:
        """Return the result, or raise why there is none."""

    def cancel(self) -> object:
        """Stop doing it."""


class Exchange(files.Exchange, Protocol):
    """One request and its answer; its body can be read once."""

    def __aiter__(self) -> Any:
        """Begin to read the body in parts."""

    def __anext__(self) -> Future:
        """Read the next part."""

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Answer."""


@define(eq=False, kw_only=True)
class _Read:
    """A body that is being read, until this many bytes of it are there."""

    scope: Any
    exchange: Exchange
    enough: int
    began: float = field(factory=time.monotonic)
    body: bytearray = field(factory=bytearray)
    empty_parts: int = 0
    future: Future | None = None

    @property
    def is_large(self) -> bool:
        return len(self.body) > SMALL_BODY


def _seconds_for_each_byte(read: _Read, now: float) -> float:
    return (now - read.began) / len(read.body)


class BodiesFirst:
    """Passes requests on to a WSGI application once they have arrived.

    Args:
        app: The application. Its answers are complete when it returns: none is streamed.
    """

    def __init__(self, app: "Flask") -> None:
        self._app = app
        self._reads: dict[_Read, bool] = {}
        self._files = files.SentFiles()
        self._closes_connections = False

    def start(self) -> None:
        """Begin to watch for bodies that stall."""
        threading.Thread(target=self._watch, name="stalled-bodies", daemon=True).start()

    def close_connections(self) -> None:
        """From now on let each answer ask its client to open another connection."""
        self._closes_connections = True

    def serve(self, scope: Any, exchange: Exchange) -> None:
        """Answer a request, now or when its body is there. Raises nothing.

        Args:
            scope: RSGI's description of the request.
            exchange: Its body and its answer.
        """
        headers = scope.headers
        in_parts = "transfer-encoding" in headers
        enough = LARGEST_NOTIFICATION + 1 if in_parts else int(headers.get("content-length", "0"))
        # What is too large is refused by its length, unread.
        if not in_parts and not 0 < enough <= LARGEST_NOTIFICATION:
            self._answer(scope, exchange, b"")
            return
        read = _Read(scope=scope, exchange=exchange, enough=enough)
        self._reads[read] = True
        exchange.__aiter__()
        self._read_part(read)

    def _read_part(self, read: _Read) -> None:
        try:
            future = read.future = read.exchange.__anext__()
        except StopAsyncIteration:
            self._finish(read)
            return
        if read in self._reads:
            future.add_done_callback(lambda future: self._part_arrived(read, future))
        else:
            # Refused meanwhile.
            read.future = None
            future.cancel()

    def _part_arrived(self, read: _Read, future: Future) -> None:
        # They refer to each other, which would keep both for ever.
        read.future = None
        if read not in self._reads:
            return
        part, was_large = future.result(), read.is_large
        read.body += part
        # The server ends a body with one empty part. It makes an empty part of an error, too.
        read.empty_parts += not part
        if len(read.body) >= read.enough:
            self._finish(read)
            return
        if read.is_large and not was_large:
            self._make_room()
        self._read_part(read)

    def _finish(self, read: _Read) -> None:
        if not self._ended(read):
            return
        if read.empty_parts > 1:
            self._refuse(read.scope, read.exchange, BodyCutShort())
        else:
            self._answer(read.scope, read.exchange, bytes(read.body))

    def _make_room(self) -> None:
        """Refuse the slowest of the large bodies if they are too many."""
        now = time.monotonic()
        large = [read for read in [*self._reads] if read.is_large]
        large.sort(key=lambda read: _seconds_for_each_byte(read, now))
        for read in large[LARGE_AT_ONCE:]:
            if self._ended(read):
                self._refuse(read.scope, read.exchange, Overloaded(RETRY_AFTER))

    def _ended(self, read: _Read) -> bool:
        """Note that a body is not read any more. False if that was noted before."""
        if not self._reads.pop(read, False):
            return False
        future, read.future = read.future, None
        if future is not None:
            future.cancel()
        return True

    def _watch(self) -> None:
        while True:
            time.sleep(CHECK_SECONDS)
            try:
                self._refuse_stalled()
            except Exception:
                log.exception("a stalled body could not be refused")

    def _refuse_stalled(self) -> None:
        now = time.monotonic()
        # The oldest first.
        for read in [*self._reads]:
            if read.began + BODY_SECONDS > now:
                return
            if self._ended(read):
                self._refuse(read.scope, read.exchange, BodyStalled())

    def _refuse(self, scope: Any, exchange: Exchange, error: Overloaded | ServiceError) -> None:
        def refusal(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            with self._app.request_context(environ):
                response = self._app.process_response(problem_of(error))
            # The rest of the body may still come.
            response.headers["Connection"] = "close"
            return response(environ, start_response)

        observed = self._app.extensions.get(OBSERVED)
        self._call(observed.around(refusal) if observed else refusal, scope, exchange, b"")

    def _answer(self, *request: Any) -> None:
        self._call(self._app, *request)

    def _call(self, app: "WSGIApplication", scope: Any, exchange: Exchange, body: bytes) -> None:
        status, headers = 500, list[tuple[str, str]]()
        environ = environ_of(scope, body)

        def start_response(line: str, given: list[tuple[str, str]], _: object = None) -> Any:
            nonlocal status, headers
            status, headers = int(line[:3]), given

        try:
            parts = app(environ, start_response)
            if FILE in environ:
                self._files.send(exchange, environ[FILE], status=status, headers=headers)
                return
            content = b"".join(parts)
        except Exception:
            log.exception("a request failed")
            status, headers, content = 500, [], b""
        if self._closes_connections:
            headers = [*headers, ("Connection", "close")]
        exchange.response_bytes(status, headers, content)


def environ_of(scope: Any, body: bytes) -> "WSGIEnvironment":
    """Return a request in the form of PEP 3333."""
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        **_ALWAYS,
        "REQUEST_METHOD": scope.method,
        # PEP 3333: bytes, decoded as latin-1.
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "REMOTE_ADDR": scope.client.rpartition(":")[0],
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": BytesIO(body),
    }
    # Each time the server makes a copy of them.
    headers, count = scope.headers, 0
    for header, text in headers.items():
        name = _variable(header)
        if name in environ:
            environ[name] += f",{text}"
        else:
            environ[name] = text
            count += 1
    if count < len(headers):
        # The items are without values that are no text, and so would be a key that is wrong.
        for header in headers:
            environ.setdefault(_variable(header), "")
    environ.pop(_AMBIGUOUS, None)
    if "HTTP_HOST" not in environ:
        environ["HTTP_HOST"] = scope.authority or ""
    if environ.pop("HTTP_TRANSFER_ENCODING", None) is not None:
        environ["CONTENT_LENGTH"] = str(len(body))
    return environ


_ALWAYS = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}


_AMBIGUOUS = ""


@lru_cache(maxsize=1024)
def _variable(header: str) -> str:
    # Its variable would be the one of another header, which a proxy may have set.
    if "_" in header:
        return _AMBIGUOUS
    name = header.replace("-", "_").upper()
    return name if name in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{name}"
