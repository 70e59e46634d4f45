"""A running sandbox whose exchanges are all checked against Stripe's published OpenAPI."""

from collections.abc import Iterator
from contextlib import contextmanager

from attrs import frozen

from tests.support.stripe_openapi import check_exchange, check_object
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


@frozen
class SandboxWorld:
    """The buyer and the bank, as the gateway contract needs them."""

    sandbox: Sandbox

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

    def give_back(self, checkout_id: str, amount_minor: int | None = None) -> None:
        """Refund from the Dashboard."""
        self.sandbox.refund(checkout_id, amount=amount_minor)

    def send_back(self, checkout_id: str) -> None:
        """Let the bank return the newest refund."""
        self.sandbox.fail_refund(self.sandbox.refunds(checkout_id)[0].id)

    def dispute(self, checkout_id: str) -> None:
        """Let the bank open a dispute."""
        self.sandbox.dispute(checkout_id)

    def _pay(self, url: str, pay_with: PayWith) -> object:
        session = next(s for s in self.sandbox.sessions() if url.endswith(s.id))
        return self.sandbox.pay(session.id, pay_with)
