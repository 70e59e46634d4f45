"""The issuer's key set: read from a file or an address at start, and again as the service runs."""

import http.client
import json
import logging
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attrs import define, field, frozen

from ticketing_service.access import AccessTokens

log = logging.getLogger(__name__)

PAUSE_SECONDS = 30.0
"""Between two looks. With the time-out of one it is less than a minute until a new key counts and a
revoked one does not."""

ANSWER_SECONDS = 5.0
"""Issuers answer at once. At a start a person waits for it."""

MOST_IN_VAIN = 2
"""Looks in a row. One that fails alone says nothing."""

LARGEST_SET = 2**20
"""Bytes: hundreds of keys, where issuers have two or three."""

_NO_SET = 'it is not a key set: {"keys": [...]} (RFC 7517)'

_last_read: dict[str, Mapping[str, Mapping[str, Any]]] = {}
"""The last set from each place. A worker that is started while the issuer is silent has that of the
process that it was forked from."""


class KeySetUnreadable(Exception):
    """There is no key set at this place now; the text says why."""


@frozen
class KeySetSource:
    """Where a key set (RFC 7517) is.

    Attributes:
        place: An http or https address, or a path.
    """

    place: str

    def read(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the keys by ``kid``, as `AccessTokens` takes them.

        What is no object is ignored beside one that is: RFC 7517, 5, asks for it.

        Raises:
            KeySetUnreadable: There is no answer, no file, or something else in it.
        """
        raw = _fetched(self.place) if self.is_address else _content(Path(self.place))
        try:
            # Some editors begin a file with a byte order mark.
            listed = json.loads(raw.decode("utf-8-sig"))["keys"]
            keys = [key for key in listed if isinstance(key, dict)]
        except (ValueError, LookupError, TypeError, RecursionError):
            raise KeySetUnreadable(_NO_SET) from None
        if listed and not keys:
            raise KeySetUnreadable(_NO_SET)
        named = [(str(key.get("kid", "")), key) for key in keys]
        if sum(not kid for kid, _ in named) > 1:
            raise KeySetUnreadable("it has several keys without a kid")
        found = dict(named)
        _last_read[self.place] = found
        return found

    @property
    def is_address(self) -> bool:
        """Whether the set is asked for over HTTP."""
        return self.place.lower().startswith(("http://", "https://"))

    def last_read(self) -> Mapping[str, Mapping[str, Any]] | None:
        """Return what this process, or the one that it was forked from, has read last."""
        return _last_read.get(self.place)


@define
class KeySetRenewal:
    """Reads a key set again and again, and gives its keys to those who check tokens.

    A set that cannot be read changes nothing: otherwise an outage of the issuer would be ours. One
    that was read counts, without the keys that must not be used: a key that is not in it any more
    signs nothing.
    """

    access: AccessTokens
    source: KeySetSource
    _in_vain: int = field(default=0, init=False)
    _problems: Sequence[str] = field(default=(), init=False)

    def run_once(self) -> None:
        """Read the set once."""
        try:
            problems = self.access.renew(self.source.read())
        except (KeySetUnreadable, ValueError) as error:
            self._in_vain += 1
            log.warning("the keys of %s stay as they were: %s", self.source.place, error)
            return
        self._in_vain = 0
        if problems and problems != self._problems:
            log.error("the keys of %s were renewed, but %s", self.source.place, "; ".join(problems))
        self._problems = problems

    def degraded(self) -> Sequence[str]:
        """Return what `/readyz` says. Anybody may ask, so it names no place."""
        if self._in_vain < MOST_IN_VAIN:
            return []
        return ["The issuer's key set cannot be used: its last keys count, revoked ones too."]

    def start(self) -> None:
        """Begin in a daemon thread: stopping the process does not wait for it."""
        threading.Thread(target=self._run, name="key-set", daemon=True).start()

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            pause.wait(PAUSE_SECONDS)
            # It has to go on after a bug, too.
            try:
                self.run_once()
            except Exception:
                log.exception("reading the keys of %s failed", self.source.place)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeySetUnreadable(f"it cannot be read ({error.strerror})") from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect could lead to another issuer, or to an address that is not encrypted."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _fetched(url: str) -> bytes:
    handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
    if _is_loopback(urlsplit(url).hostname or ""):
        # The environment's proxy would look on its own machine.
        handlers.append(urllib.request.ProxyHandler({}))
    # Some firewalls refuse the name that Python gives itself.
    request = urllib.request.Request(url, headers={"User-Agent": "ticketing-core"})  # noqa: S310 - checked
    try:
        opener = urllib.request.build_opener(*handlers)
        with opener.open(request, timeout=ANSWER_SECONDS) as answer:
            raw: bytes = answer.read(LARGEST_SET + 1)
    except urllib.error.HTTPError as error:
        error.close()
        raise KeySetUnreadable(f"the answer is HTTP {error.code}") from error
    except urllib.error.URLError as error:
        raise KeySetUnreadable(f"there is no answer ({error.reason})") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise KeySetUnreadable(f"there is no answer ({type(error).__name__})") from error
    if len(raw) > LARGEST_SET:
        raise KeySetUnreadable("it is too large")
    return raw


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
