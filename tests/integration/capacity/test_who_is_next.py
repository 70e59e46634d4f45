"""Which requests get a slot first: others before purchases, and a few purchases before all."""

from tests.integration.capacity.rush import BUY, FOUR, LOOK, call, rush
from ticketing_service.capacity.limits import Limits
from ticketing_service.capacity.slots import Kind


def kept_out(limits: Limits) -> bool:
    """Return whether a rush of purchases keeps other requests out."""
    with rush(limits=limits, patience=0.01) as crowd:
        number = 0
        while crowd.slots.acquire(Kind.PURCHASE):
            number += 1
        assert number == limits.purchases
        return call(crowd.app, LOOK) == 503


def test_purchases_leave_room_for_the_rest() -> None:
    """Even when all purchases that fit are at work, other requests get in."""
    assert not kept_out(FOUR)


def test_purchases_without_a_limit_are_the_control() -> None:
    """If they could use every slot, a rush would keep other requests out."""

    class Unlimited(Limits):
        @property
        def purchases(self) -> int:
            """All slots."""
            return self.threads

    assert kept_out(Unlimited(4))


def test_others_go_before_purchases() -> None:
    """A request of a buyer who has paid overtakes a purchase that has waited longer."""
    with rush() as crowd:
        for number in range(2):
            crowd.enter(BUY, f"buys {number}")
            crowd.enter(LOOK, f"looks {number}")
        crowd.queue(BUY, "wants to buy")
        crowd.queue(LOOK, "has paid")
        crowd.let_go("looks 0")
        assert crowd.next_in() == "has paid"
        crowd.let_go("looks 1")
        assert crowd.next_in() == "wants to buy"


def next_among_lookers(limits: Limits) -> str:
    """Return who gets a slot first if all are taken by looks and both kinds wait."""
    with rush(limits=limits) as crowd:
        for number in range(limits.threads):
            crowd.enter(LOOK, f"looks {number}")
        crowd.queue(LOOK, "looks again")
        crowd.queue(BUY, "wants to buy")
        crowd.let_go("looks 0")
        first = crowd.next_in()
        crowd.let_go("looks 1")
        assert {first, crowd.next_in()} == {"wants to buy", "looks again"}
        return first


def test_a_crowd_of_lookers_leaves_room_for_purchases() -> None:
    """However many look, a few purchases are at work."""
    assert next_among_lookers(FOUR) == "wants to buy"


def test_purchases_that_always_go_last_are_the_control() -> None:
    """As long as anybody waits to look, nobody buys."""

    class Last(Limits):
        @property
        def purchases_first(self) -> int:
            """None of them."""
            return 0

    assert next_among_lookers(Last(4)) == "looks again"
