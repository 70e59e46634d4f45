"""Calls the service as clients do, half of them on connections that stay open, and counts."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping

import requests
from attrs import define, field

from tests.restarts.versions import HEADER_SECONDS
from tests.support.server import CALL_SECONDS, Answer, Server

REFUSED = frozenset({429, *range(500, 600)})
"""What nobody may be told because of a restart."""


IDLE_SECONDS = HEADER_SECONDS / 2
"""How long a client trusts a connection, from one call to the next. The service closes those that
are idle for twice as long, restarted or not, and a request that is on its way then is lost: any
client has to expect it (rfc-editor.org/rfc/rfc9112#section-9.5)."""


@define(kw_only=True)
class Clients(Server):
    """The address of the service, whichever process has it.

    Attributes:
        answers: How many there were, by kind of connection and status.
        broken: Calls without an answer.
        refused: Answers that a buyer does not get while nothing is restarted.
    """

    answers: "Counter[tuple[str, int]]" = field(factory=Counter)
    broken: list[str] = field(factory=list)
    refused: list[str] = field(factory=list)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)
    _own: threading.local = field(factory=threading.local, init=False)

    @property
    def total(self) -> int:
        """How many answers there were so far."""
        return self.answers.total()

    def _call(
        self,
        method: str,
        path: str,
        *,
        token: str | None,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        kind, request = self._connection()
        try:
            answer = request(method, self.url + path, data=body, headers=sent, timeout=CALL_SECONDS)
        except requests.RequestException as error:
            self.broken.append(f"{method} {path} on a {kind} connection: {error!r}")
            raise
        with self._lock:
            self.answers[kind, answer.status_code] += 1
        if answer.status_code in REFUSED:
            self.refused.append(f"{method} {path}: {answer.status_code} {answer.text}")
        return Answer(answer.status_code, answer.headers, answer.content)

    def _connection(self) -> tuple[str, Callable[..., requests.Response]]:
        """Return in turn a call on the connection that this thread keeps, and on a new one."""
        own, now = self._own, time.monotonic()
        own.calls = getattr(own, "calls", 0) + 1
        if own.calls % 2:
            return "new", requests.request
        if now > getattr(own, "good_until", now - 1):
            own.session = requests.Session()
        own.good_until = now + IDLE_SECONDS
        return "kept", own.session.request
