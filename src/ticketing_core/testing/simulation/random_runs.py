"""The random mode: a scenario, its mishaps and its switches, all from one seed."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from random import Random

from ticketing_core.testing.simulation.choices import Bounds, ByChance
from ticketing_core.testing.simulation.desk import Act, Desk, in_turn, insistently
from ticketing_core.testing.simulation.playing import MakeWorld, play
from ticketing_core.testing.simulation.scenario import FREE, PRICE, Scenario
from ticketing_core.testing.simulation.trace import Failure
from ticketing_core.testing.simulation.world import HOLD
from ticketing_core.use_cases.reserve import ABANDONED_AFTER, RESERVATION_WINDOW

BUYERS = ("ann", "bob")
MOST_MISHAPS = 4
SPELLS = (ABANDONED_AFTER, RESERVATION_WINDOW, HOLD, timedelta(minutes=36))
"""Each ends something: a first call under a key, a reservation, a hold, a checkout."""


def run_random(make_world: MakeWorld, *, seed: int) -> Failure | None:
    """Make a scenario of three to six actors from the seed, and run it.

    The same seed gives the same run, as long as the code stays the same.

    Returns:
        The failure, or None if all promises were kept.
    """
    rng = Random(seed)
    choices = ByChance(
        rng,
        switch=rng.choice([0.1, 0.3, 0.6]),
        mishap=rng.choice([0.0, 0.03, 0.1]),
    )
    scenario = _scenario(rng, seed=seed)
    bounds = Bounds(mishaps=MOST_MISHAPS, switches=None)
    return play(scenario, make_world, choices=choices, bounds=bounds, seed=seed)


def search(make_world: MakeWorld, *, seeds: range) -> Failure | None:
    """Run one seed after the other, and stop at the first failure.

    Returns:
        The failure, or None if all promises were kept in all runs.
    """
    for seed in seeds:
        failure = run_random(make_world, seed=seed)
        if failure is not None:
            return failure
    return None


def _scenario(rng: Random, *, seed: int) -> Scenario:
    actors: dict[str, Act] = {"ann": _buyer(rng, "ann")}
    for number in range(2, rng.randint(3, 6) + 1):
        kind = rng.choice(_KINDS)
        buyer = rng.choice(BUYERS)
        actors[f"{number} {kind.__name__.strip('_')} {buyer}"] = kind(rng, buyer)
    return Scenario(
        name=f"random, seed {seed}",
        capacity=rng.randint(1, 4),
        price=rng.choice([PRICE, PRICE, PRICE, FREE]),
        actors=actors,
        time_passes=rng.choices(SPELLS, k=rng.randint(0, 3)),
    )


def _buyer(rng: Random, buyer: str) -> Act:
    key = rng.choice([None, "k"])
    buys = insistently(partial(Desk.purchase, buyer=buyer, quantity=rng.randint(1, 2), key=key))
    pays = rng.choice([Desk.pay, Desk.pay, Desk.pay, Desk.pay_slowly])
    rest: list[Act] = [partial(pays, buyer=buyer), partial(Desk.verify, buyer=buyer)]
    if rng.random() < 0.3:
        rest.insert(rng.randint(0, 2), partial(Desk.cancel, buyer=buyer))
    # Some never pay.
    return in_turn(buys, *rest[: rng.choice([0, 1, 3, 3])])


def _cancels(rng: Random, buyer: str) -> Act:
    return _again(rng, partial(Desk.cancel, buyer=buyer))


def _verifies(rng: Random, buyer: str) -> Act:
    return _again(rng, partial(Desk.verify, buyer=buyer))


def _refunds(rng: Random, buyer: str) -> Act:
    return _again(rng, partial(Desk.refund, buyer=buyer))


def _settles(rng: Random, buyer: str) -> Act:
    del buyer
    return _again(rng, Desk.settle)


def _hears(rng: Random, buyer: str) -> Act:
    del buyer
    return _again(rng, Desk.news)


def _bank(rng: Random, buyer: str) -> Act:
    acts: list[Act] = [
        partial(Desk.decide, buyer=buyer, paid=rng.choice([True, False])),
        partial(Desk.give_back_by_hand, buyer=buyer),
        partial(Desk.dispute, buyer=buyer),
    ]
    return in_turn(*rng.sample(acts, k=rng.randint(1, 2)), Desk.news)


def _again(rng: Random, act: Act) -> Act:
    return in_turn(*[act] * rng.randint(1, 3))


_KINDS: tuple[Callable[[Random, str], Act], ...] = (
    _buyer,
    _buyer,
    _cancels,
    _verifies,
    _refunds,
    _settles,
    _hears,
    _bank,
)
