"""Webhooks that the sandbox signs and sends to a real server, without the buyer."""

import pytest

from tests.integration.end_to_end.conftest import Shop
from tests.support.server import access_token
from ticketing_service.sandbox import Delivery, PayWith


@pytest.mark.parametrize("delivery", [Delivery.EARLY, Delivery.TWICE, Delivery.ON_TIME])
def test_a_webhook_of_a_payment_issues_the_ticket(shop: Shop, delivery: Delivery) -> None:
    """The buyer never comes back."""
    order = shop.bought(shop.event())
    shop.running.sandbox.pay(order["session_id"], PayWith.CARD, delivery=delivery)
    assert shop.running.sandbox.wait_for_webhooks()
    assert shop.status(order) == "issued"


@pytest.mark.parametrize(
    ("paid", "status", "places_left"), [(True, "issued", 8), (False, "expired", 10)]
)
def test_a_webhook_of_a_slow_payment_decides_it(
    shop: Shop, *, paid: bool, status: str, places_left: int
) -> None:
    """Once the bank has decided, not when the buyer has left the page."""
    event = shop.event()
    order = shop.bought(event)
    shop.world.pay_slowly(order["checkout_url"])
    assert shop.running.sandbox.wait_for_webhooks()
    assert shop.status(order) == "paying"
    shop.world.decide(order["session_id"], paid=paid)
    assert shop.running.sandbox.wait_for_webhooks()
    assert (shop.status(order), shop.places_left(event)) == (status, places_left)


def test_a_refund_from_the_dashboard_voids_the_ticket(shop: Shop) -> None:
    """A partial refund is shown; a full one, here by an organizer, voids the ticket."""
    event = shop.event()
    order = shop.bought(event)
    shop.world.pay(order["checkout_url"])
    assert shop.verify(order).status == 200
    shop.world.give_back(order["session_id"], 1000)
    assert shop.running.sandbox.wait_for_webhooks()
    path = f"/api/tickets/{order['ticket_id']}/"
    shown = shop.server.get(path, token=access_token(shop.buyer)).body
    assert (shown["status"], shown["refunded"]["amount_minor"]) == ("issued", 1000)
    refunded = shop.server.post(
        "/api/payments/refund/",
        {"ticket_id": order["ticket_id"]},
        token=access_token("7", roles=["organizer"]),
    )
    assert (refunded.status, refunded.body["status"]) == (200, "refunded")
    shop.verify(order).problem(400, "refunded")
    assert shop.places_left(event) == 10
    charge = shop.running.sandbox.charge(order["session_id"])
    assert charge is not None
    assert charge.amount_refunded == 5000


def test_an_unsigned_body_is_refused(shop: Shop) -> None:
    """Whatever the body is."""
    answer = shop.server.post("/api/payments/webhook/", {"type": "checkout.session.completed"})
    answer.problem(400, "bad_notification")
