"""Each row of the payment API's tables, over a real server, the real SDK and the sandbox."""

import base64
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import zxingcpp
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import KeySet
from PIL import Image

from entrypoints.sandbox import Delivery, Fault, PayWith, Refusal
from tests.integration.end_to_end.conftest import CANCEL, CREATE, VERIFY, Shop
from tests.support.server import access_token

# RFC 9864 prefers a newer name than EdDSA, which few libraries know yet.
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")

HUGE = 2**31


@pytest.fixture(autouse=True)
def _no_news(shop: Shop) -> Any:
    """Nobody but the caller finds out about payments here, and no fault outlives its test."""
    shop.running.sandbox.delivery = Delivery.LOST
    yield
    shop.running.sandbox.clear_faults()
    shop.running.sandbox.delivery = Delivery.ON_TIME


# --- create ---------------------------------------------------------------------------------


def test_a_paid_ticket_is_bought_paid_and_verified(shop: Shop) -> None:
    """The answer has the documented fields, and the QR is a token that the world can check."""
    event = shop.event()
    order = shop.bought(event)
    assert set(order) == {"checkout_url", "session_id", "ticket_id", "ticket_code"}
    assert order["session_id"] in order["checkout_url"]
    session = shop.running.sandbox.session(order["session_id"])
    assert (session.amount_total, session.currency) == (5000, "usd")
    ticket = f"ticket_id={order['ticket_id']}"
    page = "http://localhost:5173/payment"
    assert session.asked["success_url"] == (
        f"{page}/success?session_id={{CHECKOUT_SESSION_ID}}&{ticket}"
    )
    assert session.asked["cancel_url"] == f"{page}/cancel?{ticket}"
    assert shop.places_left(event) == 8
    shop.world.pay(order["checkout_url"])
    for _ in range(2):
        verified = shop.verify(order)
        assert verified.status == 200
        assert verified.body["detail"] == "Payment successful"
        assert verified.body["ticket_code"] == order["ticket_code"]
        check_qr(shop, verified.body, event_id=event.event_id, quantity=2)


def test_a_free_ticket_is_issued_at_once(shop: Shop) -> None:
    """Without the payment provider."""
    event = shop.event(price=0)
    before = len(shop.running.sandbox.sessions())
    issued = shop.create(event, quantity=3)
    assert issued.status == 200
    assert set(issued.body) == {"detail", "qr_code_data", "ticket_id", "ticket_code"}
    assert issued.body["detail"] == "Successfully purchased tickets"
    check_qr(shop, issued.body, event_id=event.event_id, quantity=3)
    assert len(shop.running.sandbox.sessions()) == before


def check_qr(shop: Shop, answer: dict[str, Any], *, event_id: int, quantity: int) -> None:
    """Read the picture with one program, and check the token with another JWT library."""
    picture = Image.open(io.BytesIO(base64.b64decode(answer["qr_code_data"], validate=True)))
    (found,) = zxingcpp.read_barcodes(picture)
    keys = KeySet.import_key_set(shop.server.get("/.well-known/jwks.json").body)
    token = joserfc_jwt.decode(found.text, keys, algorithms=["EdDSA"])
    assert (token.claims["t"], token.claims["e"], token.claims["q"]) == (
        answer["ticket_id"],
        event_id,
        quantity,
    )


def test_too_few_places_are_a_400(shop: Shop) -> None:
    """Nothing is taken."""
    event = shop.event(capacity=1)
    told = shop.create(event).problem(400, "sold_out")
    assert "Not enough tickets available" in told["detail"]
    assert shop.places_left(event) == 1


def test_an_unknown_event_is_a_404(shop: Shop) -> None:
    """Also one that was never given out."""
    body = {"event_id": 2**31 - 1, "quantity": 1}
    shop.server.post(CREATE, body, token=access_token()).problem(404, "event_not_found")


def test_a_refusal_of_stripe_is_a_400(shop: Shop) -> None:
    """The places are free again, and the next try succeeds."""
    event = shop.event()
    refusal = Refusal(status=402, code="account_closed", type="card_error", message="No.")
    shop.running.sandbox.plan_fault(Fault(path="/v1/checkout/sessions", error=refusal))
    told = shop.create(event).problem(400, "payment_refused")
    assert told["gateway_code"] == "account_closed"
    assert shop.places_left(event) == 10
    shop.bought(event)


def test_silence_of_stripe_is_a_400(shop: Shop) -> None:
    """The places are free again."""
    event = shop.event()
    shop.running.sandbox.plan_fault(Fault(path="/v1/*", drop=True, times=None))
    assert shop.create(event).problem(400, "payment_not_started")["retryable"] is True
    assert shop.places_left(event) == 10


@pytest.mark.parametrize(
    "quantity",
    [None, -1, 0, HUGE, 10**400, True, False, 1.5, 10.0, "", "abc", "-1", "010", "1e1", [], {}],
    ids=lambda quantity: repr(quantity)[:12],
)
def test_a_quantity_that_is_none_is_a_400_that_names_it(shop: Shop, quantity: object) -> None:
    """And nothing is taken."""
    event = shop.event()
    told = shop.create(event, quantity=quantity).problem(400, "invalid_input")
    assert [error["field"] for error in told["errors"]] == ["quantity"]
    assert shop.places_left(event) == 10


def test_digits_are_a_quantity(shop: Shop) -> None:
    """``"10"`` is 10."""
    event = shop.event()
    assert shop.create(event, quantity="10").status == 200
    assert shop.places_left(event) == 0


@pytest.mark.parametrize("path", [CREATE, VERIFY, CANCEL])
def test_a_body_that_is_none_is_a_400(shop: Shop, path: str) -> None:
    """Not JSON, nothing, another kind of JSON; missing fields are all named."""
    token = access_token()
    shop.server.post(path, b"not json", token=token).problem(400, "malformed_json")
    shop.server.post(path, b"", token=token).problem(400, "malformed_json")
    shop.server.post(path, [], token=token).problem(400, "invalid_input")
    told = shop.server.post(path, {}, token=token).problem(400, "invalid_input")
    assert {error["detail"] for error in told["errors"]} == {"is missing"}
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    shop.server.post(path, b"a=b", token=token, **form).problem(415, "unsupported_media_type")


# --- verify ---------------------------------------------------------------------------------


def test_an_unpaid_ticket_is_not_verified(shop: Shop) -> None:
    """Not paid yet, declined, and still being decided."""
    order = shop.bought(shop.event())
    shop.verify(order).problem(400, "payment_open")
    shop.world.decline(order["checkout_url"])
    shop.verify(order).problem(400, "payment_open")
    shop.world.pay_slowly(order["checkout_url"])
    shop.verify(order).problem(400, "payment_processing")
    shop.cancel(order).problem(400, "payment_processing")
    shop.world.decide(order["session_id"], paid=True)
    assert shop.verify(order).status == 200


def test_only_its_own_session_verifies_a_ticket(shop: Shop) -> None:
    """One paid ticket does not issue another."""
    event = shop.event()
    paid, unpaid = shop.bought(event), shop.bought(event)
    shop.world.pay(paid["checkout_url"])
    shop.verify(unpaid, session_id=paid["session_id"]).problem(404, "payment_not_found")
    shop.verify(unpaid, session_id="cs_test_unknown").problem(404, "payment_not_found")
    assert shop.status(unpaid) == "paying"


def test_silence_of_stripe_changes_nothing(shop: Shop) -> None:
    """Neither verifying nor cancelling takes it for an answer."""
    order = shop.bought(shop.event())
    shop.world.pay(order["checkout_url"])
    shop.running.sandbox.plan_fault(Fault(path="/v1/*", drop=True, times=None))
    for answer in (shop.verify(order), shop.cancel(order)):
        answer.problem(503, "gateway_unavailable")
        assert int(answer.headers["Retry-After"]) > 0
    assert shop.status(order) == "paying"
    shop.running.sandbox.clear_faults()
    assert shop.verify(order).status == 200


@pytest.mark.parametrize("call", ["verify", "cancel"])
def test_a_ticket_is_its_buyers_alone(shop: Shop, call: str) -> None:
    """Somebody else's is a 403, an unknown one a 404."""
    order = shop.bought(shop.event())
    ask = getattr(shop, call)
    ask(order, buyer="43").problem(403, "not_your_ticket")
    ask({**order, "ticket_id": 2**31 - 1}).problem(404, "ticket_not_found")
    assert shop.status(order) == "paying"


# --- cancel ---------------------------------------------------------------------------------


def test_cancelling_closes_the_session_and_then_frees_the_places(shop: Shop) -> None:
    """Nobody can pay any more; a second cancel and a late verify are told so."""
    event = shop.event()
    order = shop.bought(event)
    cancelled = shop.cancel(order)
    assert (cancelled.status, cancelled.body) == (200, {"detail": "Payment cancelled"})
    assert shop.running.sandbox.session(order["session_id"]).status == "expired"
    assert shop.places_left(event) == 10
    shop.cancel(order).problem(400, "already_processed")
    shop.verify(order).problem(400, "order_cancelled")


def test_places_stay_kept_while_the_session_cannot_be_closed(shop: Shop) -> None:
    """Closing comes first: without it nothing is freed."""
    event = shop.event()
    order = shop.bought(event)
    path = "/v1/checkout/sessions/*/expire"
    shop.running.sandbox.plan_fault(Fault(path=path, drop=True, times=None))
    shop.cancel(order).problem(503, "gateway_unavailable")
    assert shop.places_left(event) == 8
    assert shop.running.sandbox.session(order["session_id"]).status == "open"


def test_cancelling_what_was_paid_issues_it(shop: Shop) -> None:
    """The buyer paid in another tab."""
    event = shop.event()
    order = shop.bought(event)
    shop.world.pay(order["checkout_url"])
    shop.cancel(order).problem(400, "already_paid")
    assert shop.status(order) == "issued"
    shop.cancel(order).problem(400, "already_processed")
    assert shop.places_left(event) == 8


# --- who is calling -------------------------------------------------------------------------

NOW = datetime.now(UTC)
CLAIMS = {"sub": "42", "exp": NOW + timedelta(hours=1)}


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (None, "token_missing"),
        ("", "token_missing"),
        ("nonsense", "token_invalid"),
        (access_token(exp=NOW - timedelta(minutes=1)), "token_expired"),
        (access_token(exp=None), "token_invalid"),
        (access_token(None), "token_invalid"),
        (access_token(type="refresh"), "token_invalid"),
        (access_token(token_type="refresh"), "token_invalid"),
        (jwt.encode(CLAIMS, "another secret, as long as it has to be", "HS256"), "token_invalid"),
        (jwt.encode(CLAIMS, "x" * 64, "HS512"), "token_invalid"),
        (jwt.encode(CLAIMS, "", "none"), "token_invalid"),
    ],
    ids="none empty malformed expired endless nobody refresh simplejwt secret alg unsigned".split(),
)
def test_a_token_that_is_none_is_a_401(shop: Shop, token: str | None, code: str) -> None:
    """On each endpoint, before the body is looked at."""
    for path in (CREATE, VERIFY, CANCEL):
        answer = shop.server.post(path, b"not even json", token=token)
        answer.problem(401, code)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_both_schemes_and_both_forms_of_an_identity_are_one_buyer(shop: Shop) -> None:
    """``Bearer`` and ``JWT``, 42 and "42"."""
    order = shop.bought(shop.event(price=0))
    path = f"/api/tickets/{order['ticket_id']}/"
    for scheme in ("Bearer", "JWT"):
        for buyer in (42, "42"):
            header = f"{scheme} {access_token(buyer)}"
            assert shop.server.get(path, Authorization=header).status == 200


# --- without the buyer ----------------------------------------------------------------------


@pytest.mark.parametrize("delivery", [Delivery.EARLY, Delivery.TWICE, Delivery.ON_TIME])
def test_news_of_a_payment_issues_the_ticket(shop: Shop, delivery: Delivery) -> None:
    """By a webhook that Stripe has signed; the buyer never comes back."""
    order = shop.bought(shop.event())
    shop.running.sandbox.pay(order["session_id"], PayWith.CARD, delivery=delivery)
    assert shop.running.sandbox.wait_for_webhooks()
    assert shop.status(order) == "issued"


def test_a_refund_from_the_dashboard_voids_the_ticket(shop: Shop) -> None:
    """In part it is shown, in full the ticket is void; an organizer's refund likewise."""
    event = shop.event()
    order = shop.bought(event)
    shop.world.pay(order["checkout_url"])
    assert shop.verify(order).status == 200
    shop.running.sandbox.delivery = Delivery.ON_TIME
    shop.world.give_back(order["session_id"], 1000)
    assert shop.running.sandbox.wait_for_webhooks()
    path = f"/api/tickets/{order['ticket_id']}/"
    shown = shop.server.get(path, token=access_token()).body
    assert (shown["status"], shown["refunded"]["amount_minor"]) == ("issued", 1000)
    refunded = shop.server.post(
        "/api/payments/refund/",
        {"ticket_id": order["ticket_id"]},
        token=access_token("7", roles=["organizer"]),
    )
    assert (refunded.status, refunded.body["status"]) == (200, "refunded")
    assert shop.verify(order).problem(400, "refunded")
    assert shop.places_left(event) == 10
    charge = shop.running.sandbox.charge(order["session_id"])
    assert charge is not None
    assert charge.amount_refunded == 5000


def test_a_body_that_stripe_did_not_sign_is_refused(shop: Shop) -> None:
    """Whatever it says."""
    answer = shop.server.post("/api/payments/webhook/", {"type": "checkout.session.completed"})
    answer.problem(400, "bad_notification")


# --- the rest of the service ----------------------------------------------------------------


def test_the_service_tells_what_it_is(shop: Shop) -> None:
    """Health, documents, and a preflight of the frontend."""
    for path in ("/healthz", "/readyz", "/openapi.json", "/docs", "/api/events/"):
        assert shop.server.get(path).status == 200
    header = {"Origin": "http://localhost:5173"}
    answer = shop.server.get("/api/events/", **header)
    assert answer.headers["Access-Control-Allow-Origin"] == header["Origin"]
