"""The hosted payment page, used by form posts such as a browser sends."""

import pytest
import requests
import stripe

from tests.integration.sandbox.conftest import OpenSession
from tests.integration.sandbox.webhook_receiver import WebhookReceiver
from ticketing_service.sandbox import Delivery, RunningSandbox, Sandbox

GOOD_CARD = {"card_number": "4242 4242 4242 4242", "expiry": "12 / 34", "cvc": "123"}


def page_url(session: stripe.checkout.Session) -> str:
    """Return the address of a session's payment page."""
    assert session.url is not None
    return session.url


def post(session: stripe.checkout.Session, **fields: str) -> requests.Response:
    """Send the form of the page without following the redirect."""
    return requests.post(page_url(session), data=fields, allow_redirects=False, timeout=15)


def test_the_page_shows_what_is_sold(open_session: OpenSession) -> None:
    """It shows the names (escaped), the total, the link back, and that it is a test."""
    price = {"currency": "usd", "unit_amount": 2500, "product_data": {"name": "<b>Jazz</b>"}}
    session = open_session(line_items=[{"quantity": 3, "price_data": price}])
    page = requests.get(page_url(session), timeout=5).text
    assert "$75.00" in page
    assert "TEST MODE" in page
    assert "&lt;b&gt;Jazz&lt;/b&gt;" in page
    assert 'href="http://shop.test/cancel?ticket_id=31"' in page


def test_the_page_loads_nothing_from_elsewhere(
    running: RunningSandbox, open_session: OpenSession
) -> None:
    """It has no script, and its style sheet comes from the sandbox."""
    page = requests.get(page_url(open_session()), timeout=5).text
    assert "<script" not in page
    assert "https://" not in page
    assert requests.get(f"{running.url}/static/sandbox.css", timeout=5).ok


def test_paying_leads_back_to_the_shop(
    client: stripe.StripeClient, open_session: OpenSession
) -> None:
    """The buyer is redirected to the success page with the session's id filled in."""
    session = open_session()
    response = post(session, **GOOD_CARD, email="anna@example.com", name="Anna")
    assert response.status_code == 303
    assert response.headers["Location"] == (
        f"http://shop.test/success?session_id={session.id}&ticket_id=31"
    )
    paid = client.v1.checkout.sessions.retrieve(session.id)
    assert paid.payment_status == "paid"
    assert paid.customer_details is not None
    assert (paid.customer_details.email, paid.customer_details.name) == ("anna@example.com", "Anna")


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("4000000000000002", "Your card has been declined."),
        ("4000000000009995", "insufficient funds"),
        ("4000000000000069", "has expired"),
    ],
)
def test_a_decline_is_explained(
    client: stripe.StripeClient, open_session: OpenSession, number: str, reason: str
) -> None:
    """The page shows the reason, and another card can pay."""
    session = open_session()
    response = post(session, card_number=number)
    assert response.status_code == 402
    assert reason in response.text
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert post(session, **GOOD_CARD).status_code == 303


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("card_number", ""),
        ("card_number", "4111 1111"),
        ("expiry", "13 / 34"),
        ("expiry", "01 / 20"),
        ("cvc", "1"),
        ("delivery", "never"),
        ("slow_outcome", "perhaps"),
    ],
)
def test_a_wrong_field_is_refused(
    client: stripe.StripeClient, open_session: OpenSession, field: str, value: str
) -> None:
    """The page shows the problem, and the session stays open."""
    session = open_session()
    response = post(session, **{**GOOD_CARD, field: value})
    assert response.status_code == 400
    assert 'role="alert"' in response.text
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_a_bank_debit_leads_back_unpaid(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """The buyer returns at once, and the bank responds as chosen on the page."""
    session = open_session()
    response = post(session, method="bank_debit", slow_outcome="succeeds")
    assert response.status_code == 303
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "unpaid"
    sandbox.advance_clock(10)
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_the_delivery_can_be_chosen(open_session: OpenSession, receiver: WebhookReceiver) -> None:
    """Early: the event arrives before the redirect. Lost: it never arrives."""
    post(open_session(), **GOOD_CARD, delivery="lost")
    post(open_session(), **GOOD_CARD, delivery="early")
    assert len(receiver.received()) == 1


def test_the_page_follows_the_dashboard(
    open_session: OpenSession, sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    """The sandbox's delivery is preselected, and holds for a form without a choice."""
    sandbox.delivery = Delivery.LOST
    session = open_session()
    assert 'value="lost" checked' in requests.get(page_url(session), timeout=5).text
    post(session, **GOOD_CARD)
    assert sandbox.wait_for_webhooks()
    assert receiver.received() == []


def test_going_back_leaves_the_session_open(
    client: stripe.StripeClient, open_session: OpenSession
) -> None:
    """The link back changes nothing: the buyer can return and pay."""
    session = open_session()
    requests.get(page_url(session), timeout=5)
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"


@pytest.mark.parametrize(("ending", "reason"), [("expire", "has expired"), ("pay", "is complete")])
def test_a_closed_session_cannot_be_paid(
    open_session: OpenSession, sandbox: Sandbox, ending: str, reason: str
) -> None:
    """The page, and the form of a page that was open before, show why."""
    session = open_session()
    sandbox.expire(session.id) if ending == "expire" else sandbox.pay(session.id)
    shown = requests.get(page_url(session), timeout=5)
    sent = post(session, **GOOD_CARD)
    assert (shown.status_code, sent.status_code) == (200, 409)
    assert reason in shown.text
    assert reason in sent.text


def test_an_unknown_session_has_no_page(running: RunningSandbox) -> None:
    """The response is a 404 with a page for people."""
    for method in ("GET", "POST"):
        response = requests.request(method, f"{running.url}/c/pay/cs_test_none", timeout=5)
        assert response.status_code == 404
        assert "no such checkout" in response.text


def test_a_card_that_asks_first(client: stripe.StripeClient, open_session: OpenSession) -> None:
    """The page shows the bank's question; the answer pays, or leads back to the page."""
    session = open_session()
    asked = post(session, card_number="4000 0025 0000 3155", delivery="lost")
    assert asked.status_code == 200
    assert "Is this payment yours?" in asked.text
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    answer = f"{page_url(session)}/authenticate"
    refused = requests.post(answer, data={"passed": "no"}, allow_redirects=False, timeout=5)
    assert refused.status_code == 402
    assert "unable to authenticate" in refused.text
    assert requests.post(answer, data={"passed": "yes"}, timeout=5).status_code == 409
    post(session, card_number="4000002500003155")
    passed = requests.post(answer, data={"passed": "yes"}, allow_redirects=False, timeout=5)
    assert passed.status_code == 303
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_a_voucher_leads_back_unpaid(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """The page offers it where the currency has one, and it ends as chosen on the page."""
    assert "Voucher" not in requests.get(page_url(open_session()), timeout=5).text
    session = open_session(currency="eur")
    assert "multibanco" in requests.get(page_url(session), timeout=5).text
    response = post(session, method="voucher", slow_outcome="fails")
    assert response.status_code == 303
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "unpaid"
    sandbox.advance_clock(10)
    intent = sandbox.intent(session.id)
    assert intent is not None
    assert intent.status == "requires_payment_method"
