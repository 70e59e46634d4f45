"""A crowd that has paid, and comes back from its checkouts in one instant."""

import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.integration.end_to_end.conftest import Shop, open_shop
from ticketing_service.capacity.limits import DEFAULT_THREADS
from ticketing_service.sandbox import Delivery, Fault

CROWD = 60
ANSWER_SECONDS = 0.3
LONGEST_SECONDS = 60.0

# The same server with room for half as many calls of the provider as it has threads.
LITTLE_ROOM = [
    sys.executable,
    "-c",
    """
from ticketing_service import cli
from ticketing_service.capacity.limits import Limits
Limits.other_call_threads = property(lambda limits: limits.threads // 2)
cli.main()
""",
    "serve",
]


def statuses_of_a_crowd(shop: Shop) -> Counter[int]:
    """Return how often each status is answered to buyers who have paid and verify at once."""
    event = shop.event(capacity=2 * CROWD)
    shop.running.sandbox.delivery = Delivery.LOST
    with ThreadPoolExecutor(CROWD) as pool:
        # At Stripe's pace, a few at a time: none of them is refused.
        with ThreadPoolExecutor(4) as few:
            orders = [*few.map(lambda n: shop.bought(event, buyer=f"buyer-{n}"), range(CROWD))]
        for order in orders:
            shop.world.pay(order["checkout_url"])
        shop.running.sandbox.plan_fault(Fault(path="/v1/*", delay=ANSWER_SECONDS, times=None))
        start = Barrier(CROWD)

        def come_back(number: int) -> int:
            start.wait(LONGEST_SECONDS)
            return shop.verify(orders[number], buyer=f"buyer-{number}").status

        return Counter(pool.map(come_back, range(CROWD)))


def test_all_who_have_paid_get_their_tickets(request: pytest.FixtureRequest) -> None:
    """None of them is told that the provider does not answer: it does, a little slowly."""
    with open_shop("postgres", request, threads=DEFAULT_THREADS) as shop:
        assert statuses_of_a_crowd(shop) == {200: CROWD}


def test_little_room_is_the_control(request: pytest.FixtureRequest) -> None:
    """Most of them would be sent away: the test above would fail."""
    with open_shop("postgres", request, program=LITTLE_ROOM, threads=DEFAULT_THREADS) as shop:
        assert statuses_of_a_crowd(shop)[503] > 0
