"""The start page: each button does what its label says."""

import time

import pytest
import requests
import stripe

from tests.integration.sandbox.conftest import OpenSession, session_params
from tests.integration.sandbox.webhook_receiver import WebhookReceiver
from ticketing_service.sandbox import Delivery, Fault, PayWith, RunningSandbox, Sandbox


def press(running: RunningSandbox, path: str, **fields: str) -> str:
    """Press a button, and return the page that follows."""
    response = requests.post(f"{running.url}/dashboard/{path}", data=fields, timeout=5)
    assert response.status_code == 200
    return response.text


def test_an_empty_dashboard_says_so(running: RunningSandbox) -> None:
    """Before the first sale, the page shows that there are no checkouts."""
    assert "None yet" in requests.get(running.url, timeout=5).text


def test_every_state_is_shown(
    running: RunningSandbox, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """A checkout in each state shows its state."""
    expired, slow, paid, part, whole, disputed = (open_session() for _ in range(6))
    open_session(currency="jpy")
    sandbox.expire(expired.id)
    sandbox.pay(slow.id, PayWith.BANK_DEBIT)
    for session in (paid, part, whole, disputed):
        sandbox.pay(session.id)
    sandbox.refund(part.id, amount=100)
    sandbox.refund(whole.id)
    sandbox.dispute(disputed.id)
    page = requests.get(running.url, timeout=5).text
    words = ("open", "expired", "processing", "paid", "partly refunded", "refunded", "disputed")
    assert [word for word in words if f">{word}</span>" not in page] == []
    assert "¥5,000" in page


def test_refund_buttons(
    running: RunningSandbox, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """A part is refunded, too much is refused, the rest is refunded; the bank returns one."""
    session = open_session()
    sandbox.pay(session.id)
    press(running, f"sessions/{session.id}/refund", amount="10.50")
    assert "greater than unrefunded" in press(
        running, f"sessions/{session.id}/refund", amount="39.51"
    )
    press(running, f"sessions/{session.id}/refund", amount="39.50")
    rest, part = sandbox.refunds(session.id)
    assert (part.amount, rest.amount) == (1050, 3950)
    press(running, f"refunds/{part.id}/fail")
    charge = sandbox.charge(session.id)
    assert charge is not None
    assert charge.amount_refunded == 3950


@pytest.mark.parametrize("amount", ["", "x", "-1", "0", "nan", "inf", "1.005", "1e400"])
def test_a_wrong_amount_is_refused(
    running: RunningSandbox, open_session: OpenSession, sandbox: Sandbox, amount: str
) -> None:
    """The page shows the problem, and no money moves."""
    session = open_session()
    sandbox.pay(session.id)
    assert 'role="alert"' in press(running, f"sessions/{session.id}/refund", amount=amount)
    assert sandbox.refunds(session.id) == []


@pytest.mark.parametrize(("outcome", "status"), [("succeeds", "paid"), ("fails", "unpaid")])
def test_bank_buttons(
    running: RunningSandbox, open_session: OpenSession, sandbox: Sandbox, outcome: str, status: str
) -> None:
    """The buttons end a slow payment, once."""
    session = open_session()
    sandbox.pay(session.id, PayWith.BANK_DEBIT)
    press(running, f"sessions/{session.id}/bank", outcome=outcome)
    assert sandbox.session(session.id).payment_status == status
    assert "no payment that is processing" in press(
        running, f"sessions/{session.id}/bank", outcome=outcome
    )


def test_expire_and_dispute_buttons(
    running: RunningSandbox, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """One button expires a checkout, the other disputes a payment."""
    first, second = open_session(), open_session()
    sandbox.pay(second.id)
    press(running, f"sessions/{first.id}/expire")
    press(running, f"sessions/{second.id}/dispute", amount="12.50")
    assert sandbox.session(first.id).status == "expired"
    charge = sandbox.charge(second.id)
    assert charge is not None
    assert charge.disputed
    assert [dispute.amount for dispute in sandbox.disputes(second.id)] == [1250]
    assert 'role="alert"' in press(running, f"sessions/{second.id}/dispute", amount="much")


def test_clock_buttons(
    running: RunningSandbox, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """After an hour, the checkout has expired. The clock cannot go back."""
    session = open_session()
    press(running, "clock", minutes="60")
    assert sandbox.session(session.id).status == "expired"
    assert 'role="alert"' in press(running, "clock", minutes="-5")
    press(running, "clock/return")
    assert abs(sandbox.now() - time.time()) < 5


def test_delivery_and_resend(
    running: RunningSandbox,
    open_session: OpenSession,
    sandbox: Sandbox,
    receiver: WebhookReceiver,
) -> None:
    """All events can be lost from now on, and a lost event can be resent."""
    press(running, "delivery", delivery="lost")
    assert sandbox.delivery is Delivery.LOST
    sandbox.pay(open_session().id)
    press(running, f"events/{sandbox.events()[0].event['id']}/resend")
    receiver.wait_for(1)
    assert 'role="alert"' in press(running, "delivery", delivery="never")
    assert 'role="alert"' in press(running, "events/evt_none/resend")


def test_fault_buttons(
    running: RunningSandbox, client: stripe.StripeClient, sandbox: Sandbox
) -> None:
    """Each fault in the list can be planned, and all of them can be cleared."""
    for name in ("refused", "too_many", "slow", "unreached"):
        press(running, "faults", fault=name)
    assert len(sandbox.planned_faults()) == 4
    press(running, "faults", fault="")
    assert sandbox.planned_faults() == ()
    press(running, "faults", fault="response_lost")
    with pytest.raises(stripe.APIConnectionError):
        client.v1.checkout.sessions.create(session_params())
    assert len(sandbox.sessions()) == 1


def test_a_fault_is_planned_for_changes_only(running: RunningSandbox, sandbox: Sandbox) -> None:
    """A look-up does not use up the fault that is meant for the next sale."""
    press(running, "faults", fault="unreached")
    assert sandbox.planned_faults() == (Fault(method="POST", drop=True),)
