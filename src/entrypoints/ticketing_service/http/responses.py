"""Responses with the headers that protect people who read them in a browser."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_HEADERS = {
    "x-content-type-options": ("X-Content-Type-Options", "nosniff"),
    "referrer-policy": ("Referrer-Policy", "no-referrer"),
    "content-security-policy": (
        "Content-Security-Policy",
        "default-src 'none'; frame-ancestors 'none'",
    ),
    # Most responses are about one buyer or about this moment.
    "cache-control": ("Cache-Control", "no-store"),
}


class Protected(Response):
    """A response with all of `_HEADERS`; those that it has set itself stay as they are."""

    def get_wsgi_response(
        self, environ: "WSGIEnvironment"
    ) -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        """See `werkzeug.Response`."""
        # Only now, in the finished list: werkzeug checks and copies each header that it knows of.
        parts, status, headers = super().get_wsgi_response(environ)
        present = {name.lower() for name, _ in headers}
        headers += [header for name, header in _HEADERS.items() if name not in present]
        return parts, status, headers
