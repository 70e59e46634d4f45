"""A running sandbox of which every exchange is checked against Stripe's published OpenAPI."""

from collections.abc import Iterator
from contextlib import contextmanager

from attrs import frozen

from tests.support.stripe_openapi import check_exchange, check_object
from ticketing_service.sandbox import (
    Decline,
    PayWith,
    RunningSandbox,
    Sandbox,
    SlowOutcome,
    WebhookEndpoint,
    running_sandbox,
)
from ticketing_service.sandbox.sandbox import MOST_EXCHANGES_KEPT


def problems(sandbox: Sandbox) -> list[str]:
    """What Stripe's document objects to in all that was asked, answered and sent."""
    found: list[str] = []
    exchanges = sandbox.exchanges()
    if len(exchanges) == MOST_EXCHANGES_KEPT:
        found.append("more was said than the sandbox remembers")
    for said in exchanges:
        found += check_exchange(said.method, said.path, said.params, said.status, said.body)
    for sent in sandbox.events():
        subject = sent.event["data"]["object"]
        found += check_object("event", sent.event) + check_object(subject["object"], subject)
    return found


@contextmanager
def checked_sandbox(*, webhook: WebhookEndpoint | None = None) -> Iterator[RunningSandbox]:
    """A sandbox on a free port; at its end all it said must conform to Stripe's document."""
    with running_sandbox(webhook=webhook, retry_pauses=(0.05, 0.1), late_seconds=0.3) as running:
        yield running
        assert problems(running.sandbox) == []


@frozen
class SandboxWorld:
    """What buyers and banks do, in the words of the gateway contract."""

    sandbox: Sandbox

    def pay(self, url: str) -> None:
        """Pay with a card that works."""
        self._pay(url, PayWith.CARD)

    def decline(self, url: str) -> None:
        """Try a card that is declined."""
        assert isinstance(self._pay(url, PayWith.DECLINED_CARD), Decline)

    def pay_slowly(self, url: str) -> None:
        """Pay by bank debit."""
        self._pay(url, PayWith.BANK_DEBIT)

    def decide(self, checkout_id: str, *, paid: bool) -> None:
        """The debit succeeds or fails."""
        outcome = SlowOutcome.SUCCEEDS if paid else SlowOutcome.FAILS
        self.sandbox.end_slow_payment(checkout_id, outcome)

    def give_back(self, checkout_id: str, amount_minor: int | None = None) -> None:
        """Refund from the Dashboard."""
        self.sandbox.refund(checkout_id, amount=amount_minor)

    def send_back(self, checkout_id: str) -> None:
        """The bank returns the newest refund."""
        self.sandbox.fail_refund(self.sandbox.refunds(checkout_id)[0].id)

    def dispute(self, checkout_id: str) -> None:
        """The bank opens a dispute."""
        self.sandbox.dispute(checkout_id)

    def _pay(self, url: str, pay_with: PayWith) -> object:
        page = next(s for s in self.sandbox.sessions() if url.endswith(s.id))
        return self.sandbox.pay(page.id, pay_with)
