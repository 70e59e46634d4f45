"""A real server while Stripe refuses, is silent, or its responses are lost."""

import pytest

from tests.integration.end_to_end.conftest import Shop
from ticketing_service.sandbox import RATE_LIMITED, SERVER_ERROR, Fault, Refusal

pytestmark = pytest.mark.usefixtures("no_webhooks")

SILENCE = Fault(path="/v1/*", drop=True, times=None)


def test_a_refusal_of_stripe_is_a_400(shop: Shop) -> None:
    """The places are free again, and the next purchase succeeds."""
    event = shop.event()
    refusal = Refusal(status=402, code="account_closed", type="card_error", message="No.")
    # Only opening: the settler may list sessions at the same address.
    shop.running.sandbox.plan_fault(
        Fault(method="POST", path="/v1/checkout/sessions", error=refusal)
    )
    problem = shop.create(event).problem(400, "payment_refused")
    assert problem["gateway_code"] == "account_closed"
    assert shop.places_left(event) == 10
    shop.bought(event)


def test_what_the_seller_has_to_mend_is_a_400_without_stripes_words(shop: Shop) -> None:
    """They are in the log, and the places are free again."""
    event = shop.event()
    refusal = Refusal(status=400, message="You must set an account or business name.")
    shop.running.sandbox.plan_fault(
        Fault(method="POST", path="/v1/checkout/sessions", error=refusal)
    )
    answer = shop.create(event)
    assert answer.problem(400, "payments_not_configured")["retryable"] is False
    assert b"business name" not in answer.content
    assert "You must set an account or business name. (request req_" in shop.server.log()
    assert shop.places_left(event) == 10


def test_a_limit_of_stripe_is_a_503_to_retry(shop: Shop) -> None:
    """Nobody is refused for good because others buy at the same time."""
    event = shop.event()
    limited = Fault(method="POST", path="/v1/checkout/sessions", error=RATE_LIMITED, times=3)
    shop.running.sandbox.plan_fault(limited)
    answer = shop.create(event)
    assert answer.problem(503, "overloaded")["retryable"] is True
    assert int(answer.headers["Retry-After"]) > 0
    assert shop.places_left(event) == 10


def test_silence_of_stripe_is_a_400(shop: Shop) -> None:
    """The places are free again."""
    event = shop.event()
    shop.running.sandbox.plan_fault(SILENCE)
    assert shop.create(event).problem(400, "payment_not_started")["retryable"] is True
    assert shop.places_left(event) == 10


def test_an_error_of_stripe_is_a_400(shop: Shop) -> None:
    """If it persists after retries, it is unknown whether the session was opened."""
    event = shop.event()
    shop.running.sandbox.plan_fault(Fault(path="/v1/*", error=SERVER_ERROR, times=None))
    assert shop.create(event).problem(400, "payment_not_started")["retryable"] is True
    assert shop.places_left(event) == 10


def test_a_lost_response_opens_no_second_session(shop: Shop) -> None:
    """The retry has the same key, so Stripe returns the session that it has opened."""
    event = shop.event()
    before = len(shop.running.sandbox.sessions())
    shop.running.sandbox.plan_fault(Fault(path="/v1/*", drop=True, after_effect=True))
    order = shop.bought(event)
    opened = shop.running.sandbox.sessions()[: len(shop.running.sandbox.sessions()) - before]
    assert [session.id for session in opened] == [order["session_id"]]
    assert shop.places_left(event) == 8


def test_a_session_whose_address_was_lost_holds_no_places(shop: Shop) -> None:
    """It was opened, but its address is unknown; the next purchase gets another one."""
    event = shop.event()
    shop.running.sandbox.plan_fault(Fault(path="/v1/*", drop=True, after_effect=True, times=None))
    shop.create(event).problem(400, "payment_not_started")
    assert shop.places_left(event) == 10
    unknown = shop.running.sandbox.sessions()[0]
    shop.running.sandbox.clear_faults()
    assert shop.bought(event)["session_id"] != unknown.id
    assert shop.places_left(event) == 8


def test_silence_of_stripe_changes_nothing(shop: Shop) -> None:
    """Neither verify nor cancel decides anything."""
    order = shop.bought(shop.event())
    shop.world.pay(order["checkout_url"])
    shop.running.sandbox.plan_fault(SILENCE)
    for answer in (shop.verify(order), shop.cancel(order)):
        answer.problem(503, "gateway_unavailable")
        assert int(answer.headers["Retry-After"]) > 0
    assert shop.status(order) == "paying"
    shop.running.sandbox.clear_faults()
    assert shop.verify(order).status == 200


def test_places_stay_held_while_the_session_cannot_be_closed(shop: Shop) -> None:
    """The session is closed first; until then nothing is freed."""
    event = shop.event()
    order = shop.bought(event)
    path = "/v1/checkout/sessions/*/expire"
    shop.running.sandbox.plan_fault(Fault(path=path, drop=True, times=None))
    shop.cancel(order).problem(503, "gateway_unavailable")
    assert shop.places_left(event) == 8
    assert shop.running.sandbox.session(order["session_id"]).status == "open"


def test_the_session_is_expired_before_its_places_are_freed(shop: Shop) -> None:
    """If the response to closing it is lost, it is expired and nothing is freed yet."""
    event = shop.event()
    order = shop.bought(event)
    shop.running.sandbox.plan_fault(Fault(path="/v1/*", drop=True, after_effect=True, times=None))
    shop.cancel(order).problem(503, "gateway_unavailable")
    assert shop.running.sandbox.session(order["session_id"]).status == "expired"
    assert (shop.status(order), shop.places_left(event)) == ("paying", 8)
    shop.running.sandbox.clear_faults()
    answer = shop.cancel(order)
    if answer.status == 200:
        assert shop.stripe_calls(order)[-2:] == [("POST /expire", 400), ("GET", 200)]
        assert shop.status(order) == "cancelled"
    else:  # The service reads Stripe's news now and then, and on a busy machine that comes first.
        answer.problem(400, "already_processed")
        assert shop.status(order) == "expired"
    assert shop.places_left(event) == 10
