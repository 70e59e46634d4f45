"""Controls: naive outboxes, whose mistakes a search of the outbox's scenarios has to find."""

from collections.abc import Callable
from functools import partial

import pytest
from attrs import evolve

from tests.support.broken_promise import broken_promise
from tests.unit.broken_outboxes import (
    ClaimsAnyRow,
    ClaimsTheOldestThatIsFree,
    LosesWhatIsPutOff,
    MarksBeforeItIsSent,
    OrdersByVersion,
    TellsOfTheOldEpoch,
    WritesInASecondStep,
)
from tests.unit.simulation.broken_deliveries import Announces, TellsOfRefundsApart
from ticketing_core.testing.simulation import (
    OUTBOX_SCENARIOS,
    Bounds,
    Scenario,
    World,
    explore,
    world_in_memory,
)

OUTBOX = {scenario.name: scenario for scenario in OUTBOX_SCENARIOS}
TWO = "deliver and deliver, of two versions"
TWO_TICKETS = "deliver and deliver, of two tickets, one of which is minded"
REFUND = "deliver and refund"
RESTORE = "deliver, and a restore at any moment, of a refund since the backup"
AFTER_RESTORE = "deliver and refund, after a restore"

OVERTAKEN = "ticket.issued (epoch 1, version 1) comes after a later one"

variant = partial(partial, world_in_memory)
apart = partial(variant, tickets=TellsOfRefundsApart)

WITHOUT_A_MISHAP = [
    pytest.param(
        apart(office=partial(Announces, first=True)),
        REFUND,
        "ticket.refunded (epoch 1, version 3) is told, and version 2 is stored",
        id="told before it is stored",
    ),
    pytest.param(
        variant(outbox=MarksBeforeItIsSent),
        TWO,
        OVERTAKEN,
        id="marked before it is sent",
    ),
    pytest.param(
        variant(outbox=ClaimsTheOldestThatIsFree),
        TWO,
        OVERTAKEN,
        id="the oldest that is free",
    ),
    pytest.param(
        variant(outbox=WritesInASecondStep),
        TWO,
        "versions [2] of ticket 1 (issued, version 2) were never told",
        id="written with the next change",
    ),
    pytest.param(
        variant(outbox=OrdersByVersion),
        AFTER_RESTORE,
        OVERTAKEN,
        id="any epoch",
    ),
    pytest.param(
        variant(outbox=TellsOfTheOldEpoch),
        RESTORE,
        "the newest that is told of ticket 1 (issued, version 1)"
        " is ticket.refunded (epoch 1, version 2)",
        id="one epoch",
    ),
]

BY_A_MISHAP = [
    pytest.param(
        apart(office=partial(Announces, first=False)),
        REFUND,
        "versions [3] of ticket 1 (refunded, version 3) were never told",
        id="told in a second step: the process dies before",
    ),
    pytest.param(
        variant(outbox=ClaimsAnyRow),
        TWO,
        OVERTAKEN,
        id="any row that is due",
    ),
    pytest.param(
        variant(outbox=LosesWhatIsPutOff),
        TWO_TICKETS,
        "versions [1] of ticket 2 (issued, version 1) were never told",
        id="loses what is put off",
    ),
]


def without_a_mishap(scenario: Scenario) -> Bounds:
    """Return the bounds of the scenario's schedules that have no mishap."""
    return evolve(scenario.bounds, mishaps=0)


@pytest.mark.parametrize(("make_world", "name", "promise"), WITHOUT_A_MISHAP)
def test_control_a_switch_alone_shows_the_mistake(
    make_world: Callable[[], World], name: str, promise: str
) -> None:
    """Also without a lost answer or a crash."""
    scenario = OUTBOX[name]
    bounds = without_a_mishap(scenario)
    assert broken_promise(scenario, make_world, bounds=bounds) == promise


@pytest.mark.parametrize(("make_world", "name", "promise"), BY_A_MISHAP)
def test_control_one_mishap_shows_the_mistake(
    make_world: Callable[[], World], name: str, promise: str
) -> None:
    """These work until an answer is lost or a process dies."""
    scenario = OUTBOX[name]
    assert explore(scenario, make_world, bounds=without_a_mishap(scenario)).failure is None
    assert broken_promise(scenario, make_world) == promise
