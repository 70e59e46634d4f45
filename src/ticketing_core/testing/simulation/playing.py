"""One run of a scenario, from an empty world to the judgement when all is quiet."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from ticketing_core.errors import TicketingError
from ticketing_core.payment import Open
from ticketing_core.testing.simulation.calls import Call
from ticketing_core.testing.simulation.choices import Bounds, Choices
from ticketing_core.testing.simulation.desk import Desk, desk_on
from ticketing_core.testing.simulation.facts import Facts
from ticketing_core.testing.simulation.promises import Promises
from ticketing_core.testing.simulation.scenario import Scenario
from ticketing_core.testing.simulation.stage import Crashed, Stage
from ticketing_core.testing.simulation.trace import Failure, PromiseBroken
from ticketing_core.testing.simulation.world import World

MakeWorld = Callable[[], World]
"""Makes a new world with an empty store."""

PAUSE = timedelta(hours=2)
"""Longer than any hold, any lease, and the time for which an unknown checkout is waited for."""

MOST_PASSES = 8
"""A ticket has no more than a handful of moves left; more passes mean that it never settles."""


def play(
    scenario: Scenario,
    make_world: MakeWorld,
    *,
    choices: Choices,
    bounds: Bounds,
    seed: int | None = None,
) -> Failure | None:
    """Run the scenario by these choices; ``seed`` is for the failure to name.

    Returns:
        The failure, or None if all promises were kept.
    """
    world = make_world()
    facts = Facts()
    promises = Promises(world, facts)

    def after_change(call: Call, outcome: object) -> None:
        if isinstance(outcome, Open) and call.method == "open":
            facts.opened.append(outcome.checkout.checkout_id)
        promises.check_instant()

    stage = Stage(clock=world.clock, choices=choices, bounds=bounds, after_change=after_change)
    desk = desk_on(stage, world=world, facts=facts)
    try:
        desk.put_on_sale(scenario.event)
        _prepare(desk, scenario)
        for name, act in scenario.actors.items():
            stage.add(name, partial(act, desk))
        for duration in scenario.time_passes:
            stage.add("time", partial(desk.let_pass, duration), moves_clock=True)
        stage.play()
        if stage.failure is None:
            _settle_until_quiet(desk, promises)
            promises.check_quiet()
        broken = stage.failure
    except PromiseBroken as error:
        broken = str(error)
    except Crashed:
        broken = stage.failure
    if broken is None:
        return None
    return Failure(
        scenario=scenario.name,
        promise=broken,
        choices=tuple(choice.taken for choice in choices.made),
        lines=tuple(stage.lines),
        seed=seed,
    )


def _prepare(desk: Desk, scenario: Scenario) -> None:
    try:
        for act in scenario.before:
            act(desk)
    except TicketingError as error:
        raise PromiseBroken(
            f"what comes before is refused without any mishap: {error!r}"
        ) from error


def _settle_until_quiet(desk: Desk, promises: Promises) -> None:
    """Let the settler and the notifications do all that is left, as hours go by."""
    before = None
    for _ in range(MOST_PASSES):
        now = {ticket.ticket_id: ticket.version for ticket in promises.tickets()}
        if now == before:
            return
        before = now
        desk.world.clock.advance(PAUSE)
        try:
            desk.settle()
            desk.news()
        except TicketingError as error:
            raise PromiseBroken(f"settling fails without any mishap: {error!r}") from error
    raise PromiseBroken(f"settling changes tickets again and again: {before}")
