"""The decisions of an offline gate, by the list and its own journal."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.integration.gate_page.conftest import Site

MINUTE = 60_000
ASKED = 1_000 * MINUTE
"""When the list was asked for; it came a second later."""

DECIDE = """async ([ticket, people, list, entries, minutes]) => {
  const { decide } = await import("/gate/scripts/decision.js");
  const { GateList } = await import("/gate/scripts/gate_list.js");
  const held = list && {
    askedAt: 60_000_000, gotAt: 60_001_000,
    list: new GateList({
      first: 1, bitmap: [list.void ? 2 : 0], inside: new Map([[2, list.inside]]),
      ttl: 60, lifetime: 86400,
    }),
  };
  const now = 60_000_000 + minutes * 60_000;
  const { outcome, people: letIn, left, unchecked } =
    decide({ ticket, eventId: 7, people, held, entries, now });
  return [outcome, letIn, left ?? null, unchecked];
}"""

INSIDE = """async ([list, entries]) => {
  const { insideWith } = await import("/gate/scripts/journal.js");
  return insideWith({ inside: list, askedAt: 60_000_000, gotAt: 60_001_000 }, entries);
}"""

SUM_OF_BOTH = """([list, entries]) =>
  entries.reduce((sum, { people, undo }) => sum + (undo ? 0 : people), list)"""
LIST_ALONE = "([list]) => list"


def ticket(quantity: int, *, event_id: int = 7) -> dict[str, int]:
    """Return what the token of ticket 2 claims."""
    return {"ticket_id": 2, "event_id": event_id, "quantity": quantity}


def entry(
    people: int, *, at: float, answered: float | None = None, undone: float | None = None
) -> dict[str, Any]:
    """Return an entry of the journal; times are minutes after the list was asked for."""
    return {
        "at": ASKED + at * MINUTE,
        "people": people,
        "gate": "North",
        "answered_at": None if answered is None else ASKED + answered * MINUTE,
        "undo": None if undone is None else {"at": ASKED + undone * MINUTE, "answered_at": None},
    }


def held(*, inside: int = 0, void: bool = False) -> dict[str, Any]:
    """Return what the list says of ticket 2."""
    return {"inside": inside, "void": void}


@pytest.fixture
def ready(page: Page, site: Site) -> Page:
    """Give the page, whose modules are asked."""
    page.goto(site.url)
    return page


def test_decisions(ready: Page) -> None:
    """Event before void, void before used; missing and old lists let in, and say so."""
    for expected, *asked in (
        (["admitted", 1, 0, False], ticket(1), 1, held(), [], 1),
        (["wrong_event", 0, None, False], ticket(1, event_id=8), 1, held(void=True), [], 1),
        (["void", 0, None, False], ticket(1), 1, held(void=True, inside=1), [], 1),
        (["already_admitted", 0, 0, False], ticket(1), 1, held(inside=1), [], 1),
        (["already_admitted", 0, 0, False], ticket(1), 1, held(), [entry(1, at=2)], 3),
        (["admitted", 2, 1, False], ticket(4), 2, held(inside=1), [], 1),
        (["too_many", 0, 2, False], ticket(4), 3, held(inside=2), [], 1),
        (["admitted", 2, 0, False], ticket(4), None, held(inside=2), [], 1),
        # More may be inside than the ticket has, by offline gates.
        (["already_admitted", 0, 0, False], ticket(2), 1, held(inside=5), [], 1),
        (["admitted", 1, 0, True], ticket(1), 1, None, [], 1),
        (["already_admitted", 0, 0, True], ticket(1), 1, None, [entry(1, at=-9, answered=-9)], 1),
        (["admitted", 1, 0, True], ticket(1), 1, held(), [], 60 * 25),
        (["void", 0, None, True], ticket(1), 1, held(void=True), [], 60 * 25),
    ):
        assert ready.evaluate(DECIDE, asked) == expected, asked


COUNTS = {
    "the list knows it": (2, 2, [entry(2, at=-9, answered=-9)]),
    "decided after the list": (3, 2, [entry(1, at=5)]),
    "answered after the list": (3, 2, [entry(1, at=5, answered=5)]),
    "answered just before, perhaps in the list": (2, 2, [entry(2, at=-0.1, answered=-0.1)]),
    "answered just before, not in the list": (2, 0, [entry(2, at=-0.1, answered=-0.1)]),
    "noted before, synced after": (3, 0, [entry(3, at=-5, answered=4)]),
    "taken back, unknown to the list": (0, 2, [entry(2, at=-9, answered=-9, undone=5)]),
    "taken back after both": (2, 2, [entry(1, at=5, undone=6)]),
    "never below none": (0, 0, [entry(2, at=-9, answered=-9, undone=5)]),
}


def test_people_inside_are_counted_once(ready: Page) -> None:
    """The list has some of the journal's entries, and the page must know which."""
    for name, (expected, in_list, entries) in COUNTS.items():
        assert ready.evaluate(INSIDE, [in_list, entries]) == expected, name


@pytest.mark.parametrize("naive", [SUM_OF_BOTH, LIST_ALONE])
def test_control_simpler_counts_are_wrong(ready: Page, naive: str) -> None:
    """Control: adding both turns guests away, and the list alone lets a screenshot in."""
    wrong = [
        name
        for name, (expected, in_list, entries) in COUNTS.items()
        if ready.evaluate(naive, [in_list, entries]) != expected
    ]
    assert len(wrong) > 2
