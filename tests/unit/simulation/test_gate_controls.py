"""Controls: naive gates, whose mistakes a search has to find.

The search keeps to the scenarios of the gates. Where a scenario shows too little, the control has
its own.
"""

from collections.abc import Callable
from functools import partial

import pytest
from attrs import evolve

from tests.support.broken_promise import broken_promise
from tests.unit.simulation.broken_gate_steps import (
    AddsScans,
    ForgetsWhichScan,
    GuardsOnlyTheNumber,
    InSteps,
    StoresTheScan,
    Swaps,
    WritesWhatItRead,
)
from tests.unit.simulation.broken_gates import (
    CallsTheUnpaidVoid,
    CountsOnlyTheInvited,
    CountsUpToTheQuantity,
    ForgetsAnEarlyUndo,
    ForgetsRefusals,
    GivesTheVoidARight,
    OnlySaysSo,
    OnlySubtracts,
    RefusalsAreFinal,
    RefusesLate,
    RevivesTheTicket,
    StoresTheFirstLook,
    TakesTheRightBack,
    TellsNobody,
    WritesNoHistory,
    lets_in_before_it_notes,
    takes_back_too_early,
)
from tests.unit.simulation.broken_parts import Unconstrained
from ticketing_core.testing.simulation import (
    FREE,
    GATE_SCENARIOS,
    NO_MISHAPS,
    Action,
    Scenario,
    Simulation,
    World,
    explore,
    search,
    world_in_memory,
)

GATES = {scenario.name: scenario for scenario in GATE_SCENARIOS}
COPIED = "scan and scan, of a copied ticket"
PARTS = "scan and scan, of a group that comes in parts"
REFUND = "scan and refund"
SENT_TWICE = "undo and scan that is sent twice, of a copied ticket"
PAID_NOW = "scan and verify, of a payment of this minute"
MIS_SCAN = "mis-scan and its copy"
MIS_SCAN_OF_GROUP = "mis-scan and scan, of a group"
OFFLINE = "offline scan and refund, of a place that is sold again"
TWO_OFFLINE = "two offline gates, of a copied ticket"

variant = partial(partial, world_in_memory)
in_steps = partial(variant, gate=InSteps)

BOUGHT_FOR_TWO = (partial(Simulation.purchase, buyer="ann", quantity=2),)


def for_two(name: str, **actors: Action) -> Scenario:
    """Return a scenario of a ticket for two."""
    return Scenario(name=name, capacity=2, price=FREE, before=BOUGHT_FOR_TWO, actors=actors)


COPY = for_two(
    "scan and its copy",
    north=partial(Simulation.scan, device="north", buyer="ann"),
    network=partial(Simulation.send_again, device="north"),
)
ONE_AND_TWO = for_two(
    "scan of one, and offline of two",
    north=partial(Simulation.scan, device="north", buyer="ann"),
    south=partial(Simulation.scan_offline, device="south", buyer="ann", people=2),
)

WITHOUT_A_MISHAP = [
    pytest.param(
        in_steps(admissions=WritesWhatItRead),
        GATES[COPIED],
        "the history of ticket 1 has [1, 2, 2], and the ticket version 2",
        id="writes what it read: two go in, one is counted",
    ),
    pytest.param(
        in_steps(admissions=WritesWhatItRead),
        GATES[REFUND],
        "the history of ticket 1 has [1, 2, 3, 4, 5, 4], and the ticket version 4",
        id="writes what it read: a refund is forgotten",
    ),
    pytest.param(
        in_steps(admissions=Swaps),
        GATES[COPIED],
        "ticket 1 (issued) has 1 inside, its scans 2",
        id="replaces the ticket, as settling does",
    ),
    pytest.param(
        in_steps(admissions=GuardsOnlyTheNumber),
        GATES[REFUND],
        "a scan of ticket 1 at north is answered admitted 1,"
        " and it is ticket 1 refunded (version 6)",
        id="guards only the number",
    ),
    pytest.param(
        variant(gate=partial(StoresTheScan, scan_first=False), admissions=AddsScans),
        GATES[PARTS],
        "ticket 1 (issued) has 1 inside, its scans 0",
        id="stores the scan afterwards",
    ),
    pytest.param(
        variant(gate=partial(StoresTheScan, scan_first=True), admissions=AddsScans),
        GATES[COPIED],
        "ticket 1 (issued) has 0 inside, its scans 1",
        id="stores the scan before",
    ),
    pytest.param(
        in_steps(admissions=ForgetsWhichScan),
        GATES[MIS_SCAN],
        "a scan of ticket 1 at north was taken back, and is answered admitted 1",
        id="looks for the scan before the lock: a copy comes after the undo",
    ),
    pytest.param(
        in_steps(admissions=ForgetsWhichScan),
        COPY,
        "a scan of ticket 1 (issued) counts twice",
        id="looks for the scan before the lock: a copy counts",
    ),
    pytest.param(
        variant(admissions=StoresTheFirstLook),
        GATES[PAID_NOW],
        "a scan of ticket 1 at north is answered not_paid, and it is ticket 1 issued (version 3)",
        id="stores not paid before it has looked",
    ),
    pytest.param(
        variant(admissions=ForgetsRefusals),
        GATES[SENT_TWICE],
        "a scan of ticket 1 at south is answered admitted 1, and was answered already_admitted",
        id="forgets refusals",
    ),
    pytest.param(
        variant(admissions=GivesTheVoidARight, events=Unconstrained),
        GATES[OFFLINE],
        "tickets keep 2 of 1 places",
        id="gives people of a void ticket a right",
    ),
    pytest.param(
        variant(admissions=RefusesLate),
        GATES[OFFLINE],
        "1 of the noted scans are not stored",
        id="refuses what has happened",
    ),
    pytest.param(
        variant(admissions=CountsUpToTheQuantity),
        ONE_AND_TWO,
        "2 went in by a scan that counts 1",
        id="counts up to the quantity",
    ),
    pytest.param(
        variant(admissions=OnlySubtracts),
        GATES[MIS_SCAN_OF_GROUP],
        "ticket 1 (issued) has 0 inside, its scans 1",
        id="only subtracts",
    ),
    pytest.param(
        variant(admissions=TakesTheRightBack),
        GATES[TWO_OFFLINE],
        "ticket 1 (issued) has excess, and room",
        id="lets those go first who have a right",
    ),
    pytest.param(
        variant(admissions=OnlySaysSo),
        GATES[MIS_SCAN_OF_GROUP],
        "a scan counts 1, and 0 are inside by it",
        id="only says that it is taken back",
    ),
    pytest.param(
        variant(admissions=WritesNoHistory),
        GATES[COPIED],
        "the history of ticket 1 has [1], and the ticket version 2",
        id="writes no history",
    ),
    pytest.param(
        variant(admissions=RevivesTheTicket, events=Unconstrained),
        GATES[OFFLINE],
        "the history of ticket 1: an admission makes it issued",
        id="revives a void ticket",
    ),
    pytest.param(
        variant(admissions=CallsTheUnpaidVoid),
        GATES[PAID_NOW],
        "the gate list is GateList(event_id=1, void=[1], inside=[]),"
        " and should be GateList(event_id=1, void=[], inside=[])",
        id="lists as void what may be paid",
    ),
    pytest.param(
        variant(admissions=CountsOnlyTheInvited),
        GATES[TWO_OFFLINE],
        "the event has Inside(admitted=1, excess=0), its tickets have Inside(admitted=1, excess=1)",
        id="hides people without a right in the sum",
    ),
    pytest.param(
        variant(admissions=TellsNobody),
        GATES[TWO_OFFLINE],
        "the organizer is told of [], and should be of [1]",
        id="does not tell who has no right",
    ),
    pytest.param(
        world_in_memory,
        evolve(GATES[COPIED], actors={**GATES[COPIED].actors, "north": takes_back_too_early}),
        "the service has let in 2 of 1 people of ticket 1",
        id="takes back before they are out",
    ),
]

BY_A_MISHAP = [
    pytest.param(
        variant(admissions=RefusalsAreFinal),
        GATES[COPIED],
        "1 of the noted scans are not stored",
        id="takes a refusal that nobody heard for the end",
    ),
    pytest.param(
        variant(admissions=ForgetsAnEarlyUndo),
        GATES[MIS_SCAN],
        "a scan of ticket 1 at north was taken back, and is answered admitted 1",
        id="forgets an undo that comes before its scan",
    ),
    pytest.param(
        world_in_memory,
        for_two("note afterwards", north=lets_in_before_it_notes),
        "1 went in by a scan that counts 0",
        id="lets in before it notes",
    ),
]


@pytest.mark.parametrize(("make_world", "scenario", "promise"), WITHOUT_A_MISHAP)
def test_control_a_switch_alone_shows_the_mistake(
    make_world: Callable[[], World], scenario: Scenario, promise: str
) -> None:
    """Also without a lost answer or a crash."""
    assert broken_promise(scenario, make_world, bounds=NO_MISHAPS) == promise


@pytest.mark.parametrize(("make_world", "scenario", "promise"), BY_A_MISHAP)
def test_control_one_mishap_shows_the_mistake(
    make_world: Callable[[], World], scenario: Scenario, promise: str
) -> None:
    """These work until an answer is lost or a device dies."""
    assert explore(scenario, make_world, bounds=NO_MISHAPS).failure is None
    assert broken_promise(scenario, make_world) == promise


@pytest.mark.parametrize("scenario", [COPY, ONE_AND_TWO], ids=lambda scenario: scenario.name)
def test_the_scenarios_of_the_controls_break_no_promise_by_themselves(scenario: Scenario) -> None:
    """So it is the variant that is caught."""
    assert explore(scenario, world_in_memory).failure is None


@pytest.mark.parametrize(
    "make_world",
    [
        in_steps(admissions=WritesWhatItRead),
        variant(admissions=RefusesLate),
        variant(admissions=OnlySubtracts),
        variant(admissions=ForgetsAnEarlyUndo),
    ],
)
def test_control_the_random_mode_finds_mistakes_of_gates(make_world: Callable[[], World]) -> None:
    """A thousand seeds are enough for the ones that need no rare story."""
    assert search(make_world, seeds=range(1000)) is not None
