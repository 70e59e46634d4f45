"""The random mode: a scenario, its mishaps and its switches, all from one seed."""

from collections.abc import Sequence
from functools import partial
from random import Random

from ticketing_core.event import DEFAULT_MAX_PER_ORDER
from ticketing_core.testing.contracts.examples import FREE, PRICE
from ticketing_core.testing.fake_checkout import DisputeStatus, RefundStatus
from ticketing_core.testing.gateway import SHORTEST_CHECKOUT
from ticketing_core.testing.simulation.actions import (
    Action,
    Simulation,
    by_clock,
    in_turn,
    retried,
)
from ticketing_core.testing.simulation.choices import Bounds, RandomChoices
from ticketing_core.testing.simulation.event_scenarios import DEARER
from ticketing_core.testing.simulation.late import A_DAY, A_MONTH
from ticketing_core.testing.simulation.running import MakeWorld, run_scenario
from ticketing_core.testing.simulation.scenario import Scenario
from ticketing_core.testing.simulation.trace import Failure
from ticketing_core.testing.simulation.world import HOLD
from ticketing_core.use_cases.news import OVERLAP
from ticketing_core.use_cases.reserve import ABANDONED_AFTER, RESERVATION_WINDOW

BUYERS = ("ann", "bob")
KINDS = (
    *("buy", "buy", "cancel", "verify", "refund", "again", "settle", "notify", "bank", "bank"),
    *("read", "compare"),
)
ALTERNATIVES = (
    ("restore", "restore", "organize"),
    ("gate", "gate", "gate"),
    ("gate", "organize", "organize", "unwind"),
)
"""Gates never in one run with a restore: a store that goes back forgets who is inside."""

MOST_MISHAPS = 4
SPANS = (ABANDONED_AFTER, RESERVATION_WINDOW, HOLD, SHORTEST_CHECKOUT, OVERLAP, A_MONTH)
"""Each ends something: the first call with a key, a reservation, a hold, a checkout, the time that
is read again, the events that are listed."""

CLOCKS = (-A_DAY, -HOLD, HOLD, 2 * OVERLAP, A_DAY, A_MONTH)
"""By how much the clock of a process may be wrong."""


_SOLD: Sequence[Action] = tuple(
    partial(action, buyer=BUYERS[0])
    for action in (Simulation.purchase, Simulation.pay, Simulation.verify)
)


def run_random(make_world: MakeWorld, *, seed: int) -> Failure | None:
    """Make a scenario of three to six actors from the seed, and run it.

    The same seed gives the same run, as long as the code stays the same.

    Returns:
        The failure, or None if all promises were kept.
    """
    rng = Random(seed)
    choices = RandomChoices(
        rng,
        switch=rng.choice([0.1, 0.3, 0.6]),
        mishap=rng.choice([0.0, 0.03, 0.1]),
    )
    scenario = _scenario(rng, seed=seed)
    bounds = Bounds(mishaps=MOST_MISHAPS, switches=None)
    return run_scenario(scenario, make_world, choices=choices, bounds=bounds, seed=seed)


def search(make_world: MakeWorld, *, seeds: range) -> Failure | None:
    """Run one seed after another, and stop at the first failure.

    Returns:
        The failure, or None if all promises were kept in all runs.
    """
    failures = (run_random(make_world, seed=seed) for seed in seeds)
    return next((failure for failure in failures if failure is not None), None)


def _scenario(rng: Random, *, seed: int) -> Scenario:
    actors: dict[str, Action] = {"ann": _buys(rng, "ann")}
    kinds = (*KINDS, *rng.choice(ALTERNATIVES))
    for number in range(2, rng.randint(3, 6) + 1):
        kind = rng.choice(kinds)
        buyer = rng.choice(BUYERS)
        name = f"{number} {kind} {buyer}"
        actors[name] = _actor(kind, rng, buyer, name=name)
    return Scenario(
        name=f"random, seed {seed}",
        capacity=rng.randint(1, 4),
        price=rng.choice([PRICE, PRICE, PRICE, FREE]),
        # Every other run, so that one buyer meets the limit of unpaid places.
        max_per_order=2 if seed % 2 else DEFAULT_MAX_PER_ORDER,
        before=_before(rng),
        actors=actors,
        time_passes=rng.choices(SPANS, k=rng.randint(0, 3)),
        notifications=rng.random() < 0.5,
    )


def _before(rng: Random) -> Sequence[Action]:
    # Refunds and disputes have to wait for a sale, so half of the runs begin after one.
    sold = rng.choice([(), _SOLD])
    # Events are read only after a first reading.
    read = rng.choice([(), (Simulation.read_news,)])
    backed_up = rng.choice([(), (Simulation.back_up,)])
    return (*backed_up, *read, *sold) if rng.random() < 0.5 else (*sold, *read, *backed_up)


def _actor(kind: str, rng: Random, buyer: str, *, name: str) -> Action:
    repeated: dict[str, Action] = {
        "cancel": partial(Simulation.cancel, buyer=buyer),
        "verify": partial(Simulation.verify, buyer=buyer),
        "refund": partial(Simulation.refund, buyer=buyer),
        "again": partial(Simulation.refund, buyer=buyer, again=True),
        "settle": Simulation.settle,
        "notify": Simulation.notify,
        "read": in_turn(Simulation.read_news, Simulation.settle),
        "compare": Simulation.reconcile,
        "unwind": partial(Simulation.unwind, limit=rng.randint(1, 3)),
    }
    match kind:
        case "restore":
            return in_turn(Simulation.go_back, *[Simulation.restore] * rng.randint(1, 2))
        case "gate":
            # Each has a device of its own, since a device is in one pair of hands.
            return _gate(rng, buyer, device=name)
        case "buy":
            return _buys(rng, buyer)
        case "organize":
            return _organize(rng)
        case "bank":
            return _bank(rng, buyer)
        case _:
            action = in_turn(*[repeated[kind]] * rng.randint(1, 3))
            return by_clock(rng.choice(CLOCKS), action) if rng.random() < 0.2 else action


def _buys(rng: Random, buyer: str) -> Action:
    key = rng.choice([None, "k"])
    quantity = rng.randint(1, 2)
    buys = retried(partial(Simulation.purchase, buyer=buyer, quantity=quantity, key=key))
    pays = rng.choice([Simulation.pay, Simulation.pay, Simulation.pay, Simulation.pay_slowly])
    rest: list[Action] = [partial(pays, buyer=buyer), partial(Simulation.verify, buyer=buyer)]
    if rng.random() < 0.3:
        rest.insert(rng.randint(0, 2), partial(Simulation.cancel, buyer=buyer))
    # Some never pay.
    return in_turn(buys, *rest[: rng.choice([0, 1, 3, 3])])


def _organize(rng: Random) -> Action:
    cancels = rng.choice([Simulation.cancel_event, retried(Simulation.cancel_event)])
    moves: list[Action] = [
        partial(Simulation.edit, terms={"capacity": rng.randint(1, 4)}),
        partial(Simulation.edit, terms={"price": rng.choice([PRICE, DEARER, FREE])}),
        Simulation.close_sale,
        in_turn(cancels, partial(Simulation.unwind, limit=rng.randint(1, 3))),
    ]
    return in_turn(*rng.choices(moves, k=rng.randint(1, 3)))


def _gate(rng: Random, buyer: str, *, device: str) -> Action:
    people, tries = rng.randint(1, 2), rng.randint(1, 2)
    moves: list[Action] = [
        partial(Simulation.scan, device=device, buyer=buyer, people=people, tries=tries),
        partial(Simulation.scan, device=device, buyer=buyer),
        partial(Simulation.scan_offline, device=device, buyer=buyer, people=people),
        partial(Simulation.mis_scan, device=device, buyer=buyer),
        partial(Simulation.take_back, device=device),
        partial(Simulation.send_again, device=device),
        partial(Simulation.fetch_gate_list, device=device),
        partial(Simulation.sync, device=device),
    ]
    return in_turn(*rng.choices(moves, k=rng.randint(1, 4)))


def _bank(rng: Random, buyer: str) -> Action:
    part = rng.choice([None, PRICE.amount_minor // 2])
    refunds_start_as = partial(Simulation.refund_as, status=rng.choice(list(RefundStatus)))
    refunds_end_as = rng.choice([RefundStatus.SUCCEEDED, RefundStatus.FAILED])
    stories: list[Sequence[Action]] = [
        (partial(Simulation.decide, buyer=buyer, paid=rng.choice([True, False])),),
        (partial(Simulation.give_back_by_hand, buyer=buyer, amount_minor=part),),
        (partial(Simulation.warn_of_fraud, buyer=buyer),),
        (refunds_start_as,),
        (partial(Simulation.end_refunds, buyer=buyer, status=refunds_end_as),),
        _dispute(rng, buyer, amount_minor=part),
    ]
    chosen = rng.sample(stories, k=rng.randint(1, 3))
    heard: list[Action] = [Simulation.notify] if rng.random() < 0.7 else []
    return in_turn(*(action for story in chosen for action in story), *heard)


def _dispute(rng: Random, buyer: str, *, amount_minor: int | None) -> Sequence[Action]:
    """Return a dispute that comes as far as it likes, up to an appeal that is decided."""
    opened = rng.choice([DisputeStatus.INQUIRY, DisputeStatus.OPEN, DisputeStatus.OPEN])
    last = rng.choice([DisputeStatus.WON, DisputeStatus.LOST])
    decisions = [DisputeStatus.OPEN, DisputeStatus.LOST, DisputeStatus.APPEALED, last]
    first = partial(Simulation.dispute, buyer=buyer, amount_minor=amount_minor, status=opened)
    rest: list[Action] = [
        partial(Simulation.decide_dispute, buyer=buyer, status=status) for status in decisions
    ]
    if rng.random() < 0.5:
        rest = rest[-1:]
    # Notifications come in between, or not at all.
    heard: list[Action] = [Simulation.notify] if rng.random() < 0.5 else []
    return [first, *heard, *(step for each in rest[: rng.randint(0, 4)] for step in (each, *heard))]
