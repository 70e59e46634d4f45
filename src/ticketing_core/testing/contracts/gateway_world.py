"""What the contract of `PaymentGateway` needs: the world around a gateway, and a ticket to sell."""

import abc
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from ticketing_core.money import Money
from ticketing_core.payment import Open, Paid
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.testing.contracts.examples import CHECKOUT_LIFE
from ticketing_core.testing.fake_checkout import DisputeStatus, RefundStatus
from ticketing_core.ticket import Checkout, Ticket, TicketStatus
from ticketing_core.use_cases.reserve import RESERVATION_WINDOW

TOTAL = Money(7500, "usd")
"""What the tickets of the suite cost."""


class GatewayWorld(Protocol):
    """What buyers, sellers and banks do to a gateway's checkouts. `FakeGateway` does it itself.

    A move takes effect at once: the next look shows it. All amounts are minor units.
    """

    def email_on(self, url: str) -> str | None:
        """Read the buyer's address that the page at ``url`` has filled in; None if it has none."""

    def pay(self, url: str) -> None:
        """Pay at ``url``. Raises any exception if the page does not take the payment."""

    def decline(self, url: str) -> None:
        """Try to pay with a card that is declined."""

    def pay_slowly(self, url: str) -> None:
        """Pay with a method that decides later."""

    def decide(self, checkout_id: str, *, paid: bool) -> None:
        """Let the slow payment succeed or fail."""

    def refund_as(self, status: RefundStatus) -> None:
        """Let each refund that is made from now on, also by hand, have this status at first."""

    def give_back(self, checkout_id: str, amount_minor: int | None = None) -> None:
        """Refund by hand, on the provider's own pages: all that can be refunded, or a part."""

    def end_refunds(self, checkout_id: str, status: RefundStatus) -> None:
        """Let all refunds of the checkout that have not failed come to this status.

        The suite lets refunds succeed that were pending or needed the buyer, and lets any fail.
        """

    def send_back(self, checkout_id: str) -> None:
        """Let the buyer's bank return the refunds: ``end_refunds`` with ``FAILED``."""

    def dispute(
        self,
        checkout_id: str,
        amount_minor: int | None = None,
        status: DisputeStatus = DisputeStatus.OPEN,
    ) -> None:
        """Let the buyer's bank open a dispute over all that was paid, or a part of it.

        The suite opens it as ``INQUIRY`` or ``OPEN``.
        """

    def decide_dispute(self, checkout_id: str, status: DisputeStatus) -> None:
        """Let the newest dispute of the checkout come to this status.

        The suite takes the ways of real disputes: an inquiry is won or becomes open, an open one is
        won or lost, a lost one is appealed, an appealed one is won or lost.
        """

    def warn_of_fraud(self, checkout_id: str) -> None:
        """Let the buyer's bank suspect fraud."""

    def pay_elsewhere(self) -> str:
        """Take a payment by the same account, but not for this installation; refund it by hand.

        Return the payment's id.
        """


class GatewayContract(abc.ABC):
    """The factories of a suite over a gateway, and what its tests share."""

    @abc.abstractmethod
    def make_gateway(self) -> tuple[PaymentGateway, GatewayWorld]:
        """Return a gateway without checkouts, and the world around it."""

    @abc.abstractmethod
    def now(self) -> datetime:
        """Return the present instant of that world."""

    @abc.abstractmethod
    def advance(self, duration: timedelta) -> None:
        """Let time pass in that world."""

    def reserved(self, number: int = 1) -> Ticket:
        """Return a ticket without a checkout."""
        return Ticket(
            ticket_id=number,
            ticket_code=UUID(int=number, version=4),
            event_id=15,
            buyer="42",
            quantity=3,
            total=TOTAL,
            status=TicketStatus.RESERVED,
            created_at=self.now(),
            held_until=self.now() + RESERVATION_WINDOW,
        )

    def opened(
        self, gateway: PaymentGateway, ticket: Ticket, *, email: str | None = None
    ) -> Checkout:
        """Open the ticket's checkout for 35 minutes, and return it."""
        ends_at = ticket.created_at + CHECKOUT_LIFE
        outcome = gateway.open(ticket, event_name="Concert", ends_at=ends_at, email=email)
        assert isinstance(outcome, Open), outcome
        return outcome.checkout

    def paid(self, gateway: PaymentGateway, world: GatewayWorld) -> tuple[Ticket, Checkout]:
        """Return a PAYING ticket and its paid checkout."""
        ticket = self.reserved()
        checkout = self.opened(gateway, ticket)
        world.pay(checkout.url)
        return ticket.paying(checkout, until=checkout.ends_at), checkout

    def payment(self, gateway: PaymentGateway, checkout: Checkout) -> Paid:
        """Look the checkout up, which must be paid, and check its amounts."""
        seen = gateway.look_up(checkout.checkout_id)
        assert isinstance(seen, Paid), seen
        assert seen.payment_id
        gone = seen.refunded_minor + seen.held_minor + seen.lost_minor
        assert gone <= seen.total.amount_minor, seen
        return seen
