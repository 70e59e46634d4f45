"""Runs a scenario once: from an empty world to the checks after everything has settled."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from ticketing_core.errors import TicketingError
from ticketing_core.testing.simulation.actions import Simulation
from ticketing_core.testing.simulation.actor import Crashed
from ticketing_core.testing.simulation.calls import Call
from ticketing_core.testing.simulation.choices import Bounds, Choices
from ticketing_core.testing.simulation.facts import Facts
from ticketing_core.testing.simulation.promises import Promises
from ticketing_core.testing.simulation.scenario import Scenario
from ticketing_core.testing.simulation.scheduler import Scheduler
from ticketing_core.testing.simulation.trace import Failure, PromiseBroken
from ticketing_core.testing.simulation.world import World

MakeWorld = Callable[[], World]
"""Makes a new world with an empty store."""

PAUSE = timedelta(hours=25)
"""Longer than any hold and any lease, and than the pause between two looks at what waits."""

COMPARED_DAILY = timedelta(hours=26)
"""What a service compares each day: longer than the pause."""

MOST_PASSES = 8
"""A ticket has only a few transitions left; more passes mean that it never settles."""


def run_scenario(
    scenario: Scenario,
    make_world: MakeWorld,
    *,
    choices: Choices,
    bounds: Bounds,
    checked: int = 0,
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
        seed: Shown by the failure.

    Returns:
        The failure, or None if all promises were kept.
    """
    world = make_world()
    facts = Facts()
    promises = Promises(world, facts)

    def after_change(call: Call, outcome: object) -> None:
        facts.add_change(call.method, outcome)
        if len(choices.made) >= checked:
            promises.check_always()

    scheduler = Scheduler(
        clock=world.clock, choices=choices, bounds=bounds, after_change=after_change
    )
    simulation = Simulation.of(world, facts=facts, scheduler=scheduler)
    try:
        _prepare(simulation, scenario)
        for name, action in scenario.actors.items():
            scheduler.add(name, partial(action, simulation))
        for duration in scenario.time_passes:
            scheduler.add("time", partial(simulation.let_pass, duration), moves_clock=True)
        scheduler.run()
        if scheduler.failure is None:
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


def _prepare(simulation: Simulation, scenario: Scenario) -> None:
    simulation.put_on_sale(scenario.event)
    try:
        for action in scenario.before:
            action(simulation)
    except TicketingError as error:
        raise PromiseBroken(f"`before` is refused without any mishap: {error!r}") from error


def _settle_everything(simulation: Simulation, promises: Promises, *, notifications: bool) -> None:
    """Finish the restore, let hours pass, and let the jobs run until nothing changes any more."""
    gateway = simulation.world.gateway
    try:
        if simulation.needs_restore:
            simulation.restore()
        before: dict[object, int] | None = None
        for _ in range(MOST_PASSES):
            now: dict[object, int] = {
                ticket.ticket_id: ticket.version for ticket in promises.tickets()
            }
            # A refund that has failed at once is seen by the next look.
            now |= {each.payment_id: len(each.refunds) for each in gateway.checkouts}
            if now == before:
                return
            before = now
            simulation.world.clock.advance(PAUSE)
            if not notifications:
                simulation.read_news()
            simulation.settle()
            if notifications:
                simulation.notify()
            else:
                simulation.reconcile(span=COMPARED_DAILY)
    except TicketingError as error:
        raise PromiseBroken(f"settling fails without any mishap: {error!r}") from error
    raise PromiseBroken(f"settling changes tickets again and again: {before}")
