"""The hosted payment page, driven by plain form posts as a browser sends them."""

import pytest
import requests
import stripe

from tests.integration.sandbox.conftest import OpenSession
from tests.integration.sandbox.webhook_receiver import WebhookReceiver
from ticketing_service.sandbox import Delivery, RunningSandbox, Sandbox

GOOD_CARD = {"card_number": "4242 4242 4242 4242", "expiry": "12 / 34", "cvc": "123"}


def address(session: stripe.checkout.Session) -> str:
    """Return where a session is paid."""
    assert session.url is not None
    return session.url


def post(session: stripe.checkout.Session, **fields: str) -> requests.Response:
    """Send the form of the page, and stay where the answer came from."""
    return requests.post(address(session), data=fields, allow_redirects=False, timeout=15)


def test_the_page_shows_what_is_sold(open_session: OpenSession) -> None:
    """The names (escaped), the total, the way back, and that nothing here is real."""
    price = {"currency": "usd", "unit_amount": 2500, "product_data": {"name": "<b>Jazz</b>"}}
    session = open_session(line_items=[{"quantity": 3, "price_data": price}])
    page = requests.get(address(session), timeout=5).text
    assert "$75.00" in page
    assert "TEST MODE" in page
    assert "&lt;b&gt;Jazz&lt;/b&gt;" in page
    assert 'href="http://shop.test/cancel?ticket_id=31"' in page


def test_the_page_needs_nothing_from_elsewhere(
    running: RunningSandbox, open_session: OpenSession
) -> None:
    """No script, and its one style sheet comes from the sandbox itself."""
    page = requests.get(address(open_session()), timeout=5).text
    assert "<script" not in page
    assert "https://" not in page
    assert requests.get(f"{running.url}/static/sandbox.css", timeout=5).ok


def test_paying_leads_back_to_the_shop(
    client: stripe.StripeClient, open_session: OpenSession
) -> None:
    """The buyer goes to the success address with the session's id filled in."""
    session = open_session()
    answer = post(session, **GOOD_CARD, email="anna@example.com", name="Anna")
    assert answer.status_code == 303
    assert answer.headers["Location"] == (
        f"http://shop.test/success?session_id={session.id}&ticket_id=31"
    )
    paid = client.v1.checkout.sessions.retrieve(session.id)
    assert paid.payment_status == "paid"
    assert paid.customer_details is not None
    assert (paid.customer_details.email, paid.customer_details.name) == ("anna@example.com", "Anna")


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("4000000000000002", "Your card has been declined."),
        ("4000000000009995", "insufficient funds"),
        ("4000000000000069", "has expired"),
    ],
)
def test_a_declined_card_says_why(
    client: stripe.StripeClient, open_session: OpenSession, number: str, says: str
) -> None:
    """The page stays, with the reason; another card then pays."""
    session = open_session()
    answer = post(session, card_number=number)
    assert answer.status_code == 402
    assert says in answer.text
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
def test_a_wrong_field_is_told(
    client: stripe.StripeClient, open_session: OpenSession, field: str, value: str
) -> None:
    """Nothing is paid with a form that makes no sense."""
    session = open_session()
    answer = post(session, **{**GOOD_CARD, field: value})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_a_bank_debit_leads_back_unpaid(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """The buyer is back at once, and the bank answers as was chosen on the page."""
    session = open_session()
    answer = post(session, method="bank_debit", slow_outcome="succeeds")
    assert answer.status_code == 303
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "unpaid"
    sandbox.advance_clock(10)
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_a_mishap_of_the_webhook_can_be_chosen(
    open_session: OpenSession, receiver: WebhookReceiver
) -> None:
    """Early: it is there before the buyer is sent back. Lost: it never is."""
    post(open_session(), **GOOD_CARD, delivery="lost")
    post(open_session(), **GOOD_CARD, delivery="early")
    assert len(receiver.received()) == 1


def test_the_page_follows_the_dashboard(
    open_session: OpenSession, sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    """When all events are to be lost, the page says so, and a form without a choice obeys."""
    sandbox.delivery = Delivery.LOST
    session = open_session()
    assert 'value="lost" checked' in requests.get(address(session), timeout=5).text
    post(session, **GOOD_CARD)
    assert sandbox.wait_for_webhooks()
    assert receiver.received() == []


def test_going_back_leaves_the_session_open(
    client: stripe.StripeClient, open_session: OpenSession
) -> None:
    """The way back is only a link: the buyer can return and pay."""
    session = open_session()
    requests.get(address(session), timeout=5)
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"


@pytest.mark.parametrize(("ending", "says"), [("expire", "has expired"), ("pay", "is complete")])
def test_a_closed_session_says_so(
    open_session: OpenSession, sandbox: Sandbox, ending: str, says: str
) -> None:
    """A page that is shown, or was still open, does not pretend that it can be paid."""
    session = open_session()
    sandbox.expire(session.id) if ending == "expire" else sandbox.pay(session.id)
    shown = requests.get(address(session), timeout=5)
    sent = post(session, **GOOD_CARD)
    assert (shown.status_code, sent.status_code) == (200, 409)
    assert says in shown.text
    assert says in sent.text


def test_an_unknown_session_has_no_page(running: RunningSandbox) -> None:
    """404, with a page for people."""
    for method in ("GET", "POST"):
        answer = requests.request(method, f"{running.url}/c/pay/cs_test_none", timeout=5)
        assert answer.status_code == 404
        assert "no such checkout" in answer.text
