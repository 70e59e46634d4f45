"""Two months after a sale without a single notification: only the jobs find what happens.

Sellers refund by hand, banks return refunds and decide on disputes, processes crash, the gateway
does not answer, and our clock is wrong. The promises hold after each day that was fine, and that
came after one that was.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from itertools import count
from random import Random

from attrs import define, field

from ticketing_core.testing.contracts.examples import event_draft
from ticketing_core.testing.simulation.actions import Action, Simulation, by_clock, in_turn
from ticketing_core.testing.simulation.calls import Call
from ticketing_core.testing.simulation.choices import Bounds, RandomChoices
from ticketing_core.testing.simulation.days import QUIET_FROM, STEPS, Day, move, planned, sale
from ticketing_core.testing.simulation.facts import Facts
from ticketing_core.testing.simulation.promises import Promises
from ticketing_core.testing.simulation.running import COMPARED_DAILY, MakeWorld
from ticketing_core.testing.simulation.scheduler import Scheduler
from ticketing_core.testing.simulation.threads import Start, reused_threads
from ticketing_core.testing.simulation.trace import Failure, Line, PromiseBroken
from ticketing_core.testing.simulation.world import World

DAYS = 60
"""Longer than a bank takes to return a refund, and than buyers take to dispute one."""

BUYERS = 36

_STEP = timedelta(days=1) / STEPS

_NO_BOUNDS = Bounds(mishaps=1_000_000, switches=None)

_LITTLE = frozenset({"claim_due", "claim_looks", "clear_look", "postpone", "move_news_position"})
"""Changes that are left out of the lines of a failure, as are reads."""


def live(make_world: MakeWorld, *, seed: int, days: int = DAYS) -> Failure | None:
    """Sell tickets, and let the days pass that the seed makes.

    The same seed gives the same days, as long as the code stays the same.

    Returns:
        The failure, with the calls that changed something, or None if all promises were kept.
    """
    with reused_threads() as start:
        life = _Life(world=make_world(), rng=Random(seed), start=start)
        try:
            life.run(days)
        except PromiseBroken as broken:
            return Failure(
                scenario=f"{days} days, seed {seed}",
                promise=str(broken),
                choices=(),
                lines=tuple(life.lines),
                seed=seed,
                run=f"live(make_world, seed={seed}, days={days})",
            )
    return None


@define(kw_only=True)
class _Life:
    world: World
    rng: Random
    start: Start
    facts: Facts = field(factory=Facts)
    lines: list[Line] = field(factory=list)
    buyers: list[str] = field(factory=list)

    def run(self, days: int) -> None:
        """Live all days."""
        promises = Promises(self.world, self.facts)
        self._simulation().put_on_sale(event_draft(capacity=BUYERS + days))
        before = Day()
        for number, day in enumerate(planned(self.rng, days), start=1):
            self._live(day, sold=BUYERS if number == 1 else self.rng.randint(0, day.is_fine))
            if day.is_fine and before.is_fine:
                try:
                    promises.check_settled()
                except PromiseBroken as broken:
                    raise PromiseBroken(f"after day {number}: {broken}") from None
            before = day

    def _live(self, day: Day, *, sold: int) -> None:
        self.world.gateway.news.delay = timedelta(minutes=self.rng.choice([0, 0, 20, 50]))
        for step in range(STEPS):
            self.world.gateway.is_away = step in day.away
            actors = self._jobs(step) if day.works else {}
            if step == 0:
                actors |= self._sales(sold)
            if step < QUIET_FROM:
                actors |= self._moves(self.rng.choice([0, 0, 1, 1, 2]))
            self._act(actors, day, has_mishaps=step < QUIET_FROM or not day.is_fine)
            self.world.clock.advance(_STEP)
        self.world.gateway.is_away = False

    # --- who acts -----------------------------------------------------------------------------

    def _jobs(self, step: int) -> dict[str, Action]:
        jobs: dict[str, Action] = {
            "settler": Simulation.settle,
            "reader": in_turn(Simulation.read_news, Simulation.settle),
        }
        if step == 0:
            jobs["comparer"] = partial(Simulation.reconcile, span=COMPARED_DAILY)
        return jobs

    def _sales(self, sold: int) -> dict[str, Action]:
        numbers = count(len(self.buyers) + 1)
        new = [f"buyer {next(numbers)}" for _ in range(sold)]
        self.buyers += new
        return {buyer: sale(self.rng, buyer) for buyer in new}

    def _moves(self, moves: int) -> dict[str, Action]:
        simulation = self._simulation()
        chosen = self.rng.sample(self.buyers, k=moves)
        return {f"about {buyer}": move(self.rng, buyer, simulation) for buyer in chosen}

    # --- at the same time ---------------------------------------------------------------------

    def _act(self, actors: Mapping[str, Action], day: Day, *, has_mishaps: bool) -> None:
        simulation = self._simulation(mishap=day.mishap if has_mishaps else 0.0)
        scheduler = simulation.scheduler
        for name, action in actors.items():
            timed = by_clock(day.ahead, action) if day.ahead else action
            scheduler.add(name, partial(timed, simulation))
        scheduler.run()
        self.lines += (line for line in scheduler.lines if _is_shown(line))
        if scheduler.failure is not None:
            raise PromiseBroken(scheduler.failure)

    def _simulation(self, *, mishap: float = 0.0) -> Simulation:
        scheduler = Scheduler(
            clock=self.world.clock,
            choices=RandomChoices(self.rng, switch=0.2, mishap=mishap),
            bounds=_NO_BOUNDS,
            after_change=self._remember,
            start=self.start,
        )
        return Simulation.of(self.world, facts=self.facts, scheduler=scheduler)

    def _remember(self, call: Call, outcome: object) -> None:
        self.facts.add_change(call.method, outcome)


def _is_shown(line: Line) -> bool:
    return line.call is None or not (line.call.changes_nothing or line.call.method in _LITTLE)
