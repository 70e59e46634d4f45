"""The documents agree with the files they describe."""

import re
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_DOCUMENTS = sorted(
    path for pattern in ("*.md", "docs/**/*.md", "examples/*.md") for path in _ROOT.glob(pattern)
)
_STATUS = re.compile(r"accepted|replaced by \d{4}")


def test_the_index_lists_every_decision_with_its_title() -> None:
    """It has one row for each file and none besides, in order, with a status and a date."""
    folder = _ROOT / "docs/decisions"
    rows = re.findall(
        r"^\| \[(\d{4})\]\((.+?)\) \| (.+?) \| (.+?) \| \d{4}-\d\d-\d\d \|$",
        (folder / "README.md").read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    records = [
        (path.name[:4], path.name, path.read_text(encoding="utf-8").splitlines()[0])
        for path in sorted(folder.glob("[0-9]*.md"))
    ]
    assert [
        (number, name, f"# {int(number)}. {title}") for number, name, title, _ in rows
    ] == records
    assert all(_STATUS.fullmatch(status) for *_, status in rows)


@pytest.mark.parametrize("document", _DOCUMENTS, ids=lambda path: str(path.relative_to(_ROOT)))
def test_links_between_files_lead_somewhere(document: Path) -> None:
    """Every relative link names a file or folder that exists."""
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", text):
        assert (document.parent / target).exists(), target


_TESTS = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def _missing(text: str) -> list[str]:
    """Return the tests that a text names and that do not exist."""
    found = []
    for path, name in _TESTS.findall(text):
        file = _ROOT / path
        source = file.read_text(encoding="utf-8") if file.exists() else ""
        if not re.search(rf"^def {name}\(" if name else "^def test_", source, flags=re.MULTILINE):
            found.append(f"{path}::{name}")
    return found


def test_the_threat_model_names_tests_that_exist() -> None:
    """Each threat that something stops has one, and each accepted one has a reason."""
    text = (_ROOT / "docs/security.md").read_text(encoding="utf-8")
    assert _missing(text) == []
    stopped, _, accepted = text.partition("\n## Accepted\n")
    for section in stopped.split("\n## ")[2:]:
        rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
        assert rows
        assert [row for row in rows if not _TESTS.search(row)] == []
    assert len(re.findall(r"^\| .+ \| .+ \|$", accepted, flags=re.MULTILINE)) > 1


def test_control_a_test_that_is_gone_is_noticed() -> None:
    """Its file, or its name in the file."""
    here = "tests/unit/test_documents.py"
    good = f"`{here}` `{here}::test_control_a_test_that_is_gone_is_noticed`"
    assert _missing(good) == []
    for gone in ("test_gone", "test_control_a_test"):
        assert _missing(f"{good} `{here}::{gone}`") == [f"{here}::{gone}"]
    assert _missing("`tests/unit/test_gone.py`") == ["tests/unit/test_gone.py::"]


def test_every_word_of_the_glossary_is_used() -> None:
    """It describes what is there: each word occurs in the code or its tests, and has one row."""
    words = re.findall(
        r"^\| ([a-z -]+) \| (?!meaning)",
        (_ROOT / "docs/glossary.md").read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    text = " ".join(
        path.read_text(encoding="utf-8").lower()
        for folder in ("src", "tests")
        for path in (_ROOT / folder).rglob("*.py")
    )
    assert words
    assert len(set(words)) == len(words)
    assert [word for word in words if word not in text] == []
