"""GET /docs: the page works without a network."""

from collections.abc import Iterator
from threading import Thread
from urllib.parse import urlsplit

import pytest
from werkzeug.serving import make_server

from tests.integration.http.services import Service, problem
from tests.support.docs_reader import ROUTES, read_docs


@pytest.fixture
def address(service: Service) -> Iterator[str]:
    """Give the address of the service on a free port."""
    server = make_server("127.0.0.1", 0, service.app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_page_shows_the_api_without_outside_requests(address: str, chromium_path: str) -> None:
    """A real browser shows all calls, without errors and without requests to other hosts."""
    seen = read_docs(chromium_path, f"{address}/docs")
    assert set(seen.paths) == ROUTES
    assert seen.errors == []
    assert seen.tried is not None
    assert seen.tried[1] == 200
    assert {urlsplit(url).netloc for url in seen.requested if not url.startswith("data:")} == {
        urlsplit(address).netloc
    }


@pytest.mark.parametrize(
    "name", ["swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png", "start.js"]
)
def test_parts_of_the_page(service: Service, name: str) -> None:
    """The files of the page are served, and nothing else of the wheel."""
    with service.get(f"/docs/{name}") as answer:
        assert answer.status_code == 200
    assert problem(service.get("/docs/swagger-editor.js"), 404)["code"] == "not_found"
    assert problem(service.get("/docs/../app.py"), 404)["code"] == "not_found"
    assert problem(service.get("/docs/%2e%2e/__init__.py"), 404)["code"] == "not_found"
