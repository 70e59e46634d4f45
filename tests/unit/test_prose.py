"""Prose speaks of people as *they* and of things as *it*."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SUFFIXES = {".py", ".md", ".js", ".html", ".ts", ".tsx"}

WORDS = re.compile(r"\b(he|him|his|whoever|whom)\b", re.IGNORECASE)
CONTROL = "His theme: (whom"

ALLOWED = {
    WORDS.pattern: "the list itself",
    CONTROL: "the control below",
}
"""Quotations, and why they stand."""


def found(text: str) -> list[str]:
    """Return the words of the list in a text, outside of the allowed quotations."""
    for quotation in ALLOWED:
        text = text.replace(quotation, "")
    return WORDS.findall(text)


def test_code_and_documents_are_free_of_the_words() -> None:
    """This includes comments, docstrings, messages and pages."""
    files = [*ROOT.glob("*.md")]
    for folder in ("benchmarks", "docs", "examples", "src", "tests"):
        files += [path for path in (ROOT / folder).rglob("*.*") if path.suffix in SUFFIXES]
    assert len(files) > 100
    texts = {path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in files}
    assert {str(name): words for name, text in texts.items() if (words := found(text))} == {}


def test_control_the_words_are_found() -> None:
    """In any case and beside punctuation, but not inside of other words."""
    assert len(WORDS.findall(CONTROL)) == 2
