"""One checkout of the `FakeGateway`: its money, and its state at an instant."""

import enum
from datetime import datetime
from uuid import UUID

from attrs import define

from ticketing_core.money import Money
from ticketing_core.payment import (
    CheckoutState,
    Closed,
    GivenBack,
    ListedCheckout,
    Open,
    Paid,
    Processing,
)
from ticketing_core.ticket import Checkout


class CannotPay(Exception):
    """The page does not take the payment: wrong address, ended, closed or already paid."""


class Phase(enum.Enum):
    """How far a checkout has come."""

    OPEN = enum.auto()
    PROCESSING = enum.auto()
    PAID = enum.auto()
    CLOSED = enum.auto()


@define
class FakeCheckout:
    """A checkout as the gateway keeps it.

    Attributes:
        taken: What the buyer paid, in minor units.
        refunded: What of it was refunded.
    """

    checkout: Checkout
    ticket_code: UUID
    total: Money
    opened_at: datetime
    phase: Phase = Phase.OPEN
    taken: int = 0
    refunded: int = 0
    disputed: bool = False

    @property
    def captured(self) -> int:
        """What the gateway still holds, in minor units."""
        return self.taken - self.refunded

    def is_payable(self, now: datetime) -> bool:
        """Return whether somebody with the address can pay."""
        return self.phase is Phase.OPEN and now < self.checkout.ends_at

    def take(self) -> None:
        """Capture the total."""
        self.phase = Phase.PAID
        self.taken = self.total.amount_minor

    def decide(self, *, paid: bool) -> None:
        """Let a slow payment succeed or fail."""
        if self.phase is not Phase.PROCESSING:
            raise CannotPay("no slow payment is being processed")
        if paid:
            self.take()
        else:
            self.phase = Phase.CLOSED

    def listed(self, now: datetime) -> ListedCheckout:
        """Return the entry in a listing."""
        return ListedCheckout(
            checkout_id=self.checkout.checkout_id,
            ticket_code=self.ticket_code,
            state=self.state(now),
        )

    def state(self, now: datetime) -> CheckoutState:
        """Return what the gateway reports."""
        if self.is_payable(now):
            return Open(self.checkout)
        if self.phase is Phase.PROCESSING:
            return Processing()
        if self.phase is not Phase.PAID:
            return Closed()
        if self.captured == 0:
            return GivenBack()
        currency = self.total.currency
        return Paid(
            ticket_code=self.ticket_code,
            captured=Money(self.captured, currency),
            refunded=Money(self.refunded, currency),
            disputed=self.disputed,
        )
