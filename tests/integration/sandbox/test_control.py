"""The JSON interface that tests in another process use, and the server around it all."""

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
    """Send one control call, which must go well."""
    answer = requests.request(method, f"{running.url}/_sandbox/{path}", json=body, timeout=5)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_the_life_of_a_payment(
    running: RunningSandbox, open_session: OpenSession, client: stripe.StripeClient
) -> None:
    """Declined, paid slowly, settled, refunded, returned and disputed, from outside."""
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
    assert [told["id"] for told in control(running, "GET", "sessions")["sessions"]] == [session.id]


def test_faults_over_http(running: RunningSandbox, client: stripe.StripeClient) -> None:
    """A fault is planned by its fields, listed, suffered, and cleared."""
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
    """Every call is told with its parameters as lists and objects, its key, and its answer."""
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
    """The clock goes forward, the lost event is listed, and is sent again."""
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
    ],
)
def test_what_cannot_be_done_is_refused(
    running: RunningSandbox, path: str, body: Any, status: int
) -> None:
    """A mistake in a test is told, never swallowed."""
    answer = requests.post(f"{running.url}/_sandbox/{path}", json=body, timeout=5)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_a_taken_port_is_an_error() -> None:
    """A second server on a port does not start."""
    with running_sandbox() as first:
        port = int(first.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"), running_sandbox(port=port):
            pass


def test_the_port_is_free_again() -> None:
    """When the context ends, nothing listens any more."""
    with running_sandbox() as running:
        port = int(running.url.rpartition(":")[2])
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_pages_can_have_another_address() -> None:
    """Behind a proxy, the addresses of pages begin with what browsers use."""
    with running_sandbox(public_url="http://pay.test/") as running:
        assert running.sandbox.public_url == "http://pay.test"
        assert running.url.startswith("http://127.0.0.1:")
