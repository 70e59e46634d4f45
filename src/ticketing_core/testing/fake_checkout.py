"""One checkout of the `FakeGateway`: its money, and its state at an instant."""

import enum
from datetime import datetime
from uuid import UUID

from attrs import Factory, define

from ticketing_core.money import Money
from ticketing_core.payment import (
    CheckoutState,
    Closed,
    ListedCheckout,
    Open,
    Paid,
    Processing,
    Waiting,
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


class RefundStatus(enum.Enum):
    """How far a refund has come."""

    SUCCEEDED = enum.auto()
    PENDING = enum.auto()
    """On its way to the buyer; it may still fail."""
    REQUIRES_ACTION = enum.auto()
    """The buyer has to name an account first."""
    FAILED = enum.auto()


class DisputeStatus(enum.Enum):
    """How far a dispute has come."""

    INQUIRY = enum.auto()
    """The bank asks; no money is withdrawn."""
    OPEN = enum.auto()
    """The bank holds the money until it decides."""
    LOST = enum.auto()
    APPEALED = enum.auto()
    """Lost, and the seller has appealed."""
    WON = enum.auto()


@define
class FakeRefund:
    """A refund of a part or all of a payment, in minor units; without a key if made by hand."""

    amount: int
    status: RefundStatus
    key: str | None = None

    @property
    def is_gone(self) -> bool:
        """Whether it is on its way to the buyer, or done."""
        return self.status in _GONE


@define
class FakeDispute:
    """A dispute about a part or all of a payment, in minor units."""

    amount: int
    status: DisputeStatus


_GONE = (RefundStatus.SUCCEEDED, RefundStatus.PENDING)
_WAITS = (RefundStatus.REQUIRES_ACTION,)
_LOST = (DisputeStatus.LOST, DisputeStatus.APPEALED)
_UNDECIDED = (DisputeStatus.INQUIRY, DisputeStatus.OPEN, DisputeStatus.APPEALED)


@define
class FakeCheckout:
    """A checkout as the gateway keeps it.

    Attributes:
        email: What the page has filled in as the buyer's address.
        taken: What the buyer paid, in minor units.
    """

    checkout: Checkout
    ticket_code: UUID
    ticket_id: int
    total: Money
    opened_at: datetime
    email: str | None = None
    phase: Phase = Phase.OPEN
    taken: int = 0
    refunds: list[FakeRefund] = Factory(list)
    disputes: list[FakeDispute] = Factory(list)

    @property
    def payment_id(self) -> str:
        """The id of its payment."""
        return f"pay_{self.checkout.checkout_id}"

    @property
    def refunded(self) -> int:
        """What has left for the buyer, in minor units."""
        return sum(each.amount for each in self.refunds if each.is_gone)

    @property
    def lost(self) -> int:
        """What the bank has returned to the buyer of what was not refunded."""
        disputed = sum(each.amount for each in self.disputes if each.status in _LOST)
        return max(0, min(disputed, self.taken - self.refunded))

    @property
    def held(self) -> int:
        """What the bank holds until it decides, of what is neither refunded nor lost."""
        held = sum(each.amount for each in self.disputes if each.status is DisputeStatus.OPEN)
        return max(0, min(held, self.captured))

    @property
    def captured(self) -> int:
        """What the seller still has or may get back, in minor units."""
        return self.taken - self.refunded - self.lost

    def refundable(self, *, waiting_counts: bool) -> int:
        """Return what the gateway would still refund; see `FakeWorld.waiting_counts`."""
        waits = sum(each.amount for each in self.refunds if each.status in _WAITS)
        return max(0, self.captured - self.held - waits * waiting_counts)

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
            ticket_id=self.ticket_id,
            opened_at=self.opened_at,
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
        statuses = [each.status for each in self.refunds]
        waits = RefundStatus.REQUIRES_ACTION in statuses
        return Paid(
            ticket_code=self.ticket_code,
            payment_id=self.payment_id,
            total=Money(self.taken, self.total.currency),
            refunded_minor=self.refunded,
            held_minor=self.held,
            lost_minor=self.lost,
            disputed=any(each.status in _UNDECIDED for each in self.disputes),
            waiting=Waiting("requires_action") if waits else None,
            failed_refunds=statuses.count(RefundStatus.FAILED),
        )
