"""Scenarios of a restore: the store goes back to a backup, and is brought in line with the gateway.

The world needs `World.back_up`.
"""

from collections.abc import Sequence

from ticketing_core.testing.simulation.actions import Action, Simulation, in_turn, retried
from ticketing_core.testing.simulation.choices import Bounds
from ticketing_core.testing.simulation.late import A_DAY, A_MONTH, FEW, later
from ticketing_core.testing.simulation.scenario import Scenario
from ticketing_core.testing.simulation.steps import (
    BOUGHT,
    ISSUED,
    PAID,
    buys,
    buys_and_pays,
    cancels,
    disputes,
    gives_back,
    gives_back_a_part,
    hold_ends,
    loses,
    needs_the_buyer,
    notifies,
    pays,
    refunds,
    settles,
    the_bank_returns_it,
    until_refused,
    verifies,
)

FEWEST = Bounds(switches=0, calm_switches=2)
"""A restore makes some thirty calls."""

backs_up: Action = Simulation.back_up
_goes_back: Action = Simulation.go_back
restores: Action = Simulation.restore
_is_restored = until_refused(_goes_back, restores)


def _restore(
    name: str,
    before: Sequence[Action] = (),
    *,
    capacity: int = 2,
    bounds: Bounds = FEWEST,
    notifications: bool = False,
    **actors: Action,
) -> Scenario:
    return Scenario(
        name=name,
        before=before,
        capacity=capacity,
        actors=actors,
        notifications=notifications,
        bounds=bounds,
    )


_REFUNDED_TWICE = (pays, verifies, refunds, the_bank_returns_it, notifies, the_bank_returns_it)
"""Settling makes the second refund, and the bank returns both."""

RESTORE_SCENARIOS = (
    _restore(
        "restore and purchase, of a lost ticket that was paid",
        (backs_up, *ISSUED, _goes_back),
        operator=restores,
        bob=buys("bob"),
        bounds=FEW,
    ),
    _restore(
        "restore and payment, of a lost ticket",
        (backs_up, *BOUGHT, _goes_back),
        operator=restores,
        ann=pays,
        bounds=FEW,
    ),
    _restore(
        "restore and purchase again with the key, of a lost ticket",
        (backs_up, buys("ann", key="k"), _goes_back),
        operator=restores,
        ann=in_turn(pays, buys("ann", key="k"), pays),
    ),
    _restore(
        "restore and verify, of a payment since the backup",
        (*BOUGHT, backs_up, pays, verifies, _goes_back),
        operator=restores,
        ann=verifies,
        bounds=FEW,
    ),
    _restore(
        "restore and settle, of a payment since the backup whose hold is over",
        (*BOUGHT, backs_up, pays, verifies, hold_ends, _goes_back),
        operator=restores,
        settler=settles,
    ),
    _restore(
        "restore and cancel, of an open checkout",
        (*BOUGHT, backs_up, _goes_back),
        operator=restores,
        ann=cancels,
    ),
    _restore(
        "restore and notification, of a refund since the backup",
        (*ISSUED, backs_up, refunds, _goes_back),
        operator=restores,
        gateway=notifies,
        notifications=True,
    ),
    _restore(
        "restore and refund again, of a refund since the backup that the bank has returned",
        (*ISSUED, backs_up, refunds, the_bank_returns_it, settles, _goes_back),
        operator=restores,
        organizer=refunds,
    ),
    _restore(
        "restore and refund again, of a payment and of refunds that the bank has returned twice",
        (*BOUGHT, backs_up, *_REFUNDED_TWICE, _goes_back),
        operator=restores,
        organizer=refunds,
    ),
    _restore(
        "restore and refund that waits, of a sale before the backup",
        (*ISSUED, needs_the_buyer, backs_up, _goes_back),
        operator=restores,
        organizer=refunds,
        bounds=Bounds(mishaps=0, calm_switches=1),
    ),
    _restore(
        "restore and refund of the rest by hand, of a sale of last month",
        (*ISSUED, later(A_MONTH), backs_up, gives_back_a_part, _goes_back),
        operator=restores,
        seller=gives_back,
    ),
    _restore(
        "restore and lost dispute, of a sale of last month",
        (*ISSUED, later(A_MONTH), disputes, backs_up, later(A_DAY), _goes_back),
        operator=restores,
        bank=loses,
    ),
    _restore(
        "restore and restore, of a payment and a lost ticket",
        (*BOUGHT, backs_up, pays, verifies, buys("bob"), _goes_back),
        first=restores,
        second=restores,
        bounds=Bounds(switches=0, calm_switches=1),
    ),
    _restore(
        "purchase, and a restore at any moment",
        (backs_up,),
        operator=_is_restored,
        ann=until_refused(retried(buys("ann", key="k")), pays, verifies),
        bounds=FEW,
    ),
    _restore(
        "purchase, a backup and a restore after the hold, each at any moment",
        operator=until_refused(backs_up, _goes_back, hold_ends, restores),
        ann=buys_and_pays,
        bounds=Bounds(switches=1, calm_switches=3),
    ),
    _restore(
        "verify, and a restore at any moment",
        (*PAID, backs_up),
        operator=_is_restored,
        ann=verifies,
    ),
    _restore(
        "refund, and a restore at any moment",
        (*ISSUED, backs_up),
        operator=_is_restored,
        organizer=refunds,
    ),
    _restore(
        "settle, and a restore at any moment, after the hold",
        (*PAID, hold_ends, backs_up),
        operator=_is_restored,
        settler=settles,
    ),
)
"""Each runs with a few forced switches."""
