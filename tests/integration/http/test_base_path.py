"""The service under a path, where another application or a proxy has put it."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server
from werkzeug.test import Client, TestResponse

from tests.integration.http.services import CREATE, FRONTEND, NoPurchases, Service, problem
from tests.support.docs_reader import ROUTES, read_docs
from ticketing_service.capacity.limits import Limits

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def nothing(_: Any, start_response: Any) -> list[bytes]:
    """Be the application that has the root."""
    start_response("404 Not Found", [])
    return []


def mounted(service: Service, path: str = "/box") -> "WSGIApplication":
    """Return an application that has the service under a path."""
    # As paths are in WSGI: bytes in the disguise of text (PEP 3333).
    return DispatcherMiddleware(nothing, {path.encode().decode("latin-1"): service.app})


def listed(service: Service, **headers: str) -> Any:
    """Return the first page of events, of which there are more."""
    for _ in range(3):
        service.event()
    sent = {name.replace("_", "-"): text for name, text in headers.items()}
    return service.client.get("/api/events/?limit=1", headers=sent).get_json()


@pytest.mark.parametrize("path", ["/box", "/a/b", "/büro"])
def test_pages_lead_to_each_other(service: Service, path: str) -> None:
    """`next` is the path that a client has to ask for, so that all pages are found."""
    client = Client(mounted(service, path))
    for _ in range(3):
        service.event()
    following: str | None = f"{path}/api/events/?limit=1"
    found = []
    while following is not None:
        page = client.get(following).get_json()
        found += [event["event_id"] for event in page["events"]]
        following = page["next"]
        assert following is None or following.isascii()
    assert found == [3, 2, 1]


def test_the_document_names_the_path(service: Service) -> None:
    """Its routes are below `servers`; at the root there is nothing to say."""
    document = Client(mounted(service)).get("/box/openapi.json").get_json()
    assert document["servers"] == [{"url": "/box"}]
    at_root = service.client.get("/openapi.json").get_json()
    assert document == at_root | {"servers": document["servers"]}
    assert "servers" not in at_root


def test_a_page_of_the_frontend_may_call(service: Service) -> None:
    """Origins have no paths: preflight and answer are the same as at the root."""
    client = Client(mounted(service))
    asked = {
        "Origin": FRONTEND,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    assert _allowed(client.options(f"/box{CREATE}", headers=asked)) == FRONTEND
    assert _allowed(client.get("/box/api/events/", headers={"Origin": FRONTEND})) == FRONTEND
    evil = client.get("/box/api/events/", headers={"Origin": "https://evil.example"})
    assert _allowed(evil) is None


def _allowed(answer: TestResponse) -> str | None:
    assert answer.status_code == 200
    return answer.headers.get("Access-Control-Allow-Origin")


@pytest.mark.parametrize(
    ("limits", "verifying"), [(NoPurchases(4), "token_missing"), (Limits(0), "overloaded")]
)
def test_load_is_shed_as_at_the_root(service: Service, limits: Limits, verifying: str) -> None:
    """Purchases, and what always passes, are told by the path below the prefix."""
    service.rebuild(limits=limits)
    client = Client(mounted(service))
    assert client.get("/box/healthz").status_code == 200
    assert problem(client.post(f"/box{CREATE}"), 503)["code"] == "overloaded"
    answer = client.post("/box/api/payments/verify/")
    assert problem(answer, answer.status_code)["code"] == verifying


@pytest.mark.parametrize(
    ("header", "base"),
    [("/box", "/box"), ("/box/", "/box"), ("box", "/box"), ("/b%C3%BCro", "/b%C3%BCro")],
)
@pytest.mark.parametrize(("proxies", "before"), [(1, ""), (1, "/forged, "), (2, "")])
def test_a_proxy_says_which_path_it_has_taken_away(
    service: Service, header: str, base: str, proxies: int, before: str
) -> None:
    """The nearest counts; what a client has sent itself stands before it and does not."""
    service.rebuild(trusted_proxies=proxies)
    said = f"{before}{header}" + ", /inner" * (proxies - 1)
    assert listed(service, X_Forwarded_Prefix=said)["next"].startswith(f"{base}/api/events/?")


@pytest.mark.parametrize("forged", ["/evil", "//evil.example", "https://evil.example"])
def test_nobody_is_believed_unless_a_proxy_is_trusted(service: Service, forged: str) -> None:
    """Headers of clients matter nowhere."""
    sent = {"X-Forwarded-Prefix": forged, "X-Forwarded-Host": "evil.example", "Script-Name": forged}
    sent |= {"X-Script-Name": forged, "Forwarded": "host=evil.example"}
    for _ in range(2):
        service.event()
    for path in ("/api/events/?limit=1", "/openapi.json", "/docs"):
        answer = service.client.get(path, headers=sent)
        assert answer.data == service.client.get(path).data
        assert b"evil" not in answer.data


def test_a_trusted_proxy_says_nothing_but_the_path(service: Service) -> None:
    """And never another host: an address that begins with two slashes would name one."""
    service.rebuild(trusted_proxies=1)
    sent = {"X_Forwarded_Host": "evil.example", "X_Forwarded_Proto": "gopher"}
    assert listed(service, **sent)["next"].startswith("/api/events/?")
    assert listed(service, X_Forwarded_Prefix="//evil.example")["next"].startswith("/evil.example/")


@contextmanager
def served(app: "WSGIApplication") -> Iterator[str]:
    """Serve an application, and give its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_docs_page_in_a_browser(service: Service, chromium_path: str, slash: str) -> None:
    """It shows all routes, and calls that are tried out reach the service."""
    with served(mounted(service)) as address:
        seen = read_docs(chromium_path, f"{address}/box/docs{slash}")
    assert seen.errors == []
    assert set(seen.paths) == ROUTES
    assert seen.tried == (f"{address}/box/api/events/", 200)


def test_control_links_that_begin_at_the_root(service: Service, chromium_path: str) -> None:
    """The page stays blank."""

    def absolute(environ: Any, start_response: Any) -> list[bytes]:
        return [
            part.replace(b'"docs/', b'"/docs/') for part in service.app(environ, start_response)
        ]

    # As long as before, whatever the header says.
    service.app.after_request(lambda answer: answer.headers.remove("Content-Length") or answer)
    with served(DispatcherMiddleware(nothing, {"/box": absolute})) as address:
        seen = read_docs(chromium_path, f"{address}/box/docs", patience_ms=2000)
    assert seen.paths == []
    assert seen.errors != []
