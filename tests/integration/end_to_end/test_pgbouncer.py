"""The whole service through PgBouncer, in both of its modes."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.end_to_end.conftest import open_shop
from tests.support.pgbouncer import PgBouncer

BUYERS = 20


def test_paid_and_free_tickets_are_sold(
    request: pytest.FixtureRequest, pgbouncer: PgBouncer
) -> None:
    """A crowd buys, a payment is verified, and a ticket is cancelled."""
    with open_shop("postgres", request, through=pgbouncer.url) as shop:
        free = shop.event(price=0, capacity=BUYERS)
        with ThreadPoolExecutor(BUYERS) as pool:
            crowd = pool.map(lambda n: shop.create(free, quantity=1, buyer=f"b{n}"), range(BUYERS))
            assert {answer.status for answer in crowd} <= {200, 503}
        paid = shop.event(capacity=10)
        order, other = shop.bought(paid), shop.bought(paid)
        shop.world.pay(order["checkout_url"])
        assert shop.verify(order).status == 200
        assert shop.status(order) == "issued"
        assert shop.cancel(other).status == 200
        assert shop.server.get("/readyz").status == 200
