"""How the board is served: complete, with the right types, and nothing from elsewhere."""

import re
from pathlib import Path
from posixpath import normpath

import pytest
from flask.testing import FlaskClient

from ticketing_service import storefront
from ticketing_service.storefront import storefront_app

URL = "http://localhost:5173"
FOLDER = Path(storefront.__file__).with_name("board")

WRITES_HTML = re.compile(r"innerHTML|outerHTML\s*=|insertAdjacentHTML|document\.write|DOMParser")
INLINE = re.compile(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=|javascript:|https?://")


@pytest.fixture
def client() -> FlaskClient:
    """Give a client of the storefront."""
    app = storefront_app(
        url=URL,
        api_url="http://api",
        buyers={"Ada": str},
        staff_token=str,
        organizer_token=lambda: "all",
    )
    return app.test_client()


def needed(name: str, text: str) -> set[str]:
    """Return the paths that a file of the page needs."""
    found = re.findall(r'(?:from|href=|src=)\s*"([^"#%]+\.(?:js|css|svg))"', text)
    return {normpath(f"/board/{name}/../{each}") for each in found}


def test_all_that_it_needs_is_served(client: FlaskClient) -> None:
    """Each file that the page or a script needs is there, with the type of its kind."""
    types = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
    open_files, seen = {"/board/index.html"}, set[str]()
    while open_files:
        path = open_files.pop()
        seen.add(path)
        answer = client.get(path.replace("index.html", ""), base_url=URL)
        assert answer.status_code == 200, path
        assert answer.mimetype == types.get(Path(path).suffix, "text/html")
        open_files |= needed(path.removeprefix("/board/"), answer.text) - seen
    ours = {f"/board/{path.relative_to(FOLDER)}" for path in FOLDER.rglob("*") if path.is_file()}
    assert ours <= seen
    assert "/gate/scripts/session.js" in seen


@pytest.mark.parametrize("name", ["index.html", "../server.py", "%2e%2e/server.py", "none.js"])
def test_nothing_else_is(client: FlaskClient, name: str) -> None:
    """Only the page's own files are served."""
    assert client.get(f"/board/{name}", base_url=URL).status_code == 404


def test_what_the_page_may_do(client: FlaskClient) -> None:
    """It loads scripts from its own address alone, and talks to the API alone."""
    policy = client.get("/board/", base_url=URL).headers["Content-Security-Policy"]
    assert "script-src 'self'; style-src 'self';" in policy
    assert "connect-src 'self' http://api;" in policy
    assert "frame-ancestors 'none'" in policy


def test_no_text_becomes_markup() -> None:
    """No script of it makes HTML of a text, and no script or style is within the page."""
    scripts = "".join(path.read_text() for path in FOLDER.rglob("*.js"))
    assert not WRITES_HTML.search(scripts)
    assert not INLINE.search((FOLDER / "index.html").read_text())


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("place.innerHTML = name", WRITES_HTML),
        ("place.outerHTML = name", WRITES_HTML),
        ('<p style="color: red">', INLINE),
        ("<script>go()</script>", INLINE),
        ('<link href="https://cdn.example/x.css">', INLINE),
    ],
)
def test_control_of_the_rules(text: str, rule: re.Pattern[str]) -> None:
    """Control: the rules find each of these."""
    assert rule.search(text)


def test_files_are_short() -> None:
    """No file has more than 300 lines."""
    long = [path.name for path in FOLDER.rglob("*.*") if len(path.read_bytes().splitlines()) > 300]
    assert long == []


def test_the_organizers_link(client: FlaskClient) -> None:
    """The token is behind the `#`, which browsers send to nobody."""
    answer = client.get("/organizer", base_url=URL)
    assert answer.headers["Location"] == "/board/#token=all"
