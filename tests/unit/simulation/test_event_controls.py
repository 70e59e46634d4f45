"""Controls: naive edits and cancellations, whose mistakes a search has to find."""

from collections.abc import Callable
from functools import partial

import pytest

from tests.support.broken_promise import broken_promise
from tests.unit.simulation.broken_events import (
    CancelsInOneStep,
    ComparesWithTheSeen,
    CountsOnlyThePage,
    GivesBackItself,
    GivesUpFirst,
    LastEditWins,
    RepricesOrders,
    UnwindsInAnyOrder,
    blind_to,
)
from ticketing_core.errors import EventCancelled, EventChanged, PurchaseRefused, SaleClosed
from ticketing_core.testing import store
from ticketing_core.testing.simulation import (
    EVENT_SCENARIOS,
    NO_MISHAPS,
    World,
    search,
    world_in_memory,
)

EVENTS = {scenario.name: scenario for scenario in EVENT_SCENARIOS}
variant = partial(partial, world_in_memory)

WITHOUT_A_MISHAP = [
    pytest.param(
        variant(events=ComparesWithTheSeen),
        "fewer places and purchase, of the last place",
        "tickets keep 2 of 1 places",
        id="compares the capacity with what it has seen",
    ),
    pytest.param(
        variant(events=LastEditWins),
        "cancel event and edit",
        "the event was cancelled, and is on sale again",
        id="compares no version",
    ),
    pytest.param(
        variant(organizer=RepricesOrders),
        "another price and payment",
        "ticket 1 was ordered at 2500, and costs [2500, 5000]",
        id="changes the total of orders",
    ),
    pytest.param(
        variant(tickets=UnwindsInAnyOrder),
        "unwind and settle, of more slow payments than a page has",
        "settling changes tickets again and again",
        id="meets slow payments again and again",
    ),
    pytest.param(
        variant(organizer=CountsOnlyThePage),
        "cancel event and payment",
        "the event is unwound, and ticket 1 (paying) is not",
        id="takes an empty page for the end",
    ),
    pytest.param(
        variant(organizer=GivesUpFirst),
        "cancel event and payment",
        "ann can still pay ticket 1 (expired) at ['co_1']",
        id="gives up before it closes the checkout",
    ),
]

BY_A_MISHAP = [
    pytest.param(
        variant(organizer=GivesBackItself),
        "unwind and unwind",
        "ticket 1 (issued, total 2500) is valid, and 0 are captured for it",
        id="refunds at the gateway, and dies",
    ),
    pytest.param(
        variant(organizer=CancelsInOneStep),
        "cancel event and payment",
        "the event is cancelled, and ticket 1 (issued) is left in the end",
        id="cancels in one go, and dies",
    ),
]


@pytest.mark.parametrize(("make_world", "scenario", "promise"), [*WITHOUT_A_MISHAP, *BY_A_MISHAP])
def test_control_a_schedule_shows_the_mistake(
    make_world: Callable[[], World], scenario: str, promise: str
) -> None:
    """With one mishap at most."""
    assert broken_promise(EVENTS[scenario], make_world).startswith(promise)


@pytest.mark.parametrize(
    ("refusal", "scenario", "promise"),
    [
        (
            EventCancelled,
            "cancel event and purchase",
            "ticket 1 is held, and its event is cancelled",
        ),
        (SaleClosed, "close and purchase", "ticket 1 is held, and the sale is closed"),
        (
            EventChanged,
            "another price and purchase",
            "ticket 1 costs 2500, and its places 5000",
        ),
    ],
)
def test_control_a_hold_that_does_not_look_sells(
    refusal: type[PurchaseRefused], scenario: str, promise: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only `hold` decides: what the purchase has read may be out of date."""
    monkeypatch.setattr(store, "objection", blind_to(refusal))
    assert broken_promise(EVENTS[scenario], world_in_memory, bounds=NO_MISHAPS) == promise


@pytest.mark.parametrize(
    "make_world",
    [
        variant(organizer=CountsOnlyThePage),
        variant(organizer=GivesBackItself),
    ],
)
def test_control_the_random_mode_finds_mistakes_about_events(
    make_world: Callable[[], World],
) -> None:
    """A thousand seeds are enough."""
    assert search(make_world, seeds=range(1000)) is not None
