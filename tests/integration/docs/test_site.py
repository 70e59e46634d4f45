"""The site is built without a warning, and loads nothing from another host."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.support.code_blocks import ROOT

LINKS = {"alternate", "author", "canonical", "help", "license", "next", "prev", "search"}
"""What `rel` of a link says that no browser loads by itself."""

FOREIGN = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)


def built(source: Path, site: Path) -> "subprocess.CompletedProcess[str]":
    """Build the pages of a folder as `make docs` does."""
    options = ["--fail-on-warning", "--quiet", "--conf-dir", str(ROOT / "docs")]
    return subprocess.run(
        [sys.executable, "-m", "sphinx", *options, str(source), str(site)],
        capture_output=True,
        text=True,
        check=False,
    )


class Loaded(HTMLParser):
    """Collects the addresses that a browser loads with a page."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See `HTMLParser`."""
        given = {name: value or "" for name, value in attrs}
        if tag == "link" and set(given.get("rel", "").split()) <= LINKS:
            return
        names = {"src", "srcset", "poster", "data", "xlink:href"}
        if tag != "a":
            names.add("href")
        self.addresses += [value for name, value in given.items() if name in names]
        self.addresses += re.findall(r"url\(['\"]?([^'\")]+)", given.get("style", ""))


def foreign(path: Path) -> list[str]:
    """Return the addresses of other hosts that a page, a style or a script loads."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        page = Loaded()
        page.feed(text)
        found = page.addresses
    elif path.suffix == ".css":
        found = re.findall(r"(?:url\(|@import)\s*['\"]?([^'\")\s]+)", text)
    else:
        calls = r"(?:fetch|import|importScripts|open|Worker|src\s*=)\s*\(?\s*['\"`]([^'\"`]+)"
        found = re.findall(calls, text)
    return [each for each in found if FOREIGN.match(each)]


# A build takes half a minute, and far more beside other work.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Build the whole site."""
    folder = tmp_path_factory.mktemp("site")
    build = built(ROOT, folder)
    assert (build.returncode, build.stderr) == (0, "")
    yield folder
    shutil.rmtree(folder)


def test_all_pages_are_there(site: Path) -> None:
    """Each document is a page, and the public names have entries in the reference."""
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    for document in documents:
        assert (site / document.relative_to(ROOT)).with_suffix(".html").exists(), document
    entries = {
        "library": ["ticketing_core.BoxOffice.purchase", "ticketing_core.Gate.check_in"],
        "errors": ["ticketing_core.errors.SoldOut"],
        "ports": ["ticketing_core.ports.PaymentGateway.open", "ticketing_core.payment.Paid"],
        "testing": ["ticketing_core.testing.FakeGateway", "ticketing_core.testing.simulation.live"],
        "adapters": ["ticketing_adapters.sql.SqlTickets", "ticketing_adapters.system.SystemClock"],
    }
    for page, names in entries.items():
        text = (site / f"docs/reference/{page}.html").read_text(encoding="utf-8")
        assert [name for name in names if f'id="{name}"' not in text] == []


def test_nothing_is_loaded_from_another_host(site: Path) -> None:
    """Neither by pages nor by their styles and scripts."""
    files = [path for path in site.rglob("*") if path.suffix in {".html", ".css", ".js", ".svg"}]
    assert len(files) > 60
    assert {path.name: found for path in files if (found := foreign(path))} == {}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.html", '<script src="https://cdn.example/a.js"></script>'),
        ("a.html", '<link rel="stylesheet" href="//fonts.example/css">'),
        ("a.html", '<link rel="preload" href="https://fonts.example/a.woff2">'),
        ("a.html", '<img alt="" src="http://badge.example/a.svg">'),
        ("a.html", '<p style="background: url(https://images.example/a.png)">'),
        ("a.css", '@import "https://fonts.example/css";'),
        ("a.css", "@font-face { src: url(//fonts.example/a.woff2) }"),
        ("a.js", 'fetch("https://search.example/index")'),
        ("a.js", "import 'https://cdn.example/mermaid.mjs'"),
    ],
)
def test_control_foreign_addresses_are_found(tmp_path: Path, name: str, text: str) -> None:
    """In every kind of file; an address that one may follow is none of them."""
    page = tmp_path / name
    page.write_text(text)
    assert len(foreign(page)) == 1
    page.write_text('<a href="https://docs.stripe.com">Stripe</a><script src="a.js"></script>')
    assert foreign(page) == []


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("[there](other.md#a-heading) [file](../LICENSE) [here](#index)", None),
        ("[away](gone.md)", "gone.md"),
        ("[away](other.md#gone)", "gone"),
        ("[away](#gone)", "gone"),
        ("[away](../GONE)", "GONE"),
        ("![away](gone.svg)", "gone.svg"),
    ],
)
def test_control_a_broken_link_fails_the_build(
    tmp_path: Path, text: str, warning: str | None
) -> None:
    """To a page, a heading, a file of the repository or a picture."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (tmp_path / "LICENSE").touch()
    (docs / "index.md").write_text(f"# Index\n\n{text}\n\n```{{toctree}}\nother\n```\n")
    (docs / "other.md").write_text("# Other\n\n## A heading\n")
    build = built(tmp_path, tmp_path / "site")
    if warning is None:
        assert (build.returncode, build.stderr) == (0, "")
    else:
        assert build.returncode == 1
        assert warning in build.stderr
