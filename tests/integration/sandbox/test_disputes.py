"""The life of a dispute: docs.stripe.com/disputes/how-disputes-work, and stripe.Dispute."""

from typing import Any, get_args

import pytest
import stripe
from attrs import frozen

from tests.integration.sandbox.conftest import OpenSession
from tests.integration.sandbox.paid import charge_of, event_types, paid
from ticketing_service.sandbox import FirstStatus, Move, PayWith, Refused, Sandbox, Unsettled
from ticketing_service.sandbox.records import DisputeStatus

OPEN = "charge.dispute.created charge.dispute.funds_withdrawn".split()
LOST = [Move.LOSE]
APPEAL = [*LOST, Move.APPEAL]


@frozen
class Life:
    """The moves of a dispute and what they lead to; `events` follow its opening."""

    moves: list[Move]
    status: str
    balance: int
    events: str = ""


def test_the_statuses_are_those_of_the_sdk() -> None:
    """The sandbox knows each status of this API version, and no other."""
    known = get_args(get_args(stripe.Dispute.__annotations__["status"])[0])
    assert set(get_args(DisputeStatus)) == set(known)


@pytest.mark.parametrize(
    "life",
    [
        Life([], "needs_response", -5000),
        Life([Move.RESPOND], "under_review", -5000, "updated"),
        Life([Move.WIN], "won", 0, "funds_reinstated closed"),
        Life([Move.RESPOND, Move.LOSE], "lost", -5000, "updated closed"),
        Life(APPEAL, "appeal_needs_response", -5000, "closed updated"),
        Life([*APPEAL, Move.RESPOND], "appeal_under_review", -5000, "closed updated updated"),
        Life(
            [*APPEAL, Move.RESPOND, Move.WIN],
            "won",
            0,
            "closed updated updated funds_reinstated closed",
        ),
        Life([*APPEAL, Move.LOSE], "lost", -5000, "closed updated closed"),
    ],
)
def test_the_life_of_a_chargeback(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox, life: Life
) -> None:
    """Money goes at its beginning and comes back when it is won, also by an appeal."""
    payment = paid(open_session, sandbox)
    dispute_id = sandbox.dispute(payment.session_id).id
    for move in life.moves:
        sandbox.move_dispute(dispute_id, move)
    shown = client.v1.disputes.retrieve(dispute_id)
    assert (shown.status, shown.amount, shown.charge) == (life.status, 5000, payment.charge_id)
    assert sum(moved.amount for moved in shown.balance_transactions) == life.balance
    assert charge_of(client, payment).disputed, "it stays true after a win"
    assert event_types(sandbox, "charge.dispute.") == [
        *OPEN,
        *(f"charge.dispute.{event}" for event in life.events.split()),
    ]


@pytest.mark.parametrize(
    "life",
    [
        Life([], "warning_needs_response", 0),
        Life([Move.RESPOND], "warning_under_review", 0, "updated"),
        Life([Move.CLOSE_INQUIRY], "warning_closed", 0, "closed"),
        Life([Move.ESCALATE], "needs_response", -5000, "updated funds_withdrawn"),
    ],
)
def test_the_life_of_an_inquiry(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox, life: Life
) -> None:
    """It takes no money unless it becomes a chargeback."""
    payment = paid(open_session, sandbox)
    dispute_id = sandbox.dispute(payment.session_id, status=FirstStatus.INQUIRY).id
    for move in life.moves:
        sandbox.move_dispute(dispute_id, move)
    shown = client.v1.disputes.retrieve(dispute_id)
    assert shown.status == life.status
    assert sum(moved.amount for moved in shown.balance_transactions) == life.balance
    assert shown.is_charge_refundable == (life.balance == 0)
    assert event_types(sandbox, "charge.dispute.") == [
        "charge.dispute.created",
        *(f"charge.dispute.{event}" for event in life.events.split()),
    ]


@pytest.mark.parametrize("marks", [True, False])
def test_whether_an_inquiry_marks_the_charge_is_a_switch(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox, *, marks: bool
) -> None:
    """No document settles it. A chargeback always marks."""
    sandbox.unsettled = Unsettled(inquiries_mark_the_charge=marks)
    payment = paid(open_session, sandbox)
    inquiry = sandbox.dispute(payment.session_id, status=FirstStatus.INQUIRY)
    assert charge_of(client, payment).disputed is marks
    sandbox.move_dispute(inquiry.id, Move.ESCALATE)
    assert charge_of(client, payment).disputed


def test_a_prevented_dispute_is_over_at_once(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """The network gives the money to the buyer (docs.stripe.com/disputes/prevention)."""
    payment = paid(open_session, sandbox)
    dispute = sandbox.dispute(payment.session_id, status=FirstStatus.PREVENTED)
    assert dispute.taken == 5000
    (shown,) = client.v1.disputes.list({"payment_intent": payment.intent_id}).data
    assert shown.status == "prevented"
    assert shown.payment_method_details is not None
    assert shown.payment_method_details.card is not None
    assert shown.payment_method_details.card.case_type == "resolution"
    assert event_types(sandbox, "charge.dispute.")[-1] == "charge.dispute.closed"


def test_disputes_are_listed_by_payment_in_pages(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """Several disputes of parts: newest first, with the payment expanded."""
    payment, other = paid(open_session, sandbox), paid(open_session, sandbox)
    first, second = (sandbox.dispute(payment.session_id, amount=n).id for n in (2000, 3000))
    sandbox.dispute(other.session_id)
    filters: list[Any] = [{"payment_intent": payment.intent_id}, {"charge": payment.charge_id}]
    for by in filters:
        params: Any = {**by, "limit": 1, "expand": ["data.payment_intent"]}
        page = client.v1.disputes.list(params)
        assert ([found.id for found in page.data], page.has_more) == ([second], True)
        assert isinstance(page.data[0].payment_intent, stripe.PaymentIntent)
        assert page.data[0].payment_intent.metadata["ticket_code"] == "6e40a178"
        params = {**by, "starting_after": second}
        rest = client.v1.disputes.list(params)
        assert ([found.id for found in rest.data], rest.has_more) == ([first], False)
    with pytest.raises(Refused, match="Nothing of this charge is left"):
        sandbox.dispute(payment.session_id, amount=1)


@pytest.mark.parametrize("amount", [0, -1, 5001])
def test_a_dispute_is_about_a_part_of_the_charge(
    open_session: OpenSession, sandbox: Sandbox, amount: int
) -> None:
    """Other amounts are refused."""
    payment = paid(open_session, sandbox)
    with pytest.raises(Refused, match="Nothing of this charge"):
        sandbox.dispute(payment.session_id, amount=amount)


@pytest.mark.parametrize(
    ("moves", "refunded"),
    [
        ([], None),
        ([Move.RESPOND], None),
        (LOST, 3000),
        (APPEAL, None),
        ([Move.WIN], 5000),
    ],
)
def test_what_can_be_refunded_beside_a_dispute(
    client: stripe.StripeClient,
    open_session: OpenSession,
    sandbox: Sandbox,
    moves: list[Move],
    refunded: int | None,
) -> None:
    """While a chargeback is open, nothing; then all that the bank did not take."""
    payment = paid(open_session, sandbox)
    dispute_id = sandbox.dispute(payment.session_id, amount=2000).id
    for move in moves:
        sandbox.move_dispute(dispute_id, move)
    if refunded is None:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.refunds.create({"payment_intent": payment.intent_id, "amount": 1})
        assert (refused.value.http_status, refused.value.code) == (400, "charge_disputed")
    else:
        refund = client.v1.refunds.create({"payment_intent": payment.intent_id})
        assert refund.amount == refunded


def test_an_inquiry_is_ended_by_a_refund(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """It can be refunded, and then no chargeback takes the money again."""
    payment = paid(open_session, sandbox)
    inquiry = sandbox.dispute(payment.session_id, status=FirstStatus.INQUIRY)
    assert client.v1.refunds.create({"payment_intent": payment.intent_id}).status == "succeeded"
    with pytest.raises(Refused, match="fully refunded"):
        sandbox.move_dispute(inquiry.id, Move.ESCALATE)
    with pytest.raises(Refused, match="fully refunded"):
        sandbox.dispute(payment.session_id, amount=5000)
    assert sandbox.move_dispute(inquiry.id, Move.CLOSE_INQUIRY).status == "warning_closed"


@pytest.mark.parametrize(
    ("moves", "impossible"),
    [
        ([], Move.APPEAL),
        ([], Move.ESCALATE),
        ([Move.RESPOND], Move.RESPOND),
        ([Move.WIN], Move.LOSE),
        (LOST, Move.WIN),
    ],
)
def test_an_impossible_move_is_refused(
    open_session: OpenSession, sandbox: Sandbox, moves: list[Move], impossible: Move
) -> None:
    """A dispute does not leave its life, and nothing changes."""
    dispute = sandbox.dispute(paid(open_session, sandbox).session_id)
    for move in moves:
        dispute = sandbox.move_dispute(dispute.id, move)
    with pytest.raises(Refused, match=f"a dispute that is {dispute.status}"):
        sandbox.move_dispute(dispute.id, impossible)
    assert sandbox.disputes(paid(open_session, sandbox).session_id) == []


def test_evidence_may_be_large(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """150,000 characters in all fields together (docs.stripe.com/api/disputes/update)."""
    dispute = sandbox.dispute(paid(open_session, sandbox).session_id)
    texts = ("access_activity_log", "cancellation_rebuttal", "refund_policy_disclosure")
    evidence: Any = dict.fromkeys(texts, "ä" * 20_000)
    staged = client.v1.disputes.update(dispute.id, {"evidence": evidence, "submit": False})
    assert (staged.status, staged.evidence_details.submission_count) == ("needs_response", 0)
    sandbox.add_evidence(dispute.id, characters=90_000)
    event = sandbox.events()[0].event
    assert event["type"] == "charge.dispute.updated"
    assert sum(
        len(text or "") for text in event["data"]["object"]["evidence"].values() if text
    ) == (150_000)
    with pytest.raises(stripe.InvalidRequestError, match="150000 characters"):
        client.v1.disputes.update(dispute.id, {"evidence": {"customer_name": "A"}})
    sent = client.v1.disputes.update(dispute.id, {"submit": True})
    assert (sent.status, sent.evidence_details.submission_count) == ("under_review", 1)


def test_accepting_a_dispute_loses_it(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """docs.stripe.com/api/disputes/close; an inquiry cannot be accepted."""
    payment = paid(open_session, sandbox)
    chargeback = sandbox.dispute(payment.session_id, amount=1000)
    assert client.v1.disputes.close(chargeback.id).status == "lost"
    inquiry = sandbox.dispute(payment.session_id, amount=1000, status=FirstStatus.INQUIRY)
    with pytest.raises(stripe.InvalidRequestError, match="nothing to accept"):
        client.v1.disputes.close(inquiry.id)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.disputes.update(chargeback.id, {"metadata": {"a": "b"}})
    assert refused.value.http_status == 400


@pytest.mark.parametrize(
    ("card", "event"),
    [
        (PayWith.DISPUTED_CARD, "charge.dispute.created"),
        (PayWith.INQUIRED_CARD, "charge.dispute.created"),
        (PayWith.SUSPECTED_CARD, "radar.early_fraud_warning.created"),
    ],
)
def test_cards_that_are_disputed_after_the_payment(
    client: stripe.StripeClient,
    open_session: OpenSession,
    sandbox: Sandbox,
    card: PayWith,
    event: str,
) -> None:
    """The numbers of docs.stripe.com/testing; an early fraud warning takes no money."""
    payment = paid(open_session, sandbox, card)
    statuses = [dispute.status for dispute in sandbox.disputes(payment.session_id)]
    expected = {
        PayWith.DISPUTED_CARD: ["needs_response"],
        PayWith.INQUIRED_CARD: ["warning_needs_response"],
        PayWith.SUSPECTED_CARD: [],
    }
    assert statuses == expected[card]
    assert event in event_types(sandbox, "charge.dispute", "radar")
    warnings = client.v1.radar.early_fraud_warnings.list({"charge": payment.charge_id}).data
    assert len(warnings) == (card is PayWith.SUSPECTED_CARD)
