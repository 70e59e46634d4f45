"""The rest of a real server: health, documents, CORS, wrong calls, connections."""

import http.client
import re
import time
from contextlib import closing, suppress
from urllib.parse import urljoin, urlsplit

import pytest
import requests

from tests.integration.end_to_end.conftest import CANCEL, CREATE, VERIFY, Shop
from tests.support.server import access_token

FRONTEND = "http://localhost:5173"


def test_health(shop: Shop) -> None:
    """It is alive and ready."""
    for path in ("/healthz", "/readyz"):
        answer = shop.server.get(path)
        assert (answer.status, answer.body) == (200, {"status": "ok"})


def test_the_document_has_the_whole_contract(shop: Shop) -> None:
    """OpenAPI 3.1, with the three calls."""
    document = shop.server.get("/openapi.json").body
    assert document["openapi"].startswith("3.1")
    assert all("post" in document["paths"][path] for path in (CREATE, VERIFY, CANCEL))


def test_the_page_of_the_document_needs_nothing_from_outside(shop: Shop) -> None:
    """Every file that it refers to is served here, also if its address ends with a slash."""
    for address in ("/docs", "/docs/"):
        page = shop.server.get(address).content.decode()
        found = [urljoin(address, each) for each in re.findall(r'(?:src|href)="([^"]+)"', page)]
        assert "/openapi.json" in found
        assert all(shop.server.get(path).status == 200 for path in found)


@pytest.mark.parametrize("path", [CREATE, VERIFY, CANCEL])
def test_a_browser_may_call_from_the_frontend_only(shop: Shop, path: str) -> None:
    """Preflights allow only its origin, with an access token and an idempotency key."""
    wanted = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
    }
    for origin, allowed in ((FRONTEND, FRONTEND), ("http://localhost:5174", None)):
        answer = requests.options(
            shop.server.url + path, headers={"Origin": origin, **wanted}, timeout=10
        )
        assert answer.headers.get("Access-Control-Allow-Origin") == allowed
        if allowed is not None:
            assert answer.ok
            assert "POST" in answer.headers["Access-Control-Allow-Methods"]
            named = answer.headers["Access-Control-Allow-Headers"].lower().split(", ")
            assert {"authorization", "content-type", "idempotency-key"} <= set(named)


def test_a_browser_may_read_the_responses(shop: Shop) -> None:
    """Problems too, and Retry-After."""
    answer = shop.server.post(CREATE, {}, token=access_token(shop.buyer), Origin=FRONTEND)
    answer.problem(400, "invalid_input")
    assert answer.headers["Access-Control-Allow-Origin"] == FRONTEND
    assert answer.headers["Access-Control-Expose-Headers"] == "Retry-After"


def test_wrong_calls(shop: Shop) -> None:
    """A wrong method, an unknown address, a body that is far too large."""
    for path in (CREATE, VERIFY, CANCEL):
        answer = shop.server.get(path, token=access_token(shop.buyer))
        answer.problem(405, "method_not_allowed")
        assert "POST" in answer.headers["Allow"]
    shop.server.get("/api/payments/nothing/").problem(404, "not_found")
    large = b'{"event_id": "' + b"1" * 70_000 + b'"}'
    shop.server.post(CREATE, large, token=access_token(shop.buyer)).problem(413, "body_too_large")


def test_a_slash_at_the_end_makes_no_difference(shop: Shop) -> None:
    """Without it the response is the same, not a redirect that loses the body."""
    body = {"event_id": shop.event(price=0).event_id, "quantity": 1}
    for path in (CREATE, CREATE.removesuffix("/")):
        assert shop.server.post(path, body, token=access_token(shop.buyer)).status == 200


@pytest.mark.parametrize(
    ("length", "connection_header"), [(20, None), (60_000, None), (300_000, "close")], ids=str
)
def test_a_refused_request_does_not_cost_the_next_one_its_connection(
    shop: Shop, length: int, connection_header: str | None
) -> None:
    """Its body comes after the refusal and is read; one that is too large closes the connection."""
    address = urlsplit(shop.server.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    with closing(connection):
        connection.putrequest("POST", CREATE)
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(length))
        connection.endheaders()
        # Long enough for a response that does not wait for the body.
        time.sleep(0.3)
        with suppress(ConnectionError):
            connection.send(b" " * length)
        refused = connection.getresponse()
        refused.read()
        assert (refused.status, refused.headers["Connection"]) == (401, connection_header)
        if connection_header is None:
            used = connection.sock
            connection.request("GET", "/healthz")
            assert connection.getresponse().status == 200
            assert connection.sock is used
