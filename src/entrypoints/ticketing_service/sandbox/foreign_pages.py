"""Keeps out foreign pages: whatever a browser shows can send requests to this machine."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Flask, request

_PORT = re.compile(r":[0-9]*\Z")

_LOCAL = frozenset({"localhost", "internal"})
"""Ends of names that nobody can register (RFC 6761, 6.3; ICANN board, 29 July 2024), such as
`host.docker.internal`."""

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


def refuse_foreign_pages(app: Flask, *, public_url: str) -> None:
    """Make ``app`` refuse what another page of a browser sends.

    A name that its owner has pointed to this machine (DNS rebinding) would make its page one of
    ours, so a public name is refused. A form may be sent to any address, but browsers say from
    where (`Origin`); programs send no such header.

    Args:
        public_url: Where browsers reach the sandbox, if at another address than it listens on.
    """
    own = urlsplit(public_url).netloc

    @app.before_request
    def refuse() -> tuple[str, int] | None:
        if request.host != own and not _is_local(request.host):
            return "The sandbox is not served under this name.", 403
        origin = request.headers.get("Origin")
        is_foreign = origin is not None and origin.partition("://")[2] not in {request.host, own}
        if is_foreign and request.method not in _READING:
            return "Only the sandbox's own pages may do this.", 403
        return None


def _is_local(host: str) -> bool:
    """Return whether it is an address, or a name that is not in the public DNS."""
    name = _PORT.sub("", host).strip("[]")
    if "." not in name or name.rpartition(".")[2] in _LOCAL:
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
