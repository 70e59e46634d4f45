"""GET /docs: the page works without a network."""

from collections.abc import Iterator
from threading import Thread
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

from tests.integration.http.services import Service, problem


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
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    requested: list[str] = []
    errors: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=flags + quiet)
        page = browser.new_page()
        page.on("request", lambda request: requested.append(request.url))
        page.on("console", lambda message: errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{address}/docs")
        shown = page.locator(".opblock-summary-path")
        shown.get_by_text("/api/payments/create-payment-intent/").wait_for()
        paths = shown.all_inner_texts()
        page.get_by_text("/api/payments/verify/").click()
        page.locator(".responses-table").get_by_text("order_cancelled").first.wait_for()
        browser.close()
    assert len(paths) == 14
    assert errors == []
    assert {urlsplit(url).netloc for url in requested if not url.startswith("data:")} == {
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
