"""How the page is served: complete, with the right types, and nothing else."""

import json
import re

import pytest
from flask.testing import FlaskClient

from ticketing_service.storefront import storefront_app

URL = "http://localhost:5173"


@pytest.fixture
def client() -> FlaskClient:
    """Give a client of the storefront."""
    app = storefront_app(
        url=URL,
        api_url="http://api",
        buyers={"Ada": str},
        staff_token=lambda: "it",
        organizer_token=lambda: "all",
    )
    return app.test_client()


def test_the_service_worker_keeps_all_of_it(client: FlaskClient) -> None:
    """Each file that it keeps is served, and each script that a script needs is among them."""
    worker = client.get("/gate/service_worker.js", base_url=URL).text
    kept = json.loads(worker.partition("FILES = ")[2].partition(";")[0])
    texts = {name: client.get(f"/gate/{name.removeprefix('./')}", base_url=URL) for name in kept}
    assert {answer.status_code for answer in texts.values()} == {200}
    needed = {
        path.rpartition("/")[2]
        for name, answer in texts.items()
        if name.endswith(".js") and "vendor" not in name
        for path in re.findall(r"""["'(](?:\./|\.\./)?([\w/-]+\.js)["')]""", answer.text)
    }
    assert {"door.js", "decoder_worker.js", "jsQR.js"} <= needed
    assert needed <= {name.rpartition("/")[2] for name in [*kept, "service_worker.js"]}


def test_another_page_is_another_version(client: FlaskClient) -> None:
    """Browsers fetch all of it anew if the address of the API has changed."""
    app = storefront_app(
        url=URL, api_url="http://other", buyers={"Ada": str}, staff_token=str, organizer_token=str
    )
    workers = [
        each.get("/gate/service_worker.js", base_url=URL).text
        for each in (client, app.test_client())
    ]
    assert len(set(workers)) == 2


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/gate/", 200, "text/html"),
        ("/gate/scripts/main.js", 200, "text/javascript"),
        ("/gate/manifest.json", 200, "application/manifest+json"),
        ("/gate/index.html", 404, "text/html"),
        ("/gate/vendor/README.md", 404, "text/html"),
        ("/gate/../server.py", 404, "text/html"),
        ("/gate/%2e%2e/server.py", 404, "text/html"),
    ],
)
def test_types(client: FlaskClient, path: str, status: int, kind: str) -> None:
    """Scripts are scripts, and only the page's own files are served."""
    answer = client.get(path, base_url=URL)
    assert (answer.status_code, answer.mimetype) == (status, kind)


def test_what_the_page_may_do(client: FlaskClient) -> None:
    """It loads scripts from its own address alone, and talks to the API alone."""
    policy = client.get("/gate/", base_url=URL).headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "connect-src 'self' http://api;" in policy
    assert "frame-ancestors 'none'" in policy


def test_the_staffs_link(client: FlaskClient) -> None:
    """The token is behind the `#`, which browsers send to nobody."""
    answer = client.get("/staff?event=7", base_url=URL)
    assert answer.headers["Location"] == "/gate/?event=7#token=it"
