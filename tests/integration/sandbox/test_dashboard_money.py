"""The start page plays refunds, disputes and slow payments by hand: what it offers, it can do."""

import re
from html import unescape

import pytest
import requests
import stripe

from tests.integration.sandbox.conftest import OpenSession, session_params
from tests.integration.sandbox.paid import paid
from tests.integration.sandbox.test_dashboard import press
from ticketing_service.sandbox import (
    LIVE,
    TEST,
    FirstStatus,
    Move,
    PayWith,
    RunningSandbox,
    Sandbox,
)

_FORM = re.compile(r'<form method="post" action="/dashboard/([^"]+)">(.*?)</form>', re.DOTALL)
_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="(\w+)">')
_BUTTON = re.compile(r"<button[^>]*>([^<]+)</button>")


def buttons(running: RunningSandbox, about: str) -> dict[str, tuple[str, dict[str, str]]]:
    """Return the buttons of the page for this kind of object: label to path and fields."""
    page = requests.get(running.url, timeout=5).text
    return {
        unescape(_BUTTON.findall(inside)[0]): (path, dict(_HIDDEN.findall(inside)))
        for path, inside in _FORM.findall(page)
        if path.startswith(about)
    }


def click(running: RunningSandbox, label: str, about: str) -> None:
    """Press the button with this label, which must do its step."""
    path, fields = buttons(running, about)[label]
    assert 'role="alert"' not in press(running, path, **fields)


@pytest.mark.parametrize(
    ("first", "labels", "status"),
    [
        (FirstStatus.CHARGEBACK, ["Respond", "Lose", "Appeal", "Respond", "Win appeal"], "won"),
        (FirstStatus.CHARGEBACK, ["Lose", "Appeal", "Lose appeal"], "lost"),
        (FirstStatus.INQUIRY, ["Respond", "Becomes chargeback", "Win"], "won"),
        (FirstStatus.INQUIRY, ["Close inquiry"], "warning_closed"),
        (FirstStatus.PREVENTED, [], "prevented"),
    ],
)
def test_a_dispute_is_played_by_hand(
    running: RunningSandbox,
    open_session: OpenSession,
    sandbox: Sandbox,
    *,
    first: FirstStatus,
    labels: list[str],
    status: str,
) -> None:
    """Each status offers the steps that are possible in it."""
    payment = paid(open_session, sandbox)
    press(running, f"sessions/{payment.session_id}/dispute", status=first)
    for label in labels:
        click(running, label, "disputes/")
    (dispute,) = sandbox.disputes(payment.session_id)
    assert dispute.status == status


@pytest.mark.parametrize(
    ("plan", "labels", "status"),
    [
        ("succeeds", ["Bank returns refund"], "failed"),
        ("pending", ["Refund arrives"], "succeeded"),
        ("processing", ["Refund fails"], "failed"),
        ("no_balance", ["Refund arrives"], "succeeded"),
        ("unsettled", [], "pending"),
        ("asks", ["Buyer names account", "Refund arrives"], "succeeded"),
        ("asks", ["Cancel refund"], "canceled"),
        ("fails", [], "failed"),
        ("returns", [], "succeeded"),
    ],
)
def test_a_refund_is_played_by_hand(
    running: RunningSandbox,
    open_session: OpenSession,
    sandbox: Sandbox,
    *,
    plan: str,
    labels: list[str],
    status: str,
) -> None:
    """The next refund goes as chosen, and each status offers its steps."""
    payment = paid(open_session, sandbox)
    assert "1 refund planned" in press(running, "next_refund", next_refund=plan)
    press(running, f"sessions/{payment.session_id}/refund", amount="10")
    for label in labels:
        click(running, label, "refunds/")
    (refund,) = sandbox.refunds(payment.session_id)
    assert refund.status == status


def test_slow_payments_and_questions_by_hand(
    running: RunningSandbox, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """A voucher is canceled, a debit arrives, a card is authenticated, another is refused."""
    voucher, debit = open_session(currency="eur").id, open_session().id
    asked, refused = open_session().id, open_session().id
    sandbox.pay(voucher, PayWith.VOUCHER)
    click(running, "Cancel", f"sessions/{voucher}")
    sandbox.pay(debit, PayWith.BANK_DEBIT)
    click(running, "Money arrives", f"sessions/{debit}")
    for session_id, label in ((asked, "Buyer authenticates"), (refused, "Buyer refuses")):
        sandbox.pay(session_id, PayWith.AUTHENTICATED_CARD)
        click(running, label, f"sessions/{session_id}")
    intents = [sandbox.intent(session_id) for session_id in (voucher, debit, asked, refused)]
    assert [intent.status if intent else None for intent in intents] == [
        "canceled",
        "succeeded",
        "succeeded",
        "requires_payment_method",
    ]
    click(running, "Fraud warning", f"sessions/{asked}")
    assert sandbox.events()[0].event["type"] == "radar.early_fraud_warning.created"


def test_the_account_by_hand(
    running: RunningSandbox, client: stripe.StripeClient, sandbox: Sandbox
) -> None:
    """Its state, the limits and the form of its events."""
    for state in ("nameless", "disabled"):
        press(running, "account", account=state)
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.checkout.sessions.create(session_params())
    press(running, "account", account="usual")
    assert client.v1.checkout.sessions.create(session_params()).status == "open"
    chosen = []
    for limits in ("live", "test", "none"):
        press(running, "limits", limits=limits)
        chosen.append(sandbox.limits)
    assert chosen == [LIVE, TEST, None]
    press(running, "form", form="thin")
    assert sandbox.webhook is not None
    assert sandbox.webhook.thin
    press(running, "form", form="old")
    assert (sandbox.webhook.thin, sandbox.webhook.api_version) == (False, "2020-08-27")


@pytest.mark.parametrize("path", ["next_refund", "account", "limits", "form", "disputes/du_none"])
def test_an_unknown_choice_is_refused(running: RunningSandbox, path: str) -> None:
    """The page shows the problem."""
    assert 'role="alert"' in press(running, path)


def test_a_control_a_step_that_is_not_offered_is_refused(
    running: RunningSandbox, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """Control: an old page's button for a step that is past shows why nothing happened."""
    payment = paid(open_session, sandbox)
    dispute = sandbox.dispute(payment.session_id)
    assert "Appeal" not in buttons(running, "disputes/")
    page = press(running, f"disputes/{dispute.id}", move=Move.APPEAL)
    assert "a dispute that is needs_response" in page
