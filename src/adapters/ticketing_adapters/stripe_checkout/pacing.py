"""Asks before each HTTP request whether Stripe's limits have room for it.

The SDK's own retries are requests like any other.
"""

import re
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

from stripe import APIConnectionError, RequestsClient

OPEN = "POST /v1/checkout/sessions"

LAST_START = timedelta(seconds=16)
"""A request that starts later after the beginning of its call, and gets no answer, would not end
within the 30 seconds that a call may take."""

_ID = re.compile(r"(/v1/(?:checkout/sessions|(?!checkout/)\w+))/[^/]+")


Watch = Callable[[int | None], None]
"""Called with the HTTP status of each answer, or with None if there was none."""


class Pace(Protocol):
    """Bounds how often each operation of the API is called."""

    def wait(self, operation: str, *, at_most: timedelta) -> timedelta | None:
        """Return None as soon as one call may start.

        Args:
            operation: The method and the path, without ids.
            at_most: How long to wait.

        Returns:
            The expected wait, if the call would have to wait for too long; it must not start.
        """

    def expected(self, operation: str) -> timedelta:
        """Return how long a call would have to wait that came now."""


class Unpaced:
    """Lets every call start at once."""

    def wait(self, operation: str, *, at_most: timedelta) -> timedelta | None:
        """See `Pace.wait`."""

    def expected(self, operation: str) -> timedelta:  # noqa: ARG002 - as the protocol has it
        """See `Pace.expected`."""
        return timedelta(0)


UNPACED = Unpaced()


class Busy(Exception):
    """A request was not sent, because it would have had to wait for too long.

    Attributes:
        wait: The expected wait.
        is_first: Whether nothing that may have taken effect was sent before in the same call.
    """

    def __init__(self, wait: timedelta, *, is_first: bool) -> None:
        super().__init__(f"busy for {wait}")
        self.wait = wait
        self.is_first = is_first


class _Call(threading.local):
    """The call that this thread makes: some tries of one request."""

    last_start = 0.0
    may_have_acted = False


_call = _Call()


def begin_call() -> None:
    """Begin a call, with all of its time before it."""
    _call.last_start = time.monotonic() + LAST_START.total_seconds()
    _call.may_have_acted = False


class PacedClient(RequestsClient):
    """Sends requests at a pace, and reports the outcome of each.

    Its caller begins each call by `begin_call`.
    """

    def __init__(self, *, pace: Pace, watch: Watch = lambda _: None, **options: Any) -> None:
        super().__init__(**options)
        self._pace = pace
        self._watch = watch

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        """Send one request, when its time has come.

        Raises:
            Busy: It would have to wait for too long.
        """
        left = timedelta(seconds=_call.last_start - time.monotonic())
        wait = self._pace.wait(operation_of(method, url), at_most=left)
        if wait is not None:
            raise Busy(wait, is_first=not _call.may_have_acted)
        had_acted, _call.may_have_acted = _call.may_have_acted, True
        try:
            answer = super().request(method, url, *args, **kwargs)
        except APIConnectionError:
            self._watch(None)
            raise
        self._watch(answer[1])
        if answer[1] == 429:  # noqa: PLR2004 - over the limit: Stripe has done nothing
            _call.may_have_acted = had_acted
        return answer


def operation_of(method: str, url: str) -> str:
    """Return the operation of a request. Stripe counts its calls with all ids together."""
    path = _ID.sub(r"\1/ID", urlsplit(url).path)
    return f"{method.upper()} {path}"
