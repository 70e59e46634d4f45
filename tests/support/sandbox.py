"""A running sandbox whose exchanges are all checked against Stripe's published OpenAPI."""

import html
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import requests
from attrs import frozen

from tests.support.stripe_openapi import check_exchange, check_object
from ticketing_core.testing.fake_checkout import DisputeStatus, RefundStatus
from ticketing_service.sandbox import (
    Decline,
    Limits,
    PayWith,
    RunningSandbox,
    Sandbox,
    SlowOutcome,
    Unsettled,
    WebhookEndpoint,
    running_sandbox,
)
from ticketing_service.sandbox.disputes import FirstStatus, Move
from ticketing_service.sandbox.refund_plan import RefundPlan
from ticketing_service.sandbox.refund_plan import RefundStatus as StripeRefundStatus
from ticketing_service.sandbox.sandbox import MOST_EXCHANGES_KEPT


def problems(sandbox: Sandbox) -> list[str]:
    """Return what does not conform to Stripe's document in all calls, responses and events."""
    found: list[str] = []
    exchanges = sandbox.exchanges()
    if len(exchanges) == MOST_EXCHANGES_KEPT:
        found.append("there were more calls than the sandbox keeps")
    for call in exchanges:
        found += check_exchange(call.method, call.path, call.params, call.status, call.body)
    for sent in sandbox.events():
        subject = sent.event["data"]["object"]
        found += check_object("event", sent.event) + check_object(subject["object"], subject)
    return found


@contextmanager
def checked_sandbox(
    *,
    webhook: WebhookEndpoint | None = None,
    limits: Limits | None = None,
    unsettled: Unsettled | None = None,
) -> Iterator[RunningSandbox]:
    """Run a sandbox on a free port. At the end, all exchanges must conform to Stripe's document."""
    with running_sandbox(
        webhook=webhook,
        retry_pauses=(0.05, 0.1),
        late_seconds=0.3,
        limits=limits,
        unsettled=unsettled,
    ) as running:
        yield running
        assert problems(running.sandbox) == []


_REFUND_STATUSES: Mapping[RefundStatus, StripeRefundStatus] = {
    RefundStatus.SUCCEEDED: "succeeded",
    RefundStatus.PENDING: "pending",
    RefundStatus.REQUIRES_ACTION: "requires_action",
    RefundStatus.FAILED: "failed",
}


@frozen
class SandboxWorld:
    """The buyer and the bank, as the gateway contract needs them."""

    sandbox: Sandbox

    def email_on(self, url: str) -> str | None:
        """Read it in the page that the buyer's browser gets."""
        page = requests.get(url, timeout=10).text
        (value,) = re.findall(r'<input id="email"[^>]*value="([^"]*)"', page)
        return html.unescape(value) or None

    def pay(self, url: str) -> None:
        """Pay with a valid card."""
        self._pay(url, PayWith.CARD)

    def decline(self, url: str) -> None:
        """Try a card that is declined."""
        assert isinstance(self._pay(url, PayWith.DECLINED_CARD), Decline)

    def pay_slowly(self, url: str) -> None:
        """Pay by bank debit."""
        self._pay(url, PayWith.BANK_DEBIT)

    def decide(self, checkout_id: str, *, paid: bool) -> None:
        """Let the bank debit succeed or fail."""
        outcome = SlowOutcome.SUCCEEDS if paid else SlowOutcome.FAILS
        self.sandbox.end_slow_payment(checkout_id, outcome)

    def refund_as(self, status: RefundStatus) -> None:
        """Let refunds that are made from now on begin with this status."""
        self.sandbox.plan_refund(RefundPlan(status=_REFUND_STATUSES[status]), times=99)

    def give_back(self, checkout_id: str, amount_minor: int | None = None) -> None:
        """Refund from the Dashboard."""
        self.sandbox.refund(checkout_id, amount=amount_minor)

    def end_refunds(self, checkout_id: str, status: RefundStatus) -> None:
        """Let all refunds that have not failed come to this status."""
        for refund in self.sandbox.refunds(checkout_id):
            if refund.status == "failed" or refund.status == _REFUND_STATUSES[status]:
                continue
            if status is RefundStatus.FAILED:
                self.sandbox.fail_refund(refund.id)
            elif refund.status == "requires_action":
                self.sandbox.move_refund(refund.id, "name_account")
            else:
                self.sandbox.move_refund(refund.id, "complete")

    def send_back(self, checkout_id: str) -> None:
        """Let the bank return all refunds."""
        self.end_refunds(checkout_id, RefundStatus.FAILED)

    def dispute(
        self,
        checkout_id: str,
        amount_minor: int | None = None,
        status: DisputeStatus = DisputeStatus.OPEN,
    ) -> None:
        """Let the bank open a chargeback or an inquiry."""
        inquiry = status is DisputeStatus.INQUIRY
        first = FirstStatus.INQUIRY if inquiry else FirstStatus.CHARGEBACK
        self.sandbox.dispute(checkout_id, amount=amount_minor, status=first)

    def decide_dispute(self, checkout_id: str, status: DisputeStatus) -> None:
        """Let the newest dispute come to this status."""
        dispute = self.sandbox.disputes(checkout_id)[0]
        moves = {
            DisputeStatus.OPEN: Move.ESCALATE,
            DisputeStatus.LOST: Move.LOSE,
            DisputeStatus.APPEALED: Move.APPEAL,
            DisputeStatus.WON: Move.CLOSE_INQUIRY if dispute.is_inquiry else Move.WIN,
        }
        self.sandbox.move_dispute(dispute.id, moves[status])

    def warn_of_fraud(self, checkout_id: str) -> None:
        """Send an early fraud warning."""
        self.sandbox.warn_of_fraud(checkout_id)

    def pay_elsewhere(self) -> str:
        """Sell by the account, without the marks of an installation; refund from the Dashboard."""
        price = {"currency": "usd", "unit_amount": 900, "product_data": {"name": "T-shirt"}}
        params = {
            "mode": "payment",
            "line_items": [{"quantity": 1, "price_data": price}],
            "success_url": "http://shop.test/",
        }
        with self.sandbox.ledger() as ledger:
            session_id = ledger.open_session(params).id
        self.sandbox.pay(session_id)
        return self.sandbox.refund(session_id).payment_intent

    def _pay(self, url: str, pay_with: PayWith) -> object:
        session = next(s for s in self.sandbox.sessions() if url.endswith(s.id))
        return self.sandbox.pay(session.id, pay_with)
