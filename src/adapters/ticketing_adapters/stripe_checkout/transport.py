"""The HTTP connections to Stripe: a time-out bounds a whole answer, not each byte of it.

`requests` counts its time-out anew whenever a byte arrives, so an answer that trickles would keep a
thread for hours. The environment's proxy is used, except for calls to this machine itself.
"""

import io
import os
import socket
import time
from collections import OrderedDict
from http.client import HTTPResponse
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

IDLE_CONNECTIONS = 100
"""Kept for the next call: more than the threads of one process that call at a time."""


def session() -> requests.Session:
    """Return a session that several threads may share, and forked processes too."""
    return _Session()


class _Session(requests.Session):
    """Begins anew in a forked process.

    Two processes on one connection would read each other's answers, and a lock that a thread of the
    other process held would be held for ever.
    """

    def __init__(self) -> None:
        super().__init__()
        self._begin()

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        # The first step of every request.
        if os.getpid() != self._process:
            self._begin()
        return super().prepare_request(request)

    def merge_environment_settings(self, url: Any, *args: Any) -> Any:
        settings = super().merge_environment_settings(url, *args)
        if is_loopback(urlsplit(url).hostname or ""):
            # A proxy would look for a sandbox on its own machine.
            settings["proxies"] = {}
        return settings

    def _begin(self) -> None:
        self.cookies = RequestsCookieJar()
        # Replaced as a whole, since other threads may be reading it; the longest prefix first.
        self.adapters = OrderedDict(
            (scheme, _Adapter(pool_maxsize=IDLE_CONNECTIONS)) for scheme in ("https://", "http://")
        )
        # Last, so that no other thread uses what was replaced.
        self._process = os.getpid()


def is_loopback(host: str) -> bool:
    """Return whether a host of an address is this machine (RFC 6761, 6.3; RFC 6890)."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


class _UntilDeadline(io.RawIOBase):
    """Reads from a socket until its time-out has passed once in all."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._timeout = sock.gettimeout()
        self._ends_at = None if self._timeout is None else time.monotonic() + self._timeout

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._ends_at is not None:
            left = self._ends_at - time.monotonic()
            if left <= 0:
                raise TimeoutError("the answer did not end in time")
            self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            # The connection is used again, and sending has the whole time-out.
            if self._sock.fileno() != -1:
                self._sock.settimeout(self._timeout)
            self._raw.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp.close()
        self.fp = io.BufferedReader(_UntilDeadline(sock))


class _Connection(HTTPConnection):
    response_class = _Response


class _SecureConnection(HTTPSConnection):
    response_class = _Response


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        _read_until_deadline(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **options: Any) -> PoolManager:
        manager: PoolManager = super().proxy_manager_for(*args, **options)
        _read_until_deadline(manager)
        return manager


def _read_until_deadline(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
