"""The standard scenarios: pairs of use cases that meet at the worst moment."""

from functools import partial

from ticketing_core.testing.gateway import Fault
from ticketing_core.testing.simulation.desk import Act, Desk, insistently
from ticketing_core.testing.simulation.scenario import FREE, Scenario
from ticketing_core.testing.simulation.world import HOLD
from ticketing_core.use_cases.reserve import ABANDONED_AFTER, RESERVATION_WINDOW


def _buys(buyer: str, *, key: str | None = None) -> Act:
    return partial(Desk.purchase, buyer=buyer, key=key)


def _one_after_the_other(*acts: Act) -> Act:
    """Ends with the first act that is refused."""

    def play(desk: Desk) -> None:
        for act in acts:
            act(desk)

    return play


def _owes(desk: Desk) -> None:
    """A refund that got no answer: the ticket is void, and the money is owed."""
    desk.world.gateway.fail_next("refund", Fault.BEFORE_EFFECT)
    desk.refund("ann")


def _hold_ends(desk: Desk) -> None:
    desk.world.clock.advance(HOLD)


_pays: Act = partial(Desk.pay, buyer="ann")
_pays_slowly: Act = partial(Desk.pay_slowly, buyer="ann")
_verifies: Act = partial(Desk.verify, buyer="ann")
_cancels: Act = partial(Desk.cancel, buyer="ann")
_refunds: Act = partial(Desk.refund, buyer="ann")
_gives_back: Act = partial(Desk.give_back_by_hand, buyer="ann")
_disputes: Act = partial(Desk.dispute, buyer="ann")
_a_minute_passes: Act = partial(Desk.let_pass, duration=ABANDONED_AFTER)
_settles: Act = Desk.settle
_news: Act = Desk.news
_reconciles: Act = Desk.reconcile

_pays_and_verifies = _one_after_the_other(_pays, _verifies)
_buys_and_pays = _one_after_the_other(_buys("ann"), _pays)
_buys_by_key_and_pays = _one_after_the_other(insistently(_buys("ann", key="k")), _pays)

BOUGHT = (_buys("ann"),)
PAID = (*BOUGHT, _pays)
ISSUED = (*PAID, _verifies)

STANDARD_SCENARIOS = (
    Scenario(
        name="purchase and purchase, of the last place",
        actors={"ann": _buys_and_pays, "bob": _buys("bob")},
    ),
    Scenario(name="purchase and cancel", actors={"ann": _buys_and_pays, "ann's other": _cancels}),
    Scenario(name="purchase and news", actors={"ann": _buys_and_pays, "news": _news}),
    Scenario(
        name="purchase and purchase, by one key",
        capacity=2,
        actors={"ann": _buys_by_key_and_pays, "ann again": _buys("ann", key="k")},
    ),
    Scenario(
        name="purchase and purchase, by one key, the second a minute later",
        capacity=2,
        actors={
            "ann": _buys_by_key_and_pays,
            "ann again": _one_after_the_other(_a_minute_passes, _buys("ann", key="k")),
        },
    ),
    Scenario(
        name="purchase and settle, when the reservation ends",
        actors={"ann": _buys_and_pays, "settler": _settles},
        time_passes=(RESERVATION_WINDOW,),
    ),
    Scenario(
        name="pay, verify and cancel",
        before=BOUGHT,
        actors={"ann": _pays_and_verifies, "ann's other": _cancels},
    ),
    Scenario(
        name="pay, verify and settle, when the hold ends",
        before=(*BOUGHT, _hold_ends),
        actors={"ann": _pays_and_verifies, "settler": _settles},
    ),
    Scenario(
        name="pay, verify and settle, as the hold ends",
        before=BOUGHT,
        actors={"ann": _pays_and_verifies, "settler": _settles},
        time_passes=(HOLD,),
    ),
    Scenario(name="verify and verify", before=PAID, actors={"1": _verifies, "2": _verifies}),
    Scenario(name="cancel and cancel", before=BOUGHT, actors={"1": _cancels, "2": _cancels}),
    Scenario(
        name="cancel and settle, when the hold ends",
        before=(*BOUGHT, _hold_ends),
        actors={"ann": _cancels, "settler": _settles},
    ),
    Scenario(
        name="cancel and purchase, of the place given back",
        before=BOUGHT,
        actors={"ann": _cancels, "bob": _buys("bob")},
    ),
    Scenario(name="cancel and news", before=PAID, actors={"ann": _cancels, "news": _news}),
    Scenario(
        name="cancel and refund", before=PAID, actors={"ann": _cancels, "organizer": _refunds}
    ),
    Scenario(
        name="refund and purchase, of the place given back",
        before=ISSUED,
        actors={"organizer": _refunds, "bob": _buys("bob")},
    ),
    Scenario(name="reconcile and purchase", actors={"it": _reconciles, "ann": _buys_and_pays}),
    Scenario(
        name="reconcile and verify", before=PAID, actors={"it": _reconciles, "ann": _verifies}
    ),
    Scenario(name="reconcile and cancel", before=PAID, actors={"it": _reconciles, "ann": _cancels}),
    Scenario(
        name="reconcile and refund",
        before=ISSUED,
        actors={"it": _reconciles, "organizer": _refunds},
    ),
    Scenario(
        name="reconcile and settle, of what is owed",
        before=(*ISSUED, _owes),
        actors={"it": _reconciles, "settler": _settles},
    ),
    Scenario(name="refund and refund", before=ISSUED, actors={"1": _refunds, "2": _refunds}),
    Scenario(
        name="refund and settle, of what is owed",
        before=(*ISSUED, _owes),
        actors={"organizer": _refunds, "settler": _settles},
    ),
    Scenario(
        name="refund and verify", before=PAID, actors={"organizer": _refunds, "ann": _verifies}
    ),
    Scenario(name="refund and news", before=ISSUED, actors={"organizer": _refunds, "news": _news}),
    Scenario(
        name="refund and refund by hand",
        before=ISSUED,
        actors={"organizer": _refunds, "by hand": _one_after_the_other(_gives_back, _news)},
    ),
    Scenario(
        name="refund and dispute",
        before=ISSUED,
        actors={"organizer": _refunds, "bank": _one_after_the_other(_disputes, _news)},
    ),
    Scenario(
        name="verify and refund by hand",
        before=PAID,
        actors={"ann": _verifies, "by hand": _one_after_the_other(_gives_back, _news)},
    ),
    Scenario(name="news and verify", before=PAID, actors={"news": _news, "ann": _verifies}),
    Scenario(name="news and news", before=PAID, actors={"1": _news, "2": _news}),
    Scenario(
        name="news and settle, when the hold ends",
        before=(*PAID, _hold_ends),
        actors={"news": _news, "settler": _settles},
    ),
    Scenario(
        name="settle and settle, when the hold ends",
        before=(*BOUGHT, _hold_ends),
        actors={"1": _settles, "2": _settles},
    ),
    Scenario(
        name="slow payment that fails, and cancel",
        before=(*BOUGHT, _pays_slowly),
        actors={
            "bank": _one_after_the_other(partial(Desk.decide, buyer="ann", paid=False), _news),
            "ann": _cancels,
        },
    ),
    Scenario(
        name="slow payment that succeeds, and settle",
        before=(*BOUGHT, _pays_slowly, _hold_ends),
        actors={
            "bank": _one_after_the_other(partial(Desk.decide, buyer="ann", paid=True), _news),
            "settler": _settles,
        },
    ),
    Scenario(
        name="free purchase and free purchase, of the last place",
        price=FREE,
        actors={"ann": _buys("ann"), "bob": _buys("bob")},
    ),
    Scenario(
        name="free purchase and free purchase, by one key",
        price=FREE,
        capacity=2,
        actors={
            "ann": insistently(_buys("ann", key="k")),
            "ann again": _buys("ann", key="k"),
        },
    ),
    Scenario(
        name="free purchase and refund",
        price=FREE,
        before=BOUGHT,
        actors={"organizer": _refunds, "bob": _buys("bob")},
    ),
)
"""Each is small enough that all its schedules are run in a few seconds."""
