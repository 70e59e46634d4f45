"""The standard scenarios: pairs of use cases that meet at the worst moment."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from ticketing_core.money import Money
from ticketing_core.testing.contracts.examples import FREE, PRICE
from ticketing_core.testing.fake_checkout import DisputeStatus, RefundStatus
from ticketing_core.testing.gateway import Fault
from ticketing_core.testing.simulation.actions import Action, Simulation, retried
from ticketing_core.testing.simulation.scenario import Scenario
from ticketing_core.testing.simulation.world import HOLD
from ticketing_core.use_cases.reserve import ABANDONED_AFTER, RESERVATION_WINDOW

PART = PRICE.amount_minor // 2


def _scenario(
    name: str,
    before: Sequence[Action] = (),
    *,
    capacity: int = 1,
    price: Money = PRICE,
    time_passes: Sequence[timedelta] = (),
    **actors: Action,
) -> Scenario:
    return Scenario(
        name=name,
        before=before,
        capacity=capacity,
        price=price,
        time_passes=time_passes,
        actors=actors,
    )


def _buys(buyer: str, *, key: str | None = None) -> Action:
    return partial(Simulation.purchase, buyer=buyer, key=key)


def _until_refused(*actions: Action) -> Action:
    def run(simulation: Simulation) -> None:
        for action in actions:
            action(simulation)

    return run


def _owes(simulation: Simulation) -> None:
    """A refund without an answer: the ticket is void, and the money is owed."""
    simulation.world.gateway.fail_next("refund", Fault.BEFORE_EFFECT)
    simulation.refund("ann")


def _hold_ends(simulation: Simulation) -> None:
    simulation.world.clock.advance(HOLD)


_pays: Action = partial(Simulation.pay, buyer="ann")
_pays_slowly: Action = partial(Simulation.pay_slowly, buyer="ann")
_verifies: Action = partial(Simulation.verify, buyer="ann")
_cancels: Action = partial(Simulation.cancel, buyer="ann")
_refunds: Action = partial(Simulation.refund, buyer="ann")
_gives_back: Action = partial(Simulation.give_back_by_hand, buyer="ann")
_disputes: Action = partial(Simulation.dispute, buyer="ann")
_disputes_a_part: Action = partial(Simulation.dispute, buyer="ann", amount_minor=PART)
_a_minute_passes: Action = partial(Simulation.let_pass, duration=ABANDONED_AFTER)
_settles: Action = Simulation.settle
_notifies: Action = Simulation.notify
_reconciles: Action = Simulation.reconcile

_pays_and_verifies = _until_refused(_pays, _verifies)
_buys_and_pays = _until_refused(_buys("ann"), _pays)
_buys_with_key_and_pays = _until_refused(retried(_buys("ann", key="k")), _pays)


def _decides(status: DisputeStatus) -> Action:
    return partial(Simulation.decide_dispute, buyer="ann", status=status)


def _starts_refunds(status: RefundStatus) -> Action:
    return partial(Simulation.refund_as, status=status)


def _ends_refunds(status: RefundStatus) -> Action:
    return partial(Simulation.end_refunds, buyer="ann", status=status)


_loses: Action = _decides(DisputeStatus.LOST)
_wins: Action = _decides(DisputeStatus.WON)
_appeals: Action = _decides(DisputeStatus.APPEALED)
_gives_back_a_part: Action = partial(Simulation.give_back_by_hand, buyer="ann", amount_minor=PART)
_refunds_again: Action = partial(Simulation.refund, buyer="ann", again=True)
_needs_the_buyer = _starts_refunds(RefundStatus.REQUIRES_ACTION)
_fails_at_once = _starts_refunds(RefundStatus.FAILED)
_the_buyer_acts = _ends_refunds(RefundStatus.SUCCEEDED)
_the_bank_returns_it = _ends_refunds(RefundStatus.FAILED)

BOUGHT = (_buys("ann"),)
BOUGHT_AND_HOLD_OVER = (*BOUGHT, _hold_ends)
PAID = (*BOUGHT, _pays)
ISSUED = (*PAID, _verifies)
OWED = (*ISSUED, _owes)
LOST = (*ISSUED, _disputes, _loses, _notifies)

STANDARD_SCENARIOS = (
    _scenario("purchase and purchase, of the last place", ann=_buys_and_pays, bob=_buys("bob")),
    _scenario("purchase and cancel", ann=_buys_and_pays, ann_again=_cancels),
    _scenario("purchase and notification", ann=_buys_and_pays, gateway=_notifies),
    _scenario(
        "purchase and purchase, with one key",
        capacity=2,
        ann=_buys_with_key_and_pays,
        ann_again=_buys("ann", key="k"),
    ),
    _scenario(
        "purchase and purchase, with one key, the second a minute later",
        capacity=2,
        ann=_buys_with_key_and_pays,
        ann_again=_until_refused(_a_minute_passes, _buys("ann", key="k")),
    ),
    _scenario(
        "purchase and settle, when the reservation ends",
        time_passes=(RESERVATION_WINDOW,),
        ann=_buys_and_pays,
        settler=_settles,
    ),
    _scenario("pay, verify and cancel", BOUGHT, ann=_pays_and_verifies, ann_again=_cancels),
    _scenario(
        "pay, verify and settle, after the hold",
        BOUGHT_AND_HOLD_OVER,
        ann=_pays_and_verifies,
        settler=_settles,
    ),
    _scenario(
        "pay, verify and settle, as the hold ends",
        BOUGHT,
        time_passes=(HOLD,),
        ann=_pays_and_verifies,
        settler=_settles,
    ),
    _scenario("verify and verify", PAID, first=_verifies, second=_verifies),
    _scenario("cancel and cancel", BOUGHT, first=_cancels, second=_cancels),
    _scenario(
        "cancel and settle, after the hold", BOUGHT_AND_HOLD_OVER, ann=_cancels, settler=_settles
    ),
    _scenario("cancel and purchase, of the freed place", BOUGHT, ann=_cancels, bob=_buys("bob")),
    _scenario("cancel and notification", PAID, ann=_cancels, gateway=_notifies),
    _scenario("cancel and refund", PAID, ann=_cancels, organizer=_refunds),
    _scenario(
        "refund and purchase, of the freed place", ISSUED, organizer=_refunds, bob=_buys("bob")
    ),
    _scenario("reconcile and purchase", operator=_reconciles, ann=_buys_and_pays),
    _scenario("reconcile and verify", PAID, operator=_reconciles, ann=_verifies),
    _scenario("reconcile and cancel", PAID, operator=_reconciles, ann=_cancels),
    _scenario("reconcile and refund", ISSUED, operator=_reconciles, organizer=_refunds),
    _scenario(
        "reconcile and settle, of an owed refund", OWED, operator=_reconciles, settler=_settles
    ),
    _scenario("refund and refund", ISSUED, first=_refunds, second=_refunds),
    _scenario("refund and settle, of an owed refund", OWED, organizer=_refunds, settler=_settles),
    _scenario("refund and verify", PAID, organizer=_refunds, ann=_verifies),
    _scenario("refund and notification", ISSUED, organizer=_refunds, gateway=_notifies),
    _scenario(
        "refund and refund by hand",
        ISSUED,
        organizer=_refunds,
        seller=_until_refused(_gives_back, _notifies),
    ),
    _scenario(
        "refund and dispute",
        ISSUED,
        organizer=_refunds,
        bank=_until_refused(_disputes, _notifies),
    ),
    _scenario(
        "refund and dispute that is won",
        ISSUED,
        organizer=_refunds,
        bank=_until_refused(_disputes, _wins),
    ),
    _scenario(
        "refund and dispute of a part that is lost",
        ISSUED,
        organizer=_refunds,
        bank=_until_refused(_disputes_a_part, _loses),
    ),
    _scenario(
        "settle and lost dispute, of an owed refund",
        OWED,
        settler=_settles,
        bank=_until_refused(_disputes, _loses),
    ),
    _scenario(
        "refund by a person and appeal that is won, after a loss",
        LOST,
        organizer=_refunds_again,
        bank=_until_refused(_appeals, _wins, _notifies),
    ),
    _scenario(
        "refund and settle, of a refund that fails",
        (*OWED, _fails_at_once),
        organizer=_refunds,
        settler=_settles,
    ),
    _scenario(
        "notification and notification, of a refund that the bank returns",
        (*ISSUED, _refunds),
        bank=_until_refused(_the_bank_returns_it, _notifies),
        gateway=_notifies,
    ),
    _scenario(
        "settle and notification, of a refund that waits",
        (*OWED, _needs_the_buyer),
        settler=_settles,
        gateway=_notifies,
    ),
    _scenario(
        "notification and notification, of a refund that waits",
        (*ISSUED, _needs_the_buyer, _refunds),
        buyer=_until_refused(_the_buyer_acts, _notifies),
        gateway=_notifies,
    ),
    _scenario(
        "refund and refund by hand that waits",
        (*ISSUED, _needs_the_buyer, _gives_back_a_part, _starts_refunds(RefundStatus.SUCCEEDED)),
        organizer=_refunds,
        buyer=_until_refused(_the_buyer_acts, _notifies),
    ),
    _scenario(
        "verify and refund by hand",
        PAID,
        ann=_verifies,
        seller=_until_refused(_gives_back, _notifies),
    ),
    _scenario("notification and verify", PAID, gateway=_notifies, ann=_verifies),
    _scenario("notification and notification", PAID, first=_notifies, second=_notifies),
    _scenario(
        "notification and settle, after the hold",
        (*PAID, _hold_ends),
        gateway=_notifies,
        settler=_settles,
    ),
    _scenario(
        "settle and settle, after the hold", BOUGHT_AND_HOLD_OVER, first=_settles, second=_settles
    ),
    _scenario(
        "slow payment that fails, and cancel",
        (*BOUGHT, _pays_slowly),
        bank=_until_refused(partial(Simulation.decide, buyer="ann", paid=False), _notifies),
        ann=_cancels,
    ),
    _scenario(
        "slow payment that succeeds, and settle",
        (*BOUGHT, _pays_slowly, _hold_ends),
        bank=_until_refused(partial(Simulation.decide, buyer="ann", paid=True), _notifies),
        settler=_settles,
    ),
    _scenario(
        "free purchase and free purchase, of the last place",
        price=FREE,
        ann=_buys("ann"),
        bob=_buys("bob"),
    ),
    _scenario(
        "free purchase and free purchase, with one key",
        price=FREE,
        capacity=2,
        ann=retried(_buys("ann", key="k")),
        ann_again=_buys("ann", key="k"),
    ),
    _scenario("free purchase and refund", BOUGHT, price=FREE, organizer=_refunds, bob=_buys("bob")),
)
"""All schedules of each one run in a few seconds."""
