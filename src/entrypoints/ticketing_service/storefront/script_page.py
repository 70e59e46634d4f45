"""Serves a page whose scripts call the API, with its Content Security Policy."""

import html
from collections.abc import Callable, Mapping
from pathlib import Path

from flask import Blueprint, Response, abort, redirect, request
from werkzeug.wrappers import Response as AnyResponse

_PAGES = Path(__file__).parent

_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/manifest+json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
"""The media types of a page's files. In the table of the machine, scripts may be plain text."""

Files = Mapping[str, bytes]


def script_page(
    name: str, *, api_url: str, finished: Callable[[str, Files], Files] = lambda _, files: files
) -> Blueprint:
    """Return the blueprint of the page in the folder ``name``, at the path of the same name.

    Args:
        name: The page.
        api_url: Where browsers reach the API, or the path to it from the page.
        finished: Takes the page and its files, and returns the files to serve.
    """
    folder = _PAGES / name
    blueprint = Blueprint(f"{name}_page", __name__, url_prefix=f"/{name}")
    page = (folder / "index.html").read_text(encoding="utf-8")
    page = page.replace("%API_URL%", html.escape(api_url.rstrip("/") + "/"))
    # In memory, so that all files are of the same version.
    files = finished(
        page,
        {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.suffix in _TYPES
        },
    )
    policy = (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src 'self' {api_url if '://' in api_url else ''}; manifest-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )

    @blueprint.after_request
    def protect(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy
        return response

    @blueprint.get("/")
    def show() -> AnyResponse:
        if not request.path.endswith("/"):
            # The server may route both paths here. Relative links need the slash at the end.
            return redirect(f"{name}/")
        return Response(page, mimetype="text/html")

    @blueprint.get("/<path:path>")
    def show_file(path: str) -> Response:
        if path not in files:
            abort(404)
        return Response(files[path], mimetype=_TYPES[Path(path).suffix])

    return blueprint
