"""Gateways that report a payment as naive adapters do: each loses money or time."""

from typing import ClassVar

from attrs import evolve

from ticketing_core.payment import CheckoutState, GivenBack, Paid, RefundOutcome, Waiting
from ticketing_core.testing import FakeGateway


class KeepsTheDisputeFlag(FakeGateway):
    """Takes "was disputed" for "is disputed": money that was won back stays held for ever."""

    def look_up(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.look_up`."""
        seen = super().look_up(checkout_id)
        disputes = self._checkouts[checkout_id].disputes if isinstance(seen, Paid) else []
        if isinstance(seen, Paid) and disputes:
            return evolve(seen, disputed=True, held_minor=seen.ours.amount_minor, lost_minor=0)
        return seen


class ForgetsWhatWasLost(FakeGateway):
    """Counts lost disputes as money that is still held: their refund is owed for ever."""

    def look_up(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.look_up`."""
        seen = super().look_up(checkout_id)
        if isinstance(seen, Paid):
            return evolve(seen, held_minor=seen.held_minor + seen.lost_minor, lost_minor=0)
        return seen


class ReportsTooEarly(FakeGateway):
    """Reports each refund that exists as given back, also one that needs the buyer."""

    def refund(self, paid: Paid, *, key: str) -> RefundOutcome:
        """See `PaymentGateway.refund`."""
        outcome = super().refund(paid, key=key)
        return GivenBack() if isinstance(outcome, Waiting) else outcome


class HidesWaitingRefunds(FakeGateway):
    """Reports no refund that waits, over a provider that does not count them either."""

    waiting_counts: ClassVar[bool] = False

    def look_up(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.look_up`."""
        seen = super().look_up(checkout_id)
        return evolve(seen, waiting=None) if isinstance(seen, Paid) else seen


class CountsNoWaitingRefunds(FakeGateway):
    """Not broken: a provider that lets the caller make a second refund of what waits in a first."""

    waiting_counts: ClassVar[bool] = False
