"""The checkouts of the `FakeGateway`, and what buyers, sellers and banks do to them."""

from collections.abc import Sequence
from threading import RLock
from typing import ClassVar
from uuid import UUID

from ticketing_core.money import Money
from ticketing_core.ports.environment import Clock
from ticketing_core.testing.fake_checkout import (
    CannotPay,
    DisputeStatus,
    FakeCheckout,
    FakeDispute,
    FakeRefund,
    Phase,
    RefundStatus,
)
from ticketing_core.testing.fake_news import FakeNews


class FakeWorld:
    """Checkouts, and the moves that no port has. It implements `GatewayWorld`.

    Args:
        clock: The gateway's own time, at which checkouts end.

    Attributes:
        news: What it lists of what happened to payments.
        waiting_counts: Whether the gateway itself prevents a second refund of what waits for the
            buyer in a first one. Not every provider documents that it does.
    """

    waiting_counts: ClassVar[bool] = True

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._checkouts: dict[str, FakeCheckout] = {}
        self._refund_status = RefundStatus.SUCCEEDED
        self._lock = RLock()
        self.news = FakeNews(clock=clock)

    # --- what the buyer does ----------------------------------------------------------------

    def email_on(self, url: str) -> str | None:
        """Read the address that the page at ``url`` has filled in, or None."""
        with self._lock:
            return self._payable(url).email

    def pay(self, url: str, *, amount: Money | None = None) -> None:
        """Pay at ``url``; with ``amount``, another amount than the checkout's.

        Raises:
            CannotPay: The page does not take the payment.
        """
        with self._lock:
            paid = self._payable(url)
            paid.total = amount or paid.total
            paid.take()

    def decline(self, url: str) -> None:
        """Try to pay with a card that is declined: the page stays open."""
        with self._lock:
            self._payable(url)

    def pay_slowly(self, url: str) -> None:
        """Pay with a method that decides later; see `decide`."""
        with self._lock:
            self._payable(url).phase = Phase.PROCESSING

    # --- what sellers and banks do ----------------------------------------------------------

    def decide(self, checkout_id: str, *, paid: bool) -> None:
        """Let a slow payment succeed or fail.

        Raises:
            CannotPay: No slow payment is being processed.
        """
        with self._lock:
            self._checkouts[checkout_id].decide(paid=paid)

    def refund_as(self, status: RefundStatus) -> None:
        """Let each refund that is made from now on, also by hand, have this status at first."""
        with self._lock:
            self._refund_status = status

    def give_back(self, checkout_id: str, amount_minor: int | None = None) -> None:
        """Refund by hand, all that can be refunded or a part of it."""
        with self._lock:
            paid = self._checkouts[checkout_id]
            rest = paid.refundable(waiting_counts=self.waiting_counts)
            amount = min(amount_minor or rest, rest)
            if amount:
                self._add_refund(paid, FakeRefund(amount, self._refund_status))

    def end_refunds(self, checkout_id: str, status: RefundStatus) -> None:
        """Let all refunds of a checkout that have not failed come to this status."""
        with self._lock:
            paid = self._checkouts[checkout_id]
            for each in paid.refunds:
                if each.status is not RefundStatus.FAILED:
                    each.status = status
                    self.news.refund_changed(paid, each)

    def send_back(self, checkout_id: str) -> None:
        """Let the buyer's bank return the refunds: the money is captured again."""
        self.end_refunds(checkout_id, RefundStatus.FAILED)

    def dispute(
        self,
        checkout_id: str,
        amount_minor: int | None = None,
        status: DisputeStatus = DisputeStatus.OPEN,
    ) -> None:
        """Let the buyer's bank open a dispute over all that was paid, or a part of it."""
        with self._lock:
            paid = self._checkouts[checkout_id]
            paid.disputes.append(FakeDispute(amount_minor or paid.taken, status))
            self.news.dispute_opened(paid)

    def decide_dispute(self, checkout_id: str, status: DisputeStatus) -> None:
        """Let the newest dispute of a checkout come to this status."""
        with self._lock:
            paid = self._checkouts[checkout_id]
            paid.disputes[-1].status = status
            self.news.happened(paid.payment_id)

    def warn_of_fraud(self, checkout_id: str) -> None:
        """Let the buyer's bank suspect fraud."""
        with self._lock:
            paid = self._checkouts[checkout_id]
            self.news.happened(paid.payment_id, is_fraud_warning=True)

    def pay_elsewhere(self) -> str:
        """Take and refund a payment that no checkout led to, and return its id."""
        with self._lock:
            self.news.happened("pay_elsewhere")
        return "pay_elsewhere"

    def forget(self, checkout_id: str) -> None:
        """Lose the checkout: the gateway does not find it any more."""
        with self._lock:
            del self._checkouts[checkout_id]

    # --- what a test may read ---------------------------------------------------------------

    @property
    def checkouts(self) -> Sequence[FakeCheckout]:
        """All checkouts, for reading only."""
        with self._lock:
            return list(self._checkouts.values())

    def checkouts_of(self, ticket_code: UUID) -> Sequence[FakeCheckout]:
        """Return all checkouts of a ticket, for reading only."""
        return [each for each in self.checkouts if each.ticket_code == ticket_code]

    def captured_for(self, ticket_code: UUID) -> int:
        """Return the minor units captured for a ticket, held ones included."""
        return sum(each.captured for each in self.checkouts_of(ticket_code))

    def taken_for(self, ticket_code: UUID) -> int:
        """Return the minor units paid for a ticket, refunded and lost ones included."""
        return sum(each.taken for each in self.checkouts_of(ticket_code))

    def payable_for(self, ticket_code: UUID) -> Sequence[str]:
        """Return the ids of the ticket's checkouts that can be paid now."""
        now = self._clock.now()
        own = self.checkouts_of(ticket_code)
        return [each.checkout.checkout_id for each in own if each.is_payable(now)]

    def _add_refund(self, paid: FakeCheckout, refund: FakeRefund) -> None:
        paid.refunds.append(refund)
        self.news.refund_made(paid, refund)

    def _payable(self, url: str) -> FakeCheckout:
        now = self._clock.now()
        for each in self._checkouts.values():
            if each.checkout.url == url and each.is_payable(now):
                return each
        raise CannotPay(f"no open checkout of this world has the address {url}")
