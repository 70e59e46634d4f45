"""The service beside a transaction that keeps one event locked."""

from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from sqlalchemy import text

from tests.integration.end_to_end.conftest import Shop
from ticketing_adapters.sql import engine_for
from ticketing_adapters.sql.engine import writing

pytestmark = [
    pytest.mark.usefixtures("no_webhooks"),
    pytest.mark.parametrize("open_one", ["postgres"], indirect=True),
]

CROWD = 4
LONGEST_SECONDS = 60.0


def test_other_events_are_sold_and_verified(shop: Shop) -> None:
    """While buyers of the locked event wait, others buy, and get tickets that they have paid."""
    stuck, free, paid = shop.event(price=0), shop.event(price=0), shop.event()
    order = shop.bought(paid)
    shop.world.pay(order["checkout_url"])
    engine = engine_for(shop.database_url)
    with ThreadPoolExecutor(CROWD + 2) as pool, writing(engine) as connection:
        lock = text("SELECT 1 FROM events WHERE event_id = :id FOR UPDATE")
        connection.execute(lock, {"id": stuck.event_id})
        crowd = [pool.submit(shop.create, stuck, quantity=1) for _ in range(CROWD)]
        others = [pool.submit(shop.create, free), pool.submit(shop.verify, order)]
        done, _ = wait(others, LONGEST_SECONDS)
        assert [each.result().status for each in done] == [200, 200]
        connection.rollback()
        assert {each.result().status for each in crowd} <= {200, 503}
    engine.dispose()
    assert shop.create(stuck, quantity=1).status == 200
