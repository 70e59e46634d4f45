"""The dictionaries of the pages: no text, no state and no code of the API is forgotten."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.integration.storefront.texts import STATIC

LANGUAGES = {path.stem: json.loads(path.read_text()) for path in (STATIC / "texts").glob("*.json")}
API = json.loads((Path(__file__).parents[3] / "docs" / "openapi.json").read_text())
SCHEMAS = API["components"]["schemas"]
CODES: set[str] = set(SCHEMAS["Problem"]["properties"]["code"]["enum"])
STATES: set[str] = set(SCHEMAS["TicketStatus"]["enum"])

SENTENCE = re.compile(r"^[A-ZÄÖÜ].*[.!?]$")


def gaps(texts: Mapping[str, Any], *, codes: set[str], states: set[str]) -> Iterator[str]:
    """Yield what a dictionary lacks, or has too much."""
    problems, known = texts["problems"], set(texts["states"])
    named = {key.partition(".")[0] for key in problems}
    yield from (f"no code {code}" for code in codes - named)
    yield from (f"unknown code {code}" for code in named - codes)
    yield from (f"no state {state}" for state in states - known)
    for key, pair in problems.items():
        forms = [
            each for text in pair for each in (text.values() if isinstance(text, dict) else [text])
        ]
        if len(pair) != 2 or not all(SENTENCE.match(each) for each in forms):
            yield f"{key} does not say what is and what to do"
    for key, (_, sentence) in texts["states"].items():
        if not SENTENCE.match(sentence):
            yield f"{key} does not say what to do"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_and_state_has_words(language: str) -> None:
    """Each code has a sentence about what is, and one about what to do next; each state as well."""
    assert list(gaps(LANGUAGES[language], codes=CODES, states=STATES)) == []


def test_control_gaps_are_found() -> None:
    """Control: a new code, a new state, one too many, and words without a next step."""
    texts = json.loads(json.dumps(LANGUAGES["de"]))
    texts["problems"]["sold_out"] = ["Ausverkauft.", ""]
    del texts["states"]["refunded"]
    found = set(gaps(texts, codes=CODES - {"not_ready"} | {"teapot"}, states=STATES))
    assert found == {
        "no code teapot",
        "unknown code not_ready",
        "no state refunded",
        "sold_out does not say what is and what to do",
    }


def flat(texts: Any, path: str = "") -> dict[str, set[str]]:
    """Return the placeholders of each text, by its path. Plurals are one text."""
    if isinstance(texts, str):
        return {path: set(re.findall(r"\{(\w+)\}", texts))}
    if isinstance(texts, list):
        texts = dict(enumerate(texts))
    if "other" in texts:
        # A form for one may leave the number out.
        return {path: set[str]().union(*flat(texts["other"]).values())}
    return {
        name: places
        for key, each in texts.items()
        for name, places in flat(each, f"{path}.{key}".lstrip(".")).items()
    }


def test_the_languages_say_the_same() -> None:
    """Each has the same texts with the same values in them."""
    english = flat(LANGUAGES["en"])
    assert set(LANGUAGES) == {"en", "de"}
    for language, texts in LANGUAGES.items():
        assert flat(texts) == english, language


def test_the_scripts_offer_each_language() -> None:
    """The list of languages and the folder of dictionaries agree."""
    script = (STATIC / "texts.js").read_text()
    listed = re.findall(r"(\w+): \"", script.partition("LANGUAGES = {")[2].partition("}")[0])
    assert set(listed) == set(LANGUAGES)


def test_each_text_is_used_and_each_used_one_is_there() -> None:
    """Of the names that scripts write out."""
    scripts = "".join(path.read_text() for path in STATIC.glob("*.js"))
    names = set(LANGUAGES["en"])
    asked = set(re.findall(r"\bt\(\"(\w+)", scripts))
    assert asked <= names
    assert {name for name in names if not re.search(rf"[\"`.]{name}\b", scripts)} == set()


def test_values_of_problems_are_sent() -> None:
    """What a sentence shows of a problem is a member of problems."""
    for texts in LANGUAGES.values():
        members = set[str]().union(*flat(texts["problems"]).values())
        assert members <= set(SCHEMAS["Problem"]["properties"])
