"""The JSON interface for tests in another process, and the server."""

import socket
from typing import Any

import pytest
import requests
import stripe

from tests.integration.sandbox.conftest import OpenSession
from tests.integration.sandbox.webhook_receiver import WebhookReceiver
from ticketing_service.sandbox import RunningSandbox, running_sandbox


def control(
    running: RunningSandbox, method: str, path: str, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Send one control call, which must succeed, and return its body."""
    response = requests.request(method, f"{running.url}/_sandbox/{path}", json=body, timeout=5)
    assert response.status_code == 200, response.text
    shown: dict[str, Any] = response.json()
    return shown


def test_the_life_of_a_payment(
    running: RunningSandbox, open_session: OpenSession, client: stripe.StripeClient
) -> None:
    """Decline, bank debit, its success, refund, failed refund and dispute, all over HTTP."""
    session = open_session()
    path = f"sessions/{session.id}"
    declined = control(running, "POST", f"{path}/pay", {"with": "empty_card"})
    assert declined["declined"]["decline_code"] == "insufficient_funds"
    waiting = control(running, "POST", f"{path}/pay", {"with": "bank_debit"})
    assert (waiting["status"], waiting["payment_status"]) == ("complete", "unpaid")
    paid = control(running, "POST", f"{path}/end_slow_payment", {"outcome": "succeeds"})
    assert paid["payment_status"] == "paid"
    refund = control(running, "POST", f"{path}/refund", {"amount": 1000})
    assert refund["amount"] == 1000
    assert control(running, "POST", f"refunds/{refund['id']}/fail")["status"] == "failed"
    assert control(running, "POST", f"{path}/dispute")["amount"] == 5000
    assert client.v1.refunds.retrieve(refund["id"]).status == "failed"
    assert [listed["id"] for listed in control(running, "GET", "sessions")["sessions"]] == [
        session.id
    ]


def test_the_life_of_money_that_goes_back(
    running: RunningSandbox, open_session: OpenSession, client: stripe.StripeClient
) -> None:
    """Refunds are planned and moved, disputes opened and moved, and a warning is sent."""
    session = open_session()
    path = f"sessions/{session.id}"
    control(running, "POST", f"{path}/pay", {"with": "authenticated_card"})
    assert control(running, "POST", f"{path}/authenticate", {"passed": False})["declined"]
    control(running, "POST", f"{path}/pay", {"with": "authenticated_card"})
    assert control(running, "POST", f"{path}/authenticate")["payment_status"] == "paid"
    plan = {"status": "requires_action", "times": 2}
    assert control(running, "POST", "refunds/plan", plan)["planned"]["status"] == "requires_action"
    first, second = (control(running, "POST", f"{path}/refund", {"amount": 100}) for _ in "ab")
    named = control(running, "POST", f"refunds/{first['id']}/name_account")
    assert (named["status"], named["pending_reason"]) == ("pending", "processing")
    assert control(running, "POST", f"refunds/{first['id']}/complete")["status"] == "succeeded"
    assert control(running, "POST", f"refunds/{second['id']}/cancel")["status"] == "canceled"
    failed = control(running, "POST", f"refunds/{first['id']}/fail", {"reason": "declined"})
    assert failed["failure_reason"] == "declined"
    asked = {"amount": 300, "status": "warning_needs_response", "reason": "duplicate"}
    inquiry = control(running, "POST", f"{path}/dispute", asked)
    assert (inquiry["amount"], inquiry["reason"]) == (300, "duplicate")
    dispute = f"disputes/{inquiry['id']}"
    control(running, "POST", f"{dispute}/evidence", {"characters": 90_000})
    assert control(running, "POST", f"{dispute}/escalate")["status"] == "needs_response"
    assert control(running, "POST", f"{dispute}/lose")["status"] == "lost"
    warning = control(running, "POST", f"{path}/fraud_warning")
    assert warning["object"] == "radar.early_fraud_warning"
    found = client.v1.disputes.retrieve(inquiry["id"])
    assert len(found.evidence.uncategorized_text or "") == 90_000


def test_the_account_over_http(
    running: RunningSandbox, client: stripe.StripeClient, open_session: OpenSession
) -> None:
    """Its state, keys, limits, webhook form, choices and clock; each call is counted."""
    control(running, "POST", "account", {"name": None})
    with pytest.raises(stripe.InvalidRequestError, match="business name"):
        open_session()
    control(running, "POST", "account", {"name": "Hall", "currently_due": ["external_account"]})
    rights = ["checkout_session_write"]
    control(running, "POST", "keys", {"key": "rk_test_seller_1", "rights": rights})
    control(running, "POST", "keys/only_registered")
    with pytest.raises(stripe.AuthenticationError):
        client.v1.refunds.list()
    control(running, "POST", "keys/only_registered", {"only": False})
    control(running, "POST", "limits", {"each_operation": 0.001, "in_all": 0.001})
    client.v1.refunds.list()
    with pytest.raises(stripe.RateLimitError):
        client.v1.refunds.list()
    assert control(running, "DELETE", "limits") == {"limits": None}
    calls = control(running, "GET", "calls")["calls"]
    assert calls == {"POST /v1/checkout/sessions": 1, "GET /v1/refunds": 3}
    webhook = control(running, "POST", "webhook", {"thin": True})
    assert (webhook["thin"], webhook["secret"]) == (True, "***")
    switched = control(running, "POST", "unsettled", {"failed_refunds_count": True})
    assert switched["failed_refunds_count"]
    session = open_session(currency="eur")
    control(running, "POST", f"sessions/{session.id}/pay", {"with": "voucher"})
    canceled = control(running, "POST", f"sessions/{session.id}/cancel_payment")
    assert canceled["status"] == "canceled"
    now = control(running, "POST", "clock/advance", {"seconds": 86_400})["now"]
    assert now - control(running, "POST", "clock/return")["now"] == pytest.approx(86_400, abs=5)


def test_faults_over_http(running: RunningSandbox, client: stripe.StripeClient) -> None:
    """A fault is planned, listed, takes effect, and can be cleared."""
    error = {"status": 400, "message": "No.", "code": "account_invalid"}
    control(running, "POST", "faults", {"method": "GET", "path": "/v1/refunds", "error": error})
    assert control(running, "GET", "faults")["faults"][0]["error"]["code"] == "account_invalid"
    with pytest.raises(stripe.InvalidRequestError, match=r"No\."):
        client.v1.refunds.list()
    control(running, "POST", "faults", {"drop": True})
    assert control(running, "DELETE", "faults")["faults"] == []
    assert client.v1.refunds.list().data == []


def test_exchanges_are_recorded(
    running: RunningSandbox, client: stripe.StripeClient, open_session: OpenSession
) -> None:
    """Each call is listed with its parameters as lists and objects, its key, and its response."""
    session = open_session(metadata={"0": "not a list"})
    client.v1.checkout.sessions.list({"created": {"gte": 1}, "expand": ["data.payment_intent"]})
    created, listed = control(running, "GET", "exchanges")["exchanges"]
    assert (created["method"], created["path"]) == ("POST", "/v1/checkout/sessions")
    assert created["params"]["line_items"][0]["price_data"]["unit_amount"] == "2500"
    assert created["params"]["metadata"] == {"0": "not a list"}
    assert created["idempotency_key"]
    assert (created["status"], created["body"]["id"]) == (200, session.id)
    assert listed["params"] == {"created": {"gte": "1"}, "expand": ["data.payment_intent"]}


def test_time_and_events_over_http(
    running: RunningSandbox, open_session: OpenSession, receiver: WebhookReceiver
) -> None:
    """The clock goes forward, and the lost event is listed and can be resent."""
    session = open_session()
    control(running, "POST", "delivery", {"delivery": "lost"})
    control(running, "POST", "clock/advance", {"seconds": 3600})
    event = control(running, "GET", "events")["events"][0]["event"]
    assert (event["type"], event["data"]["object"]["id"]) == (
        "checkout.session.expired",
        session.id,
    )
    control(running, "POST", f"events/{event['id']}/resend")
    receiver.wait_for(1)
    control(running, "POST", "reset")
    assert control(running, "GET", "sessions") == {"sessions": []}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("sessions/none/pay", {}, 404),
        ("sessions/none/pay", [1], 400),
        ("sessions/none/pay", {"with": "gold"}, 400),
        ("sessions/none/refund", {"amount": "all"}, 400),
        ("sessions/none/refund", {"amount": 0}, 400),
        ("clock/advance", {"seconds": -1}, 400),
        ("faults", {"colour": "red"}, 400),
        ("faults", {"times": 0}, 400),
        ("faults", {"error": {"status": "x", "message": ""}}, 400),
        ("events/none/resend", {}, 404),
        ("refunds/plan", {"status": "lost"}, 400),
        ("refunds/none/complete", {}, 404),
        ("refunds/none/fail", {"reason": "tired"}, 400),
        ("disputes/none/win", {}, 404),
        ("disputes/none/smile", {}, 400),
        ("sessions/none/dispute", {"status": "lost"}, 400),
        ("sessions/none/authenticate", {"passed": "yes"}, 400),
        ("account", {"colour": "red"}, 400),
        ("account", {"charges_enabled": "no"}, 400),
        ("unsettled", {"failed_refunds_count": 1}, 400),
        ("limits", {"each_operation": 0, "in_all": 1}, 400),
        ("limits", {}, 400),
        ("keys", {"key": "sk_live_x"}, 400),
        ("keys", {"key": "rk_test_x", "rights": ["refund_write"]}, 400),
    ],
)
def test_an_impossible_step_is_refused(
    running: RunningSandbox, path: str, body: Any, status: int
) -> None:
    """A mistake in a test is reported, never swallowed."""
    response = requests.post(f"{running.url}/_sandbox/{path}", json=body, timeout=5)
    assert response.status_code == status
    assert response.json()["error"]["message"]


def test_a_taken_port_is_an_error() -> None:
    """A second server does not start on the same port."""
    with running_sandbox() as first:
        port = int(first.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"), running_sandbox(port=port):
            pass


def test_the_port_is_free_again() -> None:
    """After the context ends, nothing listens on the port."""
    with running_sandbox() as running:
        port = int(running.url.rpartition(":")[2])
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_pages_can_have_another_address() -> None:
    """Behind a proxy, the addresses of pages begin with the public address."""
    with running_sandbox(public_url="http://pay.test/") as running:
        assert running.sandbox.public_url == "http://pay.test"
        assert running.url.startswith("http://127.0.0.1:")
