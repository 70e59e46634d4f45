"""Controls: common mistakes, each of which the exhaustive mode has to find.

The random mode has to find those that its scenarios can run into.
"""

from collections.abc import Callable
from functools import partial

import pytest

from tests.support.broken_promise import broken_promise
from tests.unit.box_offices import lose_commit
from tests.unit.broken_gateways import (
    CountsNoWaitingRefunds,
    ForgetsWhatWasLost,
    HidesWaitingRefunds,
    KeepsTheDisputeFlag,
    ReportsTooEarly,
)
from tests.unit.simulation.broken import (
    BelievesTheFirstRead,
    BuysAgainWithoutKey,
    ChecksFirst,
    CountsUnpaidFirst,
    ForgetsTheKey,
    FreesAtTheEndOfTheHold,
    FreesFirst,
    GivesBackFirst,
    NewKeyAfterNoAnswer,
    TakesNoAnswerForUnpaid,
    TrustsNotifications,
    TrustsTheRedirect,
    buys_with_the_address_before_it_is_stored,
)
from tests.unit.simulation.broken_parts import (
    HoldsWithoutChecking,
    PaysOutByTransfer,
    SkipsTheComparison,
    Unconstrained,
)
from ticketing_core import TicketStatus
from ticketing_core.testing import InMemoryTickets
from ticketing_core.testing.simulation import (
    NO_MISHAPS,
    STANDARD_SCENARIOS,
    Bounds,
    Scenario,
    Simulation,
    World,
    explore,
    replay,
    search,
    world_in_memory,
)

STANDARD = {scenario.name: scenario for scenario in STANDARD_SCENARIOS}

LAST_PLACE = "purchase and purchase, of the last place"
ONE_BUYER = "purchase and purchase, by one buyer"
ONE_KEY = "purchase and purchase, with one key"
CANCEL = "pay, verify and cancel"
HOLD_ENDS = "pay, verify and settle, after the hold"
REFUND_TWICE = "refund and refund"
WAITS = "settle and notification, of a refund that waits"
WAITS_BY_HAND = "refund and refund by hand that waits"

variant = partial(partial, world_in_memory)

WITHOUT_A_MISHAP = [
    pytest.param(
        variant(office=ChecksFirst, tickets=HoldsWithoutChecking, events=Unconstrained),
        LAST_PLACE,
        "tickets keep 2 of 1 places",
        id="checks places first",
    ),
    pytest.param(
        variant(tickets=SkipsTheComparison, events=Unconstrained),
        "cancel and cancel",
        "the event counts -1 places, its tickets keep 0",
        id="skips the comparison",
    ),
    pytest.param(
        variant(office=CountsUnpaidFirst),
        ONE_BUYER,
        "ann keeps 2 unpaid places of 1",
        id="counts unpaid places first",
    ),
    pytest.param(
        variant(office=ForgetsTheKey),
        ONE_KEY,
        "ann ordered 1 tickets and keeps [2, 1]",
        id="forgets the key",
    ),
    pytest.param(
        variant(office=TrustsTheRedirect),
        CANCEL,
        "ticket 1 (issued, total 2500) is valid, and 0 are captured for it",
        id="trusts the redirect",
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
    pytest.param(
        variant(gateway=KeepsTheDisputeFlag),
        "refund and dispute that is won",
        "ticket 1 stays refunding: charge_disputed",
        id="keeps the dispute flag",
    ),
    pytest.param(
        variant(gateway=ForgetsWhatWasLost),
        "settle and lost dispute, of an owed refund",
        "ticket 1 stays refunding: amount_too_large",
        id="owes for ever what the bank has returned",
    ),
    pytest.param(
        variant(gateway=ReportsTooEarly),
        WAITS,
        "ticket 1 (refunded, total 2500) counts as refunded, and its refund needs the buyer",
        id="reports a refund before it is final",
    ),
    pytest.param(
        variant(gateway=HidesWaitingRefunds),
        WAITS_BY_HAND,
        "ticket 1 (refunding, total 2500): 2500 were paid and 3750 given back",
        id="refunds while another refund waits",
    ),
]

BY_A_MISHAP = [
    pytest.param(
        variant(office=TakesNoAnswerForUnpaid),
        CANCEL,
        "ticket 1 (cancelled, total 2500) was given up, and 2500 are captured for it",
        id="takes no answer for unpaid",
    ),
    pytest.param(
        variant(office=NewKeyAfterNoAnswer, gateway=PaysOutByTransfer),
        REFUND_TWICE,
        "ticket 1 (refunding, total 2500): 2500 were paid and 5000 given back",
        id="new refund key after no answer",
    ),
    pytest.param(
        variant(office=BuysAgainWithoutKey),
        "purchase and cancel",
        "ann ordered 1 tickets and keeps [2, 1]",
        id="buys again after no answer",
    ),
]

# "buys again" needs room for two.
ROOMY = {
    "purchase and cancel": Scenario(
        name="purchase and cancel, with room for two",
        capacity=2,
        actors=STANDARD["purchase and cancel"].actors,
    )
}


@pytest.mark.parametrize(("make_world", "scenario", "promise"), WITHOUT_A_MISHAP)
def test_control_a_switch_alone_shows_the_mistake(
    make_world: Callable[[], World], scenario: str, promise: str
) -> None:
    """Every interleaving is run, and one without any mishap already breaks a promise."""
    assert broken_promise(STANDARD[scenario], make_world, bounds=NO_MISHAPS) == promise


@pytest.mark.parametrize(("make_world", "scenario", "promise"), BY_A_MISHAP)
def test_control_one_mishap_shows_the_mistake(
    make_world: Callable[[], World], scenario: str, promise: str
) -> None:
    """These variants work until an answer is lost, and each mishap of each call is run."""
    scenario_run = ROOMY.get(scenario, STANDARD[scenario])
    assert explore(scenario_run, make_world, bounds=NO_MISHAPS).failure is None
    assert broken_promise(scenario_run, make_world) == promise


@pytest.mark.parametrize(("make_world", "scenario", "promise"), WITHOUT_A_MISHAP + BY_A_MISHAP)
def test_control_the_random_mode_finds_it_too(
    make_world: Callable[[], World], scenario: str, promise: str
) -> None:
    """Three thousand seeds are enough for each of the mistakes."""
    del scenario, promise
    assert search(make_world, seeds=range(3000)) is not None


def test_a_strict_gateway_and_a_lax_store_find_nothing_in_the_real_use_cases() -> None:
    """What the controls replace besides is correct: refunds by transfer, no constraint."""
    for name in (REFUND_TWICE, "refund and notification", "refund and settle, of an owed refund"):
        report = explore(STANDARD[name], variant(events=Unconstrained, gateway=PaysOutByTransfer))
        assert report.failure is None, report
    for name in (WAITS, WAITS_BY_HAND):
        report = explore(STANDARD[name], variant(gateway=CountsNoWaitingRefunds))
        assert report.failure is None, report


def test_control_an_address_given_out_before_it_is_stored() -> None:
    """Without a switch all goes well, and the switch at which it does not is found."""
    scenario = Scenario(
        name="given out before stored",
        actors={
            "ann's request": buys_with_the_address_before_it_is_stored,
            "ann again": partial(Simulation.cancel, buyer="ann"),
        },
    )
    assert replay(scenario, world_in_memory, choices=(), bounds=NO_MISHAPS) is None
    assert (
        broken_promise(scenario, world_in_memory, bounds=NO_MISHAPS)
        == "ann can still pay ticket 1 (cancelled) at ['co_1']"
    )


def _lose_checkout(simulation: Simulation) -> None:
    tickets = simulation.world.tickets
    assert isinstance(tickets, InMemoryTickets)
    (ticket,) = tickets.of_buyer("ann", before=None, limit=2)
    lose_commit(tickets, ticket)


def test_control_a_checkout_is_compared_while_a_notification_stores_it() -> None:
    """The use case keeps all promises; to believe that no ticket has it breaks one."""
    bought = (partial(Simulation.purchase, buyer="ann"), partial(Simulation.pay, buyer="ann"))
    scenario = Scenario(
        name="reconcile and notification, of a lost checkout",
        before=(*bought, _lose_checkout),
        actors={"operator": Simulation.reconcile, "gateway": Simulation.notify},
    )
    # Without a limit to the switches there would be a hundred thousand schedules.
    bounds = Bounds(mishaps=0, calm_switches=4)
    assert explore(scenario, world_in_memory, bounds=bounds).failure is None
    make_world = variant(office=BelievesTheFirstRead)
    assert broken_promise(scenario, make_world, bounds=bounds) == (
        "ticket 1 (issued, total 2500) is valid, and 0 are captured for it"
    )


def _notify(simulation: Simulation, status: TicketStatus) -> None:
    assert isinstance(simulation.office, TrustsNotifications)
    for checkout_id in simulation.facts.opened:
        simulation.office.notify(checkout_id, status)


def _notify_of_the_payment(simulation: Simulation) -> None:
    _notify(simulation, TicketStatus.ISSUED)


def _give_back_and_notify(simulation: Simulation) -> None:
    simulation.give_back_by_hand("ann")
    _notify(simulation, TicketStatus.REFUNDED)


def test_control_notifications_trusted_in_the_order_of_arrival() -> None:
    """In the right order that works; a payment seen after its refund issues a free ticket."""
    make_world = variant(office=TrustsNotifications)
    bought = (partial(Simulation.purchase, buyer="ann"), partial(Simulation.pay, buyer="ann"))
    scenario = Scenario(
        name="notifications in any order",
        before=bought,
        actors={"payment": _notify_of_the_payment, "refund": _give_back_and_notify},
    )
    assert replay(scenario, make_world, choices=(), bounds=NO_MISHAPS) is None
    assert (
        broken_promise(scenario, make_world, bounds=NO_MISHAPS)
        == "0 of 2500 are captured for ticket 1 (issued) in the end"
    )
