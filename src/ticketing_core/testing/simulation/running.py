"""Runs a scenario once: from an empty world to the checks after everything has settled."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

from attrs import define, field, frozen

from ticketing_core.errors import TicketingError
from ticketing_core.testing.simulation.actions import Simulation
from ticketing_core.testing.simulation.actor import Crashed
from ticketing_core.testing.simulation.calls import Call
from ticketing_core.testing.simulation.choices import Bounds, Choices
from ticketing_core.testing.simulation.ends import Ends
from ticketing_core.testing.simulation.facts import Facts
from ticketing_core.testing.simulation.promises import Promises
from ticketing_core.testing.simulation.scenario import Scenario
from ticketing_core.testing.simulation.scheduler import Scheduler
from ticketing_core.testing.simulation.threads import Start, start_thread
from ticketing_core.testing.simulation.trace import Failure, Line, PromiseBroken
from ticketing_core.testing.simulation.world import World

MakeWorld = Callable[[], World]
"""Makes a new world with an empty store."""

PAUSE = timedelta(hours=25)
"""Longer than any hold and any lease, and than the pause between two looks at what waits."""

COMPARED_DAILY = timedelta(hours=26)
"""What a service compares each day: longer than the pause."""

MOST_PASSES = 8
"""A ticket has only a few transitions left; more passes mean that it never settles."""


@frozen
class Prepared:
    """A world in which a scenario is prepared.

    Attributes:
        put_back: Puts world and facts back to when it was.
    """

    world: World
    facts: Facts
    lines: Sequence[Line]
    put_back: Callable[[], None]


@define(kw_only=True)
class Memory:
    """What one run of a search leaves to the next.

    Attributes:
        start: Starts threads.
        ends: How runs have ended; an equal end is not settled again.
        prepared: The world of the next run, if it can be put back.
    """

    start: Start = start_thread
    ends: Ends = field(factory=Ends)
    prepared: Prepared | None = None

    def world(self, make_world: MakeWorld) -> tuple[World, Facts]:
        """Return the prepared world, put back, or a new one."""
        if self.prepared is None:
            return make_world(), Facts()
        self.prepared.put_back()
        return self.prepared.world, self.prepared.facts


def run_scenario(
    scenario: Scenario,
    make_world: MakeWorld,
    *,
    choices: Choices,
    bounds: Bounds,
    checked: int = 0,
    memory: Memory | None = None,
    seed: int | None = None,
) -> Failure | None:
    """Run the scenario by these choices.

    Args:
        scenario: What to run.
        make_world: Makes the empty world.
        choices: Makes the decisions.
        bounds: Limits them.
        checked: An earlier run made as many choices but the last alike, so the promises are known
            to hold until that one.
        memory: Of earlier runs of the same scenario.
        seed: Shown by the failure.

    Returns:
        The failure, or None if all promises were kept.
    """
    memory = memory or Memory()
    world, facts = memory.world(make_world)
    promises = Promises(world, facts)

    def after_change(call: Call, outcome: object) -> None:
        promises.check_answer(call, outcome)
        facts.add_change(call.method, outcome)
        if len(choices.made) >= checked:
            promises.check_always()

    scheduler = Scheduler(
        clock=world.clock,
        choices=choices,
        bounds=bounds,
        after_change=after_change,
        start=memory.start,
    )
    simulation = Simulation.of(world, facts=facts, scheduler=scheduler)
    try:
        _prepare(simulation, scenario, memory)
        for name, action in scenario.actors.items():
            scheduler.add(name, partial(action, simulation))
        for duration in scenario.time_passes:
            scheduler.add("time", partial(simulation.let_pass, duration), moves_clock=True)
        scheduler.run()
        # What follows is a function of these, the scenario and the prepared world.
        end = (*scheduler.effects, (world.clock.now(), facts.beyond_effects))
        if scheduler.failure is None and memory.ends.add(end):
            _settle_everything(simulation, promises, notifications=scenario.notifications)
            promises.check_settled()
        broken = scheduler.failure
    except PromiseBroken as error:
        broken = str(error)
    except Crashed:
        broken = scheduler.failure
    if broken is None:
        return None
    return Failure(
        scenario=scenario.name,
        promise=broken,
        choices=tuple(choice.taken for choice in choices.made),
        lines=tuple(scheduler.lines),
        seed=seed,
        run=None if seed is None else f"run_random(make_world, seed={seed})",
    )


def _prepare(simulation: Simulation, scenario: Scenario, memory: Memory) -> None:
    """Let happen what has happened before, unless the world was put back to after it."""
    world, facts, scheduler = simulation.world, simulation.facts, simulation.scheduler
    if memory.prepared is not None:
        scheduler.lines.extend(memory.prepared.lines)
        return
    simulation.put_on_sale(scenario.event)
    try:
        for action in scenario.before:
            action(simulation)
    except TicketingError as error:
        raise PromiseBroken(f"`before` is refused without any mishap: {error!r}") from error
    scheduler.effects.clear()
    if world.save is not None:
        lines = tuple(scheduler.lines)
        memory.prepared = Prepared(world, facts, lines, world.save(facts))


def _settle_everything(simulation: Simulation, promises: Promises, *, notifications: bool) -> None:
    """Finish the restore, sync the gates, let hours pass, let the jobs run, and deliver.

    They run until nothing changes any more.
    """
    gateway = simulation.world.gateway
    try:
        if simulation.needs_restore:
            simulation.restore()
        simulation.sync_all()
        before: dict[object, int] | None = None
        for _ in range(MOST_PASSES):
            now: dict[object, int] = {
                ticket.ticket_id: ticket.version for ticket in promises.tickets()
            }
            # A refund that has failed at once is seen by the next look.
            now |= {each.payment_id: len(each.refunds) for each in gateway.checkouts}
            if now == before:
                simulation.deliver_for_days()
                return
            before = now
            simulation.world.clock.advance(PAUSE)
            if not notifications:
                simulation.read_news()
            simulation.settle()
            simulation.unwind_if_cancelled()
            if notifications:
                simulation.notify()
            else:
                simulation.reconcile(span=COMPARED_DAILY)
    except TicketingError as error:
        raise PromiseBroken(f"settling fails without any mishap: {error!r}") from error
    raise PromiseBroken(f"settling changes tickets again and again: {before}")
