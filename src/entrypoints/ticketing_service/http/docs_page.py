"""The page at ``/docs``: Swagger UI for ``/openapi.json``, all of it served from this machine."""

from importlib.util import find_spec
from pathlib import Path

import msgspec
from flask import Blueprint, Response, request, send_from_directory

from ticketing_service.http.base_path import base_path

OWN_FILES = Path(__file__).with_name("docs")

SWAGGER_FILES = ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png")
"""What the page loads; the wheel ships much more."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
)
"""Nothing from outside. Inline styles, since Swagger UI writes styles into its elements."""

ASSETS_MAX_AGE = 3600
"""Seconds. The files change only with the version of the package."""


def docs_page(openapi: bytes) -> Blueprint:
    """Return the blueprint of the OpenAPI document and of the page that shows it."""
    blueprint = Blueprint("docs_page", __name__)
    swagger = _swagger_folder()

    page = OWN_FILES.joinpath("index.html").read_text(encoding="utf-8")

    @blueprint.get("/openapi.json")
    def show_openapi() -> Response:
        base = base_path()
        return Response(_served_at(base, openapi) if base else openapi, mimetype="application/json")

    @blueprint.get("/docs")
    def show_docs() -> Response:
        # Relative links are right under any path, also if a proxy does not say which it is.
        root = "../" if request.path.endswith("/") else ""
        response = Response(page.replace("{root}", root), mimetype="text/html")
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response

    @blueprint.get("/docs/start.js")
    def show_start_script() -> Response:
        return send_from_directory(OWN_FILES, "start.js")

    @blueprint.get(f"/docs/<any({', '.join(map(repr, SWAGGER_FILES))}):name>")
    def show_asset(name: str) -> Response:
        return send_from_directory(swagger, name, max_age=ASSETS_MAX_AGE)

    return blueprint


def _served_at(base: str, openapi: bytes) -> bytes:
    """Return the document with its routes below a path; without one they begin at the root."""
    return msgspec.json.encode(msgspec.json.decode(openapi) | {"servers": [{"url": base}]})


def _swagger_folder() -> Path:
    # Found, not imported: importing the package would load a template engine for nothing.
    spec = find_spec("swagger_ui")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("swagger-ui-py is not installed", name="swagger_ui")
    return Path(spec.origin).with_name("static")
