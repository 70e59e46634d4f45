"""Scenarios of an event that changes, closes or is cancelled while buyers order and pay."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from ticketing_core.money import Money
from ticketing_core.testing.contracts.examples import FREE, PRICE
from ticketing_core.testing.simulation.actions import Action, Simulation, in_turn, retried
from ticketing_core.testing.simulation.gate_scenarios import scans
from ticketing_core.testing.simulation.late import FEW
from ticketing_core.testing.simulation.restores import FEWEST, backs_up, restores
from ticketing_core.testing.simulation.steps import (
    BOUGHT,
    ISSUED,
    PAID,
    buys,
    buys_and_pays,
    cancels,
    disputes,
    gives_back,
    hold_ends,
    notifies,
    pays_and_verifies,
    pays_slowly,
    refunds,
    scenario,
    settles,
    until_refused,
    verifies,
)
from ticketing_core.testing.simulation.world import HOLD

DEARER = Money(2 * PRICE.amount_minor, PRICE.currency)


def edits(**terms: Any) -> Action:
    """Return a change of the event."""
    return partial(Simulation.edit, terms=terms)


def pays_slowly_as(buyer: str) -> Sequence[Action]:
    """Return an order whose payment a bank may decide later."""
    return buys(buyer), partial(Simulation.pay_slowly, buyer=buyer)


closes: Action = Simulation.close_sale
cancels_event: Action = Simulation.cancel_event
unwinds: Action = Simulation.unwind
_cancels_and_unwinds = until_refused(retried(cancels_event), unwinds)
_is_paid: Action = partial(Simulation.decide, buyer="ann", paid=True)
_repeats_and_pays = until_refused(buys("ann", key="k"), partial(Simulation.pay, buyer="ann"))

CANCELLED = (*ISSUED, cancels_event)
SLOW = (*BOUGHT, pays_slowly, cancels_event)
MOSTLY_SLOW: Sequence[Action] = (
    *(step for buyer in ("ann", "bob") for step in pays_slowly_as(buyer)),
    hold_ends,
    buys("cat"),
    partial(Simulation.pay, buyer="cat"),
    partial(Simulation.verify, buyer="cat"),
    cancels_event,
)
"""Two pages of one are slow payments, whose holds are over and which no bank has decided."""

EVENT_SCENARIOS = (
    scenario(
        "fewer places and purchase, of the last place",
        BOUGHT,
        capacity=2,
        organizer=edits(capacity=1),
        bob=buys("bob"),
    ),
    scenario(
        "fewer places and purchase, of a place that is given up meanwhile",
        BOUGHT,
        capacity=2,
        organizer=edits(capacity=1),
        ann=cancels,
        bob=buys("bob"),
        bounds=FEW,
    ),
    scenario("another price and purchase", organizer=edits(price=DEARER), ann=buys_and_pays),
    scenario(
        "another price and payment", BOUGHT, organizer=edits(price=DEARER), ann=pays_and_verifies
    ),
    scenario("no price and purchase", organizer=edits(price=FREE), ann=buys_and_pays),
    scenario("close and purchase", organizer=closes, ann=buys_and_pays),
    scenario(
        "edit and edit, of the same version", organizer=edits(capacity=2), other=edits(price=DEARER)
    ),
    scenario("cancel event and edit", BOUGHT, organizer=cancels_event, other=edits(capacity=2)),
    scenario("cancel event and purchase", organizer=_cancels_and_unwinds, ann=buys_and_pays),
    scenario(
        "cancel event and purchase, with one key",
        (buys("ann", key="k"),),
        capacity=2,
        organizer=_cancels_and_unwinds,
        ann=_repeats_and_pays,
    ),
    scenario(
        "cancel event and payment", BOUGHT, organizer=_cancels_and_unwinds, ann=pays_and_verifies
    ),
    scenario(
        "cancel event and payment, as the hold ends",
        BOUGHT,
        time_passes=(HOLD,),
        organizer=_cancels_and_unwinds,
        ann=pays_and_verifies,
        bounds=FEW,
    ),
    scenario("unwind and unwind", CANCELLED, first=unwinds, second=unwinds),
    scenario("unwind and settle", CANCELLED, unwinder=unwinds, settler=settles),
    scenario("unwind and verify", (*PAID, cancels_event), unwinder=unwinds, ann=verifies),
    scenario("unwind and notification", (*PAID, cancels_event), unwinder=unwinds, gateway=notifies),
    scenario("unwind and cancel", (*BOUGHT, cancels_event), unwinder=unwinds, ann=cancels),
    scenario("unwind and refund", CANCELLED, unwinder=unwinds, organizer=refunds),
    scenario("unwind and refund by hand", CANCELLED, unwinder=unwinds, seller=gives_back),
    scenario("unwind and dispute", CANCELLED, unwinder=unwinds, bank=disputes),
    scenario(
        "unwind and slow payment that succeeds",
        SLOW,
        unwinder=unwinds,
        bank=in_turn(_is_paid, notifies),
    ),
    scenario(
        "unwind and settle, of more slow payments than a page has",
        MOSTLY_SLOW,
        capacity=3,
        unwinder=partial(Simulation.unwind, limit=1),
        settler=settles,
        bounds=FEW,
    ),
    scenario(
        "unwind and scan, of a free ticket",
        (*BOUGHT, cancels_event),
        price=FREE,
        unwinder=unwinds,
        north=scans("north"),
    ),
)
"""All schedules of each one run in a second or two."""

EVENT_RESTORE_SCENARIOS = (
    scenario(
        "restore and unwind, of an event that was cancelled before the backup",
        (*CANCELLED, backs_up),
        unwinder=in_turn(unwinds, settles),
        operator=until_refused(Simulation.go_back, restores),
        bounds=FEWEST,
    ),
    scenario(
        "restore and unwind, of an event that is cancelled after the backup",
        (*ISSUED, backs_up),
        organizer=in_turn(cancels_event, unwinds, settles),
        operator=until_refused(Simulation.go_back, restores),
        bounds=FEWEST,
    ),
    scenario(
        "restore and unwind, of a ticket that was paid after the backup",
        (*BOUGHT, cancels_event, backs_up, partial(Simulation.pay, buyer="ann")),
        unwinder=unwinds,
        operator=until_refused(Simulation.go_back, restores),
        bounds=FEWEST,
    ),
)
"""They need `World.back_up`."""
