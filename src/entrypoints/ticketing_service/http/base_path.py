"""The path under which the service is, where a proxy or another application has put it there."""

from urllib.parse import quote

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix


def base_path() -> str:
    """Return the path before those of this service, as it is written in an address.

    It is empty, or begins with one slash and ends without one.
    """
    path = request.script_root.strip("/")
    # A header may have it encoded already.
    return f"/{quote(path, safe='/%')}" if path else ""


def trust_proxies(app: Flask, count: int) -> None:
    """Believe the path in ``X-Forwarded-Prefix``, and nothing else that proxies say.

    Args:
        app: The application.
        count: How many proxies in front each add to the header.
    """
    prefixed = ProxyFix(app.wsgi_app, x_for=0, x_proto=0, x_prefix=count)
    app.wsgi_app = prefixed  # type: ignore[method-assign]
