"""Controls: mistakes about late money, clocks and restores, which a search has to find."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from attrs import evolve

from tests.support.broken_promise import broken_promise
from tests.unit.broken_news import ClearsBlindly, moves_page_by_page, moves_without_an_answer
from tests.unit.simulation.broken_late import (
    BelievesAnyLease,
    ComparesByAge,
    ReadsNoNews,
    TakesOurClock,
    forgets_strays,
)
from tests.unit.test_restore import BROKEN
from ticketing_core import BoxOffice
from ticketing_core.testing.simulation import (
    CLOCK_SCENARIOS,
    LATE_SCENARIOS,
    RESTORE_SCENARIOS,
    World,
    explore,
    world_in_memory,
)
from ticketing_core.use_cases import news

SCENARIOS = {each.name: each for each in (*LATE_SCENARIOS, *CLOCK_SCENARIOS, *RESTORE_SCENARIOS)}
LOST = "restore and purchase, of a lost ticket that was paid"
ANY_MOMENT = "purchase, a backup and a restore after the hold, each at any moment"
EXPIRED = "ticket 1 (expired, total 2500) was given up, and 2500 are captured for it"
NOT_FOUND = "0 of 2500 are captured for ticket 1 (issued) in the end"

LONGEST_TRACE = 80
"""Calls of a failure: few enough to read."""


def changing(change: Callable[[BoxOffice], BoxOffice], **ports: Any) -> BoxOffice:
    """Return a box office with a port changed."""
    return change(BoxOffice(**ports))


VARIANTS = [
    pytest.param(
        {"office": ReadsNoNews},
        "read and refund that the bank returns, after a month",
        "2500 are captured for ticket 1 (refunded) in the end",
        id="reads no news",
    ),
    pytest.param(
        {"office": ComparesByAge},
        "read and chargeback, after two months",
        NOT_FOUND,
        id="compares by the age of the checkout",
    ),
    pytest.param(
        {"office": partial(changing, moves_page_by_page)},
        "read and settle, of a refund by hand",
        NOT_FOUND,
        id="moves the position page by page",
    ),
    pytest.param(
        {"office": partial(changing, moves_without_an_answer)},
        "read and settle, of a refund by hand",
        NOT_FOUND,
        id="moves the position without an answer",
    ),
    pytest.param(
        {"office": TakesOurClock},
        "read by a clock that is two hours ahead and refund by hand",
        NOT_FOUND,
        id="takes the position from its own clock",
    ),
    pytest.param(
        {"tickets": ClearsBlindly},
        "settle and refund of the rest by hand that is read hours later",
        NOT_FOUND,
        id="clears a note that is newer than its look",
    ),
    pytest.param(
        {"tickets": BelievesAnyLease},
        "settle and settle by a clock that is a month ahead, of an owed refund",
        "ticket 1 stays refunding: None",
        id="takes a lease by the clock of its caller",
    ),
    pytest.param(
        {"office": forgets_strays},
        LOST,
        "2500 of co_1 have no ticket, and 0 are in view",
        id="forgets money without a ticket",
    ),
]


@pytest.mark.parametrize(("parts", "scenario", "promise"), VARIANTS)
def test_control_a_schedule_shows_the_mistake(
    parts: dict[str, Any], scenario: str, promise: str
) -> None:
    """With one mishap at most, and in a trace that is short enough to read."""
    make_world: Callable[[], World] = partial(world_in_memory, **parts)
    report = explore(SCENARIOS[scenario], make_world)
    assert report.failure is not None
    assert report.failure.promise == promise
    assert len(report.failure.lines) <= LONGEST_TRACE


def test_control_events_that_show_late_need_the_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading again from the position on, and not from before it, misses some of them."""
    monkeypatch.setattr(news, "OVERLAP", timedelta(0))
    scenario = SCENARIOS["read and refund by hand, of events that show late"]
    assert broken_promise(scenario, world_in_memory) == NOT_FOUND


@pytest.mark.parametrize(
    ("name", "scenario", "promise"),
    [
        ("settles first", ANY_MOMENT, EXPIRED),
        ("skips no ids", LOST, "ids [1] were given twice"),
        ("goes on selling", LOST, "ids [1] were given twice"),
        (
            "leaves unknown checkouts open",
            "restore and payment, of a lost ticket",
            "co_1 can be paid, and no ticket has it",
        ),
        (
            "reads no news",
            "restore and refund of the rest by hand, of a sale of last month",
            NOT_FOUND,
        ),
    ],
)
def test_control_a_schedule_shows_a_restore_in_the_wrong_order(
    name: str, scenario: str, promise: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same broken restores as in `test_restore`, between other actors and without a mishap."""
    monkeypatch.setattr(BROKEN[name].target, BROKEN[name].name, BROKEN[name].instead)
    bounds = evolve(SCENARIOS[scenario].bounds, mishaps=0)
    assert broken_promise(SCENARIOS[scenario], world_in_memory, bounds=bounds) == promise
