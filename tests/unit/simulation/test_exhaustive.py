"""The exhaustive mode: all schedules of the standard scenarios, and how a failure is shown."""

import threading
from functools import partial

import pytest
from attrs import evolve

from tests.unit.simulation.broken import FreesFirst
from tests.unit.simulation.counted import counted
from ticketing_core import Money
from ticketing_core.testing import FakeGateway, Fault
from ticketing_core.testing.simulation import (
    NO_MISHAPS,
    STANDARD_SCENARIOS,
    Bounds,
    NotRepeatable,
    Scenario,
    Simulation,
    World,
    explore,
    replay,
    world_in_memory,
)

SCHEDULES = {
    "purchase and purchase, of the last place": (48, 513),
    "purchase and cancel": (32, 337),
    "purchase and notification": (9, 147),
    "purchase and purchase, by one buyer": (62, 684),
    "purchase and purchase, with one key": (56, 1133),
    "purchase and purchase, with one key, the second a minute later": (261, 2175),
    "purchase and settle, when the reservation ends": (299, 4016),
    "pay, verify and cancel": (35, 393),
    "pay, verify and settle, after the hold": (80, 703),
    "pay, verify and settle, as the hold ends": (266, 2815),
    "verify and verify": (20, 238),
    "cancel and cancel": (20, 318),
    "cancel and settle, after the hold": (50, 655),
    "cancel and purchase, of the freed place": (10, 150),
    "cancel and notification": (20, 280),
    "cancel and refund": (4, 73),
    "refund and purchase, of the freed place": (46, 618),
    "reconcile and purchase": (426, 1605),
    "reconcile and verify": (314, 1356),
    "reconcile and cancel": (314, 1544),
    "reconcile and refund": (2249, 4505),
    "reconcile and settle, of an owed refund": (3829, 7375),
    "refund and refund": (186, 1102),
    "refund and settle, of an owed refund": (111, 964),
    "refund and verify": (4, 62),
    "refund and notification": (48, 530),
    "refund and refund by hand": (135, 778),
    "refund and dispute": (135, 839),
    "refund and dispute that is won": (18, 220),
    "refund and dispute of a part that is lost": (18, 190),
    "settle and lost dispute, of an owed refund": (22, 254),
    "refund by a person and appeal that is won, after a loss": (14, 219),
    "refund and settle, of a refund that fails": (35, 514),
    "notification and notification, of a refund that the bank returns": (1093, 2291),
    "settle and notification, of a refund that waits": (178, 1309),
    "notification and notification, of a refund that waits": (31, 271),
    "refund and refund by hand that waits": (125, 848),
    "verify and refund by hand": (352, 1116),
    "notification and verify": (20, 240),
    "notification and notification": (20, 242),
    "notification and settle, after the hold": (35, 424),
    "settle and settle, after the hold": (30, 546),
    "slow payment that fails, and cancel": (31, 336),
    "slow payment that succeeds, and settle": (70, 615),
    "free purchase and free purchase, of the last place": (6, 130),
    "free purchase and free purchase, with one key": (6, 144),
    "free purchase and refund": (21, 236),
}
"""How many schedules each scenario has without a mishap, and in all.

Pinned, so that a smaller search does not go unnoticed. A use case that makes another call, or a
port with another way to fail, changes the numbers; update them if the new ones make sense.
"""


def test_every_scenario_is_pinned() -> None:
    """The table has exactly the standard scenarios."""
    assert [scenario.name for scenario in STANDARD_SCENARIOS] == list(SCHEDULES)


@pytest.mark.parametrize("scenario", STANDARD_SCENARIOS, ids=lambda scenario: scenario.name)
def test_no_schedule_breaks_a_promise(scenario: Scenario) -> None:
    """Every interleaving, crash point and lost answer is run, as many as are pinned."""
    assert counted(scenario) == SCHEDULES[scenario.name]


def test_interleavings_of_independent_steps_are_counted_right() -> None:
    """Two actors of two steps each have 4! / (2! 2!) interleavings, three of one step have 3!."""

    def looks(times: int, simulation: Simulation) -> None:
        for _ in range(times):
            simulation.office.event(simulation.facts.event_id)

    two = Scenario(name="two", actors={"1": partial(looks, 2), "2": partial(looks, 2)})
    three = Scenario(name="three", actors={name: partial(looks, 1) for name in "123"})
    assert explore(two, world_in_memory, bounds=NO_MISHAPS).schedules == 6
    assert explore(three, world_in_memory, bounds=NO_MISHAPS).schedules == 6
    # Each call may also get no answer, or not be made after a crash: both end the actor.
    alone = Scenario(name="alone", actors={"1": partial(looks, 2)})
    assert explore(alone, world_in_memory).schedules == 1 + 2 * 2


def test_more_mishaps_and_switches_make_more_schedules() -> None:
    """Nothing but the bounds limits a search."""
    scenario = Scenario(
        name="cancel twice",
        before=(partial(Simulation.purchase, buyer="ann"),),
        actors={name: partial(Simulation.cancel, buyer="ann") for name in "12"},
    )
    counts = [
        explore(scenario, world_in_memory, bounds=bounds).schedules
        for bounds in (NO_MISHAPS, Bounds(switches=0), Bounds(), Bounds(switches=None))
    ]
    assert counts == sorted(set(counts))
    deeper = explore(scenario, world_in_memory, bounds=Bounds(mishaps=2, switches=1))
    assert deeper.failure is None
    assert deeper.schedules > counts[1]


CANCEL_IN_THE_WRONG_ORDER = evolve(
    next(scenario for scenario in STANDARD_SCENARIOS if scenario.name == "cancel and cancel"),
    name="cancel, in the wrong order",
)
SHOWN = """\
PROMISE BROKEN: ann can still pay ticket 1 (cancelled) at ['co_1']
in: cancel, in the wrong order
   1 before             events.to_sell(1) -> event 1 keeps 0 of 1
   2 before             tickets.hold(1 for ann) -> Held(ticket 1 reserved (version 1))
   3 before             gateway.open(ticket 1 reserved (version 1)) -> Open(co_1)
   4 before             tickets.replace(ticket 1: reserved (version 1) => paying (version 2), \
why='checkout opened') -> Replaced(ticket 1 paying (version 2))
   5 first              tickets.by_id(1) -> ticket 1 paying (version 2)
   6 first              tickets.replace(ticket 1: paying (version 2) => cancelled (version 3), \
why='cancelled') -> Replaced(ticket 1 cancelled (version 3))
again: replay(scenario, make_world, choices=(0, 0, 0, 0))"""


def test_a_failure_shows_all_calls_and_can_be_replayed() -> None:
    """It shows each caller and result, the broken promise, and how to replay it."""
    make_world = partial(world_in_memory, office=FreesFirst)
    failure = explore(CANCEL_IN_THE_WRONG_ORDER, make_world).failure
    assert failure is not None
    assert str(failure) == SHOWN
    assert replay(CANCEL_IN_THE_WRONG_ORDER, make_world, choices=failure.choices) == failure


def test_an_unexpected_error_is_a_failure() -> None:
    """Mishaps alone are none: a lost answer or a crash ends the actor before its error."""

    def ends_badly(simulation: Simulation) -> None:
        simulation.purchase("ann")
        raise RuntimeError("a bug")

    scenario = Scenario(name="one purchase", actors={"ann": ends_badly})
    failures = [
        replay(scenario, world_in_memory, choices=choices) for choices in [(0, 3), (0, 0, 0, 5)]
    ]
    assert failures == [None, None]
    failure = replay(scenario, world_in_memory, choices=())
    assert failure is not None
    assert "RuntimeError: a bug" in failure.promise


def test_a_world_that_is_left_to_chance_is_refused() -> None:
    """A search over a world that differs from run to run would prove nothing."""
    prices = iter(range(2500, 10_000))

    class UnpredictableGateway(FakeGateway):
        def objection(self, total: Money) -> None:
            """Refuse every other checkout, across runs."""
            del total
            if next(prices) % 2:
                self.fail_next("open", Fault.REFUSED)

    make_world = partial(world_in_memory, gateway=UnpredictableGateway)
    with pytest.raises(NotRepeatable):
        explore(STANDARD_SCENARIOS[0], make_world)
    with pytest.raises(NotRepeatable):
        replay(STANDARD_SCENARIOS[0], world_in_memory, choices=[0] * 500)


def test_the_actions_before_must_not_fail() -> None:
    """A scenario that cannot be set up is a failure."""
    scenario = Scenario(
        name="sold out before",
        before=[partial(Simulation.purchase, buyer="ann", quantity=2)],
        actors={},
    )
    failure = replay(scenario, world_in_memory, choices=())
    assert failure is not None
    assert "SoldOut" in failure.promise


def test_a_crash_ends_an_actor_and_its_thread() -> None:
    """No run leaves a thread behind, whatever happened in it."""
    before = threading.active_count()
    scenario = Scenario(
        name="buy twice", actors={name: partial(Simulation.purchase, buyer=name) for name in "ab"}
    )
    assert explore(scenario, world_in_memory).failure is None
    assert explore(scenario, partial(world_in_memory, office=FreesFirst)).failure is None
    for thread in threading.enumerate():
        if thread.name in scenario.actors:
            thread.join(timeout=5)
    assert threading.active_count() == before


def test_the_world_can_be_made_of_given_parts() -> None:
    """A user passes the store; each world gets a clock and a gateway of its own."""
    world = world_in_memory()
    again = World(
        events=world.events,
        tickets=world.tickets,
        admissions=world.admissions,
        installation=world.installation,
    )
    assert again.clock is not world.clock
    assert again.gateway is not world.gateway
