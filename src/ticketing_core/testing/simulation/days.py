"""What the days of a long run are like, and what happens on them."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from random import Random

from attrs import frozen

from ticketing_core.testing.fake_checkout import DisputeStatus, FakeCheckout, RefundStatus
from ticketing_core.testing.simulation.actions import Action, Simulation, in_turn, retried
from ticketing_core.testing.simulation.steps import PART

STEPS = 8
"""In a day: one every three hours."""

QUIET_FROM = 4
"""From this step of a day on nobody moves money, and a day that is fine has no mishaps: a refund
that fails is made twice, and each of its failures takes a pass to be made and one to be seen."""

_LONGEST_SILENCE = 30
"""Days without any job: longer than events are listed."""

_WRONG_CLOCKS = tuple(
    timedelta(minutes=sign * minutes)
    for sign in (-1, 1)
    for minutes in (20, 130, 300, 24 * 60, 40 * 24 * 60)
)

_STARTS = [RefundStatus.SUCCEEDED] * 7 + [
    RefundStatus.PENDING,
    RefundStatus.REQUIRES_ACTION,
    RefundStatus.FAILED,
]
"""How the refunds of a day start."""

_FOLLOWING = {
    DisputeStatus.INQUIRY: (DisputeStatus.OPEN, DisputeStatus.WON),
    DisputeStatus.OPEN: (DisputeStatus.WON, DisputeStatus.LOST, DisputeStatus.LOST),
    DisputeStatus.LOST: (DisputeStatus.APPEALED,),
    DisputeStatus.APPEALED: (DisputeStatus.WON, DisputeStatus.LOST),
    DisputeStatus.WON: (),
}
"""How banks and sellers go on with a dispute."""


@frozen(kw_only=True)
class Day:
    """What a day is like.

    Attributes:
        mishap: The probability of a mishap at each call.
        away: The steps in which the gateway does not answer.
        ahead: By how much our clock is wrong.
        works: Whether the jobs run at all.
        is_fine: Whether everything has to be found on it.
    """

    mishap: float = 0.005
    away: range = range(0)
    ahead: timedelta = timedelta(0)
    works: bool = True
    is_fine: bool = False


def planned(rng: Random, days: int) -> Iterator[Day]:
    """Yield what so many days are like. The first one and the last two are fine."""
    silence = rng.randint(2, _LONGEST_SILENCE) if rng.random() < 0.3 else 0
    begins = rng.randint(2, max(2, days - silence - 2))
    for number in range(1, days + 1):
        if not 1 < number < days - 1:
            yield Day(is_fine=True)
        elif begins <= number < begins + silence:
            yield Day(works=False)
        else:
            yield _some_day(rng)


def _some_day(rng: Random) -> Day:
    match rng.choice(["fine"] * 6 + ["crashes", "away", "clock"]):
        case "crashes":
            return Day(mishap=0.05)
        case "away":
            first = rng.randrange(STEPS)
            return Day(away=range(first, rng.randint(first + 1, STEPS)))
        case "clock":
            return Day(ahead=rng.choice(_WRONG_CLOCKS))
        case _:
            return Day(is_fine=True)


def sale(rng: Random, buyer: str) -> Action:
    """Return a purchase; some buyers do not come back from the payment page, or never pay."""
    rest: Sequence[Action] = (
        partial(Simulation.pay, buyer=buyer),
        partial(Simulation.verify, buyer=buyer),
    )
    buys = retried(partial(Simulation.purchase, buyer=buyer, key="k"))
    return in_turn(buys, *rest[: rng.choice([0, 1, 2, 2, 2, 2])])


def move(rng: Random, buyer: str, simulation: Simulation) -> Action:
    """Return something that somebody does about the buyer's payment, as it is now."""
    amount = rng.choice([None, PART])
    opened = rng.choice([DisputeStatus.OPEN, DisputeStatus.OPEN, DisputeStatus.INQUIRY])
    moves: list[Action] = [
        partial(Simulation.dispute, buyer=buyer, amount_minor=amount, status=opened),
        partial(Simulation.warn_of_fraud, buyer=buyer),
        *[partial(Simulation.refund, buyer=buyer)] * 2,
        partial(Simulation.refund, buyer=buyer, again=True),
        partial(Simulation.pay_back, buyer=buyer),
        partial(Simulation.refund_as, status=rng.choice(_STARTS)),
    ]
    gives_back = partial(Simulation.give_back_by_hand, buyer=buyer, amount_minor=amount)
    newest = simulation.world.tickets.of_buyer(buyer, before=None, limit=1)
    # Sellers do not refund what they have paid back otherwise.
    moves += [gives_back for ticket in newest if not ticket.paid_back_minor]
    for purchase in simulation.facts.to_pay.get(buyer, [])[-1:]:
        for checkout in simulation.world.gateway.checkouts_of(purchase.ticket.ticket_code):
            moves += 4 * list(_following(checkout, buyer))
    return rng.choice(moves)


def _following(checkout: FakeCheckout, buyer: str) -> Iterator[Action]:
    """Yield how the newest dispute and the refunds may go on."""
    for dispute in checkout.disputes[-1:]:
        for status in _FOLLOWING[dispute.status]:
            yield partial(Simulation.decide_dispute, buyer=buyer, status=status)
    statuses = {each.status for each in checkout.refunds}
    if statuses - {RefundStatus.FAILED}:
        yield partial(Simulation.end_refunds, buyer=buyer, status=RefundStatus.FAILED)
    if RefundStatus.REQUIRES_ACTION in statuses:
        yield partial(Simulation.end_refunds, buyer=buyer, status=RefundStatus.SUCCEEDED)
