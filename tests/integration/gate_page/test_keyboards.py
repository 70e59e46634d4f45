"""Scanners that type, on keyboards of several countries."""

import json
import random
from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

import pytest
from playwright.sync_api import Page

from tests.integration.gate_page.conftest import Site
from tests.integration.gate_page.layouts import Stroke, typed, typed_as_german
from ticketing_adapters.jws_admission import JwsAdmission, SigningKey
from ticketing_core.admission import AdmissionClaims

READ = """async (scans) => {
  const { tokenTyped } = await import("/gate/scripts/keyboard.js");
  return JSON.parse(scans).map(tokenTyped);
}"""

BY_KEY_ALONE = """(scans) => JSON.parse(scans).map(
  (strokes) => strokes.map(({ key }) => key).join(''))"""
BY_CODE_ALONE = """(scans) => JSON.parse(scans).map((all) => all.map(({ code, shiftKey }) => {
  const key = code === "Minus" ? "-" : code === "Period" ? "." : code.at(-1);
  return code === "Minus" && shiftKey ? "_" : shiftKey ? key : key.toLowerCase();
}).join(''))"""

HEARD = """async (parts) => {
  const { Keyboard } = await import("/gate/scripts/keyboard.js");
  const heard = [];
  const told = new Promise((resolve) => {
    const tell = (kind) => (text) => { heard.push([kind, text]); resolve(); };
    const keyboard = new Keyboard({ onScan: tell("scan"), onKey: tell("key") });
    let timeStamp = 0;
    for (const strokes of parts) {
      for (const stroke of strokes) {
        timeStamp += 5;
        const kept = keyboard.press({ ...stroke, timeStamp }, false);
        if (stroke.key === "Enter") { heard.push(["enter kept from the page", kept]); }
      }
    }
  });
  await told;
  return heard;
}"""

ENTER = {"key": "Enter", "code": "Enter", "shiftKey": False}


def some_tokens(count: int) -> list[str]:
    """Return tokens of several keys, the same ones each time but for the keys."""
    chance = random.Random(5)  # noqa: S311 - no secret
    tokens = []
    for _ in range(count):
        claims = AdmissionClaims(
            ticket_code=UUID(int=chance.getrandbits(128)),
            ticket_id=chance.randrange(1, 10**7),
            event_id=chance.randrange(1, 1000),
            quantity=chance.randrange(1, 9),
        )
        tokens.append(
            JwsAdmission(key=SigningKey.generate(), public_key=lambda _: None).sign(claims)
        )
    return tokens


def read(page: Page, script: str, scans: Iterable[Sequence[Stroke]]) -> object:
    """Return what the script reads. The strokes go as one text: as objects they take seconds."""
    return page.evaluate(script, json.dumps(list(scans)))


KEYBOARDS: dict[str, Callable[[str], Sequence[Stroke]]] = {
    "us": typed,
    "german": lambda text: typed(text, "german"),
    "french": lambda text: typed(text, "french"),
    "swedish": lambda text: typed(text, "swedish"),
    "us, caps lock": lambda text: typed(text, host_caps=True),
    "german, caps lock": lambda text: typed(text, "german", host_caps=True),
    "us, the scanner has caps lock": lambda text: typed(text, scanner_caps=True),
    "german, the scanner has caps lock": lambda text: typed(text, "german", scanner_caps=True),
    "scanner set to german": typed_as_german,
    "with the symbology before it": lambda text: [
        {"key": "]", "code": "BracketRight", "shiftKey": False},
        *typed("Q1" + text, "german"),
    ],
    "after a scan that was cut short": lambda text: typed(text[:70] + text, "german"),
}


@pytest.mark.parametrize("keyboard", KEYBOARDS)
def test_all_tokens_are_read(page: Page, site: Site, keyboard: str) -> None:
    """Whatever layout the machine has, 300 of 300 tokens arrive as they are."""
    tokens = some_tokens(300)
    page.goto(site.url)
    assert read(page, READ, map(KEYBOARDS[keyboard], tokens)) == tokens


@pytest.mark.parametrize(
    ("naive", "keyboard"),
    [
        (BY_KEY_ALONE, "german"),
        (BY_KEY_ALONE, "french"),
        (BY_KEY_ALONE, "us, caps lock"),
        (BY_CODE_ALONE, "us, the scanner has caps lock"),
        (BY_CODE_ALONE, "scanner set to german"),
    ],
)
def test_control_one_reading_is_not_enough(
    page: Page, site: Site, naive: str, keyboard: str
) -> None:
    """Control: by `key` alone or by `code` alone, tokens are lost."""
    tokens = some_tokens(50)
    page.goto(site.url)
    assert read(page, naive, map(KEYBOARDS[keyboard], tokens)) != tokens


def test_other_codes_are_no_tokens(page: Page, site: Site) -> None:
    """A token that is cut short, or anything else, is not taken for one."""
    [token] = some_tokens(1)
    others = [token[:-1], token[:80], "https", "a" * 200]
    page.goto(site.url)
    assert read(page, READ, map(typed, others)) == [None] * len(others)


def test_a_scan_ends_with_enter_or_silence(page: Page, site: Site) -> None:
    """The page keeps that Enter from the button that has the focus, but not a person's."""
    [token] = some_tokens(1)
    page.goto(site.url)
    scan = ["scan", token]
    assert page.evaluate(HEARD, [[*typed(token, "german"), ENTER]]) == [
        scan,
        ["enter kept from the page", True],
    ]
    assert page.evaluate(HEARD, [typed(token, "german")]) == [scan]
    assert page.evaluate(HEARD, [[*typed(token), ENTER, ENTER]]) == [
        scan,
        ["enter kept from the page", True],
        ["enter kept from the page", True],
    ]
    assert page.evaluate(HEARD, [[ENTER], typed("4")]) == [
        ["enter kept from the page", False],
        ["key", "4"],
    ]


def test_a_key_that_is_held_down(page: Page, site: Site) -> None:
    """It is a person's, and one key: no scan of many characters."""
    page.goto(site.url)
    [key] = typed("4")
    held = [key, *({**key, "repeat": True} for _ in range(20))]
    assert page.evaluate(HEARD, [held]) == [["key", "4"]]
