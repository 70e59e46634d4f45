"""Purchases that are retried with an Idempotency-Key, also after a real server was killed."""

from uuid import uuid4

import pytest

from tests.integration.end_to_end.conftest import Shop

pytestmark = pytest.mark.usefixtures("no_webhooks")


@pytest.mark.parametrize("price", [2500, 0])
def test_a_retry_buys_nothing_more(shop: Shop, price: int) -> None:
    """It returns the first purchase, which opened the only session."""
    event, key = shop.event(price=price), str(uuid4())
    first = shop.create(event, Idempotency_Key=key)
    sessions = len(shop.running.sandbox.sessions())
    again = shop.create(event, quantity="2", Idempotency_Key=key)
    assert (first.status, again.status) == (200, 200)
    # The QR code may be signed anew, but the ticket is the same.
    fields = ("ticket_id", "ticket_code", "session_id", "checkout_url")
    assert [again.body.get(name) for name in fields] == [first.body.get(name) for name in fields]
    assert shop.places_left(event) == 8
    assert len(shop.running.sandbox.sessions()) == sessions


def test_a_key_is_for_one_request_of_one_buyer(shop: Shop) -> None:
    """Another quantity is a 422; another buyer may use the same key."""
    event, key = shop.event(), str(uuid4())
    assert shop.create(event, Idempotency_Key=key).status == 200
    shop.create(event, quantity=3, Idempotency_Key=key).problem(422, "idempotency_key_reused")
    assert shop.create(event, buyer="43", Idempotency_Key=key).status == 200
    assert shop.places_left(event) == 6


def test_a_sale_goes_on_after_the_server_was_killed(shop: Shop) -> None:
    """The key still returns its purchase, and a payment in the meantime is found."""
    event, key = shop.event(), str(uuid4())
    first = shop.create(event, Idempotency_Key=key)
    shop.server.kill_all()
    shop.world.pay(first.body["checkout_url"])
    shop.server.start()
    assert shop.create(event, Idempotency_Key=key).body == first.body
    assert shop.verify(first.body).status == 200
    assert shop.places_left(event) == 8
