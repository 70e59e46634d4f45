"""Controls: mistakes that people make, each of which the exhaustive mode alone has to find.

Where the standard scenarios can meet the mistake by chance, the random mode has to find it too.
"""

from collections.abc import Callable
from functools import partial

import pytest

from tests.unit.simulation.broken import (
    AsksFirst,
    BelievesTheNews,
    BelievesTheRedirect,
    BuysAgainUnasked,
    ForgetsTheKey,
    FreesAtTheEndOfTheHold,
    FreesFirst,
    GivesBackFirst,
    LeavesOutTheComparison,
    NewKeyAfterNoAnswer,
    PaysOutByTransfer,
    TakesSilenceForANo,
    TakesWithoutAsking,
    Unconstrained,
    buys_and_is_told_before_it_is_stored,
    world_with,
)
from ticketing_core import TicketStatus
from ticketing_core.testing.simulation import (
    NOTHING_GOES_WRONG,
    STANDARD_SCENARIOS,
    Desk,
    Scenario,
    World,
    explore,
    replay,
    search,
    world_in_memory,
)

STANDARD = {scenario.name: scenario for scenario in STANDARD_SCENARIOS}

LAST_PLACE = "purchase and purchase, of the last place"
ONE_KEY = "purchase and purchase, by one key"
CANCEL = "pay, verify and cancel"
HOLD_ENDS = "pay, verify and settle, when the hold ends"
REFUND_TWICE = "refund and refund"

variant = partial(partial, world_with)

WITHOUT_A_MISHAP = [
    pytest.param(
        variant(office=AsksFirst, tickets=TakesWithoutAsking, events=Unconstrained),
        LAST_PLACE,
        "tickets keep 2 of 1 places",
        id="asks for places first",
    ),
    pytest.param(
        variant(tickets=LeavesOutTheComparison, events=Unconstrained),
        "cancel and cancel",
        "the event says -1 places, its tickets keep 0",
        id="leaves out the comparison",
    ),
    pytest.param(
        variant(office=ForgetsTheKey),
        ONE_KEY,
        "ann asked for 1 tickets and keeps [2, 1]",
        id="forgets the key",
    ),
    pytest.param(
        variant(office=BelievesTheRedirect),
        CANCEL,
        "ticket 1 (issued, total 2500) is valid, and 0 are captured for it",
        id="believes the redirect",
    ),
    pytest.param(
        variant(office=FreesFirst),
        CANCEL,
        "ticket 1 (cancelled, total 2500) was given up, and 2500 are captured for it",
        id="frees the places first",
    ),
    pytest.param(
        variant(office=FreesAtTheEndOfTheHold),
        HOLD_ENDS,
        "ticket 1 (expired, total 2500) was given up, and 2500 are captured for it",
        id="frees the places by the clock",
    ),
    pytest.param(
        variant(office=GivesBackFirst),
        REFUND_TWICE,
        "ticket 1 (issued, total 2500) is valid, and 0 are captured for it",
        id="gives back before it is stored",
    ),
]

BY_A_MISHAP = [
    pytest.param(
        variant(office=TakesSilenceForANo),
        CANCEL,
        "ticket 1 (cancelled, total 2500) was given up, and 2500 are captured for it",
        id="takes silence for a no",
    ),
    pytest.param(
        variant(office=NewKeyAfterNoAnswer, gateway=PaysOutByTransfer),
        REFUND_TWICE,
        "ticket 1 (refunding, total 2500): 2500 were paid and 5000 given back",
        id="new refund key after no answer",
    ),
    pytest.param(
        variant(office=BuysAgainUnasked),
        "purchase and cancel",
        "ann asked for 1 tickets and keeps [2, 1]",
        id="buys again after no answer",
    ),
]

# The stage for "buys again" needs room for two.
ROOMY = {
    "purchase and cancel": Scenario(
        name="purchase and cancel, with room for two",
        capacity=2,
        actors=STANDARD["purchase and cancel"].actors,
    )
}


@pytest.mark.parametrize(("make_world", "scenario", "promise"), WITHOUT_A_MISHAP)
def test_control_a_switch_alone_brings_a_mistake_to_light(
    make_world: Callable[[], World], scenario: str, promise: str
) -> None:
    """Every interleaving is run, so one without any mishap already breaks a promise."""
    report = explore(STANDARD[scenario], make_world, bounds=NOTHING_GOES_WRONG)
    assert report.failure is not None
    assert report.failure.promise == promise


@pytest.mark.parametrize(("make_world", "scenario", "promise"), BY_A_MISHAP)
def test_control_one_mishap_brings_a_mistake_to_light(
    make_world: Callable[[], World], scenario: str, promise: str
) -> None:
    """These work until an answer is lost, and each mishap of each call is run."""
    played = ROOMY.get(scenario, STANDARD[scenario])
    assert explore(played, make_world, bounds=NOTHING_GOES_WRONG).failure is None
    report = explore(played, make_world)
    assert report.failure is not None
    assert report.failure.promise == promise


@pytest.mark.parametrize(("make_world", "scenario", "promise"), WITHOUT_A_MISHAP + BY_A_MISHAP)
def test_control_the_random_mode_finds_it_too(
    make_world: Callable[[], World], scenario: str, promise: str
) -> None:
    """Three thousand seeds meet each of the mistakes."""
    del scenario, promise
    assert search(make_world, seeds=range(3000)) is not None


def test_a_strict_gateway_and_a_lax_store_find_nothing_in_the_real_use_cases() -> None:
    """What the controls plug in beside the mistake is no mistake: transfers, no constraint."""
    for name in (REFUND_TWICE, "refund and news", "refund and settle, of what is owed"):
        report = explore(STANDARD[name], variant(events=Unconstrained, gateway=PaysOutByTransfer))
        assert report.failure is None, report


def test_control_an_address_that_is_told_before_it_is_stored() -> None:
    """All goes well when nobody comes between, and the switch is found at which it does not."""
    scenario = Scenario(
        name="told before stored",
        actors={
            "ann's request": buys_and_is_told_before_it_is_stored,
            "ann's other": partial(Desk.cancel, buyer="ann"),
        },
    )
    assert replay(scenario, world_in_memory, choices=(), bounds=NOTHING_GOES_WRONG) is None
    report = explore(scenario, world_in_memory, bounds=NOTHING_GOES_WRONG)
    assert report.failure is not None
    assert report.failure.promise == "ann can still pay ticket 1 (cancelled) at ['co_1']"


def _is_told(desk: Desk, status: TicketStatus) -> None:
    assert isinstance(desk.office, BelievesTheNews)
    for checkout_id in desk.facts.opened:
        desk.office.is_told(checkout_id, status)


def _news_of_the_payment(desk: Desk) -> None:
    _is_told(desk, TicketStatus.ISSUED)


def _is_given_back_with_news(desk: Desk) -> None:
    desk.give_back_by_hand("ann")
    _is_told(desk, TicketStatus.REFUNDED)


def test_control_news_that_are_believed_in_the_order_in_which_they_come() -> None:
    """In the right order they are true; a payment heard of after its refund gives a free ticket."""
    make_world = variant(office=BelievesTheNews)
    bought = (partial(Desk.purchase, buyer="ann"), partial(Desk.pay, buyer="ann"))
    scenario = Scenario(
        name="news in any order",
        before=bought,
        actors={"payment": _news_of_the_payment, "refund": _is_given_back_with_news},
    )
    assert replay(scenario, make_world, choices=(), bounds=NOTHING_GOES_WRONG) is None
    report = explore(scenario, make_world, bounds=NOTHING_GOES_WRONG)
    assert report.failure is not None
    assert report.failure.promise == "0 of 2500 are captured for ticket 1 (issued) in the end"
