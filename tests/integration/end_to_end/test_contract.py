"""Every row of the payment API's tables, with a real server, the real SDK and the sandbox."""

import base64
import io
from typing import Any
from uuid import UUID

import pytest
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import KeySet
from PIL import Image

from tests.integration.end_to_end.conftest import CANCEL, CREATE, VERIFY, Shop
from tests.support.qr_scanner import scan
from tests.support.server import access_token

pytestmark = [
    pytest.mark.usefixtures("no_webhooks"),
    # RFC 9864 prefers a newer name than EdDSA, which few libraries know yet.
    pytest.mark.filterwarnings("ignore:EdDSA is deprecated"),
]

HUGE, HUGE_ID = 2**31, 2**53
NO_ID: list[object] = [None, -1, 0, HUGE_ID, True, 1.5, "", "abc", []]


def shown(value: object) -> str:
    """Return a value as it is shown in the name of a test."""
    return repr(value)[:12]


# --- create ---------------------------------------------------------------------------------


def test_a_paid_ticket_is_bought_paid_and_verified(shop: Shop) -> None:
    """The response has the documented fields, and anyone can check the token in the QR code."""
    event = shop.event()
    order = shop.bought(event)
    assert set(order) == {"checkout_url", "session_id", "ticket_id", "ticket_code"}
    assert order["session_id"] in order["checkout_url"]
    session = shop.running.sandbox.session(order["session_id"])
    assert (session.amount_total, session.currency) == (5000, "usd")
    ticket = f"ticket_id={order['ticket_id']}"
    page = "http://localhost:5173/payment"
    assert session.params["success_url"] == (
        f"{page}/success?session_id={{CHECKOUT_SESSION_ID}}&{ticket}"
    )
    assert session.params["cancel_url"] == f"{page}/cancel?{ticket}"
    assert shop.places_left(event) == 8
    shop.world.pay(order["checkout_url"])
    for _ in range(2):
        verified = shop.verify(order)
        assert verified.status == 200
        assert verified.body["detail"] == "Payment successful"
        assert verified.body["ticket_code"] == order["ticket_code"]
        check_qr(shop, verified.body, event_id=event.event_id, quantity=2)


def test_a_free_ticket_is_issued_at_once(shop: Shop) -> None:
    """Without a call of the payment provider."""
    event = shop.event(price=0)
    before = len(shop.running.sandbox.sessions())
    issued = shop.create(event, quantity=3)
    assert issued.status == 200
    assert set(issued.body) == {"detail", "qr_code_data", "ticket_id", "ticket_code"}
    assert issued.body["detail"] == "Successfully purchased tickets"
    check_qr(shop, issued.body, event_id=event.event_id, quantity=3)
    assert len(shop.running.sandbox.sessions()) == before


def check_qr(shop: Shop, answer: dict[str, Any], *, event_id: int, quantity: int) -> None:
    """Read the image with another QR library, and the token with another JWT library."""
    picture = Image.open(io.BytesIO(base64.b64decode(answer["qr_code_data"], validate=True)))
    keys = KeySet.import_key_set(shop.server.get("/.well-known/jwks.json").body)
    claims = joserfc_jwt.decode(scan(picture), keys, algorithms=["EdDSA"]).claims
    assert (claims["t"], claims["e"], claims["q"]) == (answer["ticket_id"], event_id, quantity)
    code = UUID(bytes=base64.urlsafe_b64decode(claims["c"] + "=="))
    assert str(code) == answer["ticket_code"]


@pytest.mark.parametrize("price", [2500, 0])
def test_too_few_places_are_a_400(shop: Shop, price: int) -> None:
    """No place is taken, whether the tickets are free or not."""
    event = shop.event(price=price, capacity=1)
    problem = shop.create(event).problem(400, "sold_out")
    assert "Not enough tickets available" in problem["detail"]
    assert shop.places_left(event) == 1


def test_an_unknown_event_is_a_404(shop: Shop) -> None:
    """Even with the largest valid id."""
    body = {"event_id": HUGE_ID - 1, "quantity": 1}
    shop.server.post(CREATE, body, token=access_token(shop.buyer)).problem(404, "event_not_found")


@pytest.mark.parametrize(
    "quantity",
    [None, -1, 0, HUGE, 10**400, True, False, 1.5, 10.0, "", "abc", "-1", "010", "1e1", [], {}],
    ids=shown,
)
def test_a_bad_quantity_is_a_400_that_names_it(shop: Shop, quantity: object) -> None:
    """No place is taken."""
    event = shop.event()
    problem = shop.create(event, quantity=quantity).problem(400, "invalid_input")
    assert [error["field"] for error in problem["errors"]] == ["quantity"]
    assert shop.places_left(event) == 10


@pytest.mark.parametrize("event_id", NO_ID, ids=shown)
def test_a_bad_event_id_is_a_400_that_names_it(shop: Shop, event_id: object) -> None:
    """Not a 404, since no event can ever have such an id."""
    body = {"event_id": event_id, "quantity": 1}
    problem = shop.server.post(CREATE, body, token=access_token(shop.buyer)).problem(
        400, "invalid_input"
    )
    assert [error["field"] for error in problem["errors"]] == ["event_id"]


def test_digits_as_text_are_a_quantity(shop: Shop) -> None:
    """``"10"`` is 10."""
    event = shop.event()
    assert shop.create(event, quantity="10").status == 200
    assert shop.places_left(event) == 0


@pytest.mark.parametrize("path", [CREATE, VERIFY, CANCEL])
def test_a_bad_body_is_a_400(shop: Shop, path: str) -> None:
    """Not JSON, empty, not an object; missing fields are all named."""
    token = access_token(shop.buyer)
    shop.server.post(path, b"not json", token=token).problem(400, "malformed_json")
    shop.server.post(path, b"", token=token).problem(400, "malformed_json")
    shop.server.post(path, [], token=token).problem(400, "invalid_input")
    problem = shop.server.post(path, {}, token=token).problem(400, "invalid_input")
    assert {error["detail"] for error in problem["errors"]} == {"is missing"}
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    shop.server.post(path, b"a=b", token=token, **form).problem(415, "unsupported_media_type")


@pytest.mark.parametrize("ticket_id", NO_ID, ids=shown)
def test_a_bad_ticket_id_is_a_400_that_names_it(shop: Shop, ticket_id: object) -> None:
    """In verify and in cancel."""
    for path in (VERIFY, CANCEL):
        body = {"ticket_id": ticket_id, "session_id": "cs_test_any"}
        problem = shop.server.post(path, body, token=access_token(shop.buyer)).problem(
            400, "invalid_input"
        )
        assert [error["field"] for error in problem["errors"]] == ["ticket_id"]


@pytest.mark.parametrize("session_id", [None, 1, True, "", [], "c" * 256, "cs\0"], ids=shown)
def test_a_bad_session_is_a_400_that_names_it(shop: Shop, session_id: object) -> None:
    """Before anything is looked up, even if there is no such ticket."""
    body = {"ticket_id": HUGE_ID - 1, "session_id": session_id}
    problem = shop.server.post(VERIFY, body, token=access_token(shop.buyer)).problem(
        400, "invalid_input"
    )
    assert [error["field"] for error in problem["errors"]] == ["session_id"]


# --- verify ---------------------------------------------------------------------------------


def test_an_unpaid_ticket_is_not_verified(shop: Shop) -> None:
    """Not paid yet, declined, or still undecided."""
    order = shop.bought(shop.event())
    shop.verify(order).problem(400, "payment_open")
    shop.world.decline(order["checkout_url"])
    shop.verify(order).problem(400, "payment_open")
    shop.world.pay_slowly(order["checkout_url"])
    shop.verify(order).problem(400, "payment_processing")
    shop.cancel(order).problem(400, "payment_processing")
    shop.world.decide(order["session_id"], paid=True)
    assert shop.verify(order).status == 200


def test_a_slow_payment_that_fails_is_never_verified(shop: Shop) -> None:
    """The order is over, and its places are free again."""
    event = shop.event()
    order = shop.bought(event)
    shop.world.pay_slowly(order["checkout_url"])
    shop.verify(order).problem(400, "payment_processing")
    assert shop.places_left(event) == 8
    shop.world.decide(order["session_id"], paid=False)
    shop.verify(order).problem(400, "order_expired")
    assert shop.places_left(event) == 10


def test_a_free_ticket_has_no_payment_to_verify_or_cancel(shop: Shop) -> None:
    """It stays issued."""
    order = {**shop.bought(shop.event(price=0)), "session_id": "cs_test_any"}
    shop.verify(order).problem(404, "payment_not_found")
    shop.cancel(order).problem(400, "already_processed")
    assert shop.status(order) == "issued"


def test_only_its_own_session_verifies_a_ticket(shop: Shop) -> None:
    """One paid ticket does not issue another."""
    event = shop.event()
    paid, unpaid = shop.bought(event), shop.bought(event)
    shop.world.pay(paid["checkout_url"])
    shop.verify(unpaid, session_id=paid["session_id"]).problem(404, "payment_not_found")
    shop.verify(unpaid, session_id="cs_test_unknown").problem(404, "payment_not_found")
    assert shop.status(unpaid) == "paying"


@pytest.mark.parametrize("call", ["verify", "cancel"])
def test_a_ticket_belongs_to_its_buyer(shop: Shop, call: str) -> None:
    """Another buyer's ticket is a 403, an unknown one a 404."""
    order = shop.bought(shop.event())
    send = getattr(shop, call)
    send(order, buyer="43").problem(403, "not_your_ticket")
    send({**order, "ticket_id": HUGE_ID - 1}).problem(404, "ticket_not_found")
    assert shop.status(order) == "paying"


# --- cancel ---------------------------------------------------------------------------------


def test_cancelling_closes_the_session_and_then_frees_the_places(shop: Shop) -> None:
    """It can no longer be paid; a second cancel and a late verify are a 400."""
    event = shop.event()
    order = shop.bought(event)
    cancelled = shop.cancel(order)
    assert (cancelled.status, cancelled.body) == (200, {"detail": "Payment cancelled"})
    assert shop.running.sandbox.session(order["session_id"]).status == "expired"
    assert shop.stripe_calls(order) == [("POST /expire", 200)]
    assert shop.places_left(event) == 10
    shop.cancel(order).problem(400, "already_processed")
    shop.verify(order).problem(400, "order_cancelled")


def test_cancelling_a_paid_ticket_issues_it(shop: Shop) -> None:
    """The buyer paid in another tab."""
    event = shop.event()
    order = shop.bought(event)
    shop.world.pay(order["checkout_url"])
    shop.cancel(order).problem(400, "already_paid")
    # Stripe does not say why it refuses to expire a session; the session itself shows it.
    assert shop.stripe_calls(order) == [("POST /expire", 400), ("GET", 200)]
    assert shop.status(order) == "issued"
    shop.cancel(order).problem(400, "already_processed")
    assert shop.places_left(event) == 8
