"""The steps of which the standard scenarios are made. Their buyer is Ann, unless they take one."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from ticketing_core.event import DEFAULT_MAX_PER_ORDER
from ticketing_core.money import Money
from ticketing_core.testing.contracts.examples import PRICE
from ticketing_core.testing.fake_checkout import DisputeStatus, RefundStatus
from ticketing_core.testing.gateway import Fault
from ticketing_core.testing.simulation.actions import Action, Simulation, retried
from ticketing_core.testing.simulation.choices import Bounds
from ticketing_core.testing.simulation.scenario import Scenario
from ticketing_core.testing.simulation.world import HOLD
from ticketing_core.use_cases.reserve import ABANDONED_AFTER

PART = PRICE.amount_minor // 2


def scenario(
    name: str,
    before: Sequence[Action] = (),
    *,
    capacity: int = 1,
    price: Money = PRICE,
    max_per_order: int = DEFAULT_MAX_PER_ORDER,
    time_passes: Sequence[timedelta] = (),
    bounds: Bounds | None = None,
    **actors: Action,
) -> Scenario:
    """Return a scenario whose actors are keyword arguments."""
    return Scenario(
        name=name,
        before=before,
        capacity=capacity,
        price=price,
        max_per_order=max_per_order,
        time_passes=time_passes,
        actors=actors,
        bounds=bounds or Bounds(),
    )


def buys(buyer: str, *, key: str | None = None) -> Action:
    """Return a purchase."""
    return partial(Simulation.purchase, buyer=buyer, key=key)


def until_refused(*actions: Action) -> Action:
    """Return an action that does one after another, and ends with a refusal."""

    def run(simulation: Simulation) -> None:
        for action in actions:
            action(simulation)

    return run


def owes(simulation: Simulation) -> None:
    """A refund without an answer: the ticket is void, and the money is owed."""
    simulation.world.gateway.fail_next("refund", Fault.BEFORE_EFFECT)
    simulation.refund("ann")


def hold_ends(simulation: Simulation) -> None:
    """All holds of this moment end."""
    simulation.world.clock.advance(HOLD)


pays: Action = partial(Simulation.pay, buyer="ann")
pays_slowly: Action = partial(Simulation.pay_slowly, buyer="ann")
verifies: Action = partial(Simulation.verify, buyer="ann")
cancels: Action = partial(Simulation.cancel, buyer="ann")
refunds: Action = partial(Simulation.refund, buyer="ann")
gives_back: Action = partial(Simulation.give_back_by_hand, buyer="ann")
disputes: Action = partial(Simulation.dispute, buyer="ann")
disputes_a_part: Action = partial(Simulation.dispute, buyer="ann", amount_minor=PART)
a_minute_passes: Action = partial(Simulation.let_pass, duration=ABANDONED_AFTER)
settles: Action = Simulation.settle
notifies: Action = Simulation.notify
reconciles: Action = Simulation.reconcile

pays_and_verifies = until_refused(pays, verifies)
buys_and_pays = until_refused(buys("ann"), pays)
buys_with_key_and_pays = until_refused(retried(buys("ann", key="k")), pays)


def decides(status: DisputeStatus) -> Action:
    """Return the next status of the dispute."""
    return partial(Simulation.decide_dispute, buyer="ann", status=status)


def starts_refunds(status: RefundStatus) -> Action:
    """Return that refunds start like this from now on."""
    return partial(Simulation.refund_as, status=status)


def ends_refunds(status: RefundStatus) -> Action:
    """Return the last status of all refunds."""
    return partial(Simulation.end_refunds, buyer="ann", status=status)


loses: Action = decides(DisputeStatus.LOST)
wins: Action = decides(DisputeStatus.WON)
appeals: Action = decides(DisputeStatus.APPEALED)
gives_back_a_part: Action = partial(Simulation.give_back_by_hand, buyer="ann", amount_minor=PART)
refunds_again: Action = partial(Simulation.refund, buyer="ann", again=True)
needs_the_buyer = starts_refunds(RefundStatus.REQUIRES_ACTION)
fails_at_once = starts_refunds(RefundStatus.FAILED)
the_buyer_acts = ends_refunds(RefundStatus.SUCCEEDED)
the_bank_returns_it = ends_refunds(RefundStatus.FAILED)

BOUGHT = (buys("ann"),)
BOUGHT_AND_HOLD_OVER = (*BOUGHT, hold_ends)
PAID = (*BOUGHT, pays)
ISSUED = (*PAID, verifies)
OWED = (*ISSUED, owes)
LOST = (*ISSUED, disputes, loses, notifies)
