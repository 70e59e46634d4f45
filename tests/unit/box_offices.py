"""A box office over the in-memory adapters, with its parts at hand."""

from datetime import datetime, timedelta
from typing import Any

from attrs import evolve, field, frozen

from ticketing_core import BoxOffice, Event, Money, Ticket, TicketStatus, ToPay
from ticketing_core.testing import (
    FakeGateway,
    Fault,
    InMemoryEvents,
    InMemoryInstallation,
    InMemoryStrays,
    InMemoryTickets,
    ManualClock,
    PlainQrEncoder,
    PlainSigner,
    SequentialCodes,
)
from ticketing_core.testing.contracts.examples import kept, stored_event

BUYER = "42"
HOLD = timedelta(minutes=35)
NO_ANSWER = [Fault.BEFORE_EFFECT, Fault.AFTER_EFFECT, Fault.LATE_EFFECT]


def lose_commit(tickets: InMemoryTickets, ticket: Ticket) -> Ticket:
    """Turn a PAYING ticket back into its reservation, as a restored backup does, and return it."""
    reserved = evolve(
        ticket,
        status=TicketStatus.RESERVED,
        checkout=None,
        version=1,
        held_until=ticket.created_at,
    )
    # No port can lose a commit.
    tickets._by_id[ticket.ticket_id] = reserved  # noqa: SLF001
    tickets._history[ticket.ticket_id] = tickets._history[ticket.ticket_id][:1]  # noqa: SLF001
    tickets._next_try_at[ticket.ticket_id] = ticket.created_at  # noqa: SLF001
    return reserved


@frozen
class ClockApart:
    """A clock that differs from another one by a fixed time."""

    clock: ManualClock
    ahead: timedelta

    def now(self) -> datetime:
        """See `Clock.now`."""
        return self.clock.now() + self.ahead

    def sleep(self, duration: timedelta) -> None:
        """See `Clock.sleep`."""
        self.clock.sleep(duration)


@frozen
class World:
    """A store, a gateway, the time, and the box office over them.

    Attributes:
        gateway_ahead: How far the gateway's clock is ahead of the box office's.
    """

    clock: ManualClock = field(factory=ManualClock)
    gateway_ahead: timedelta = timedelta(0)
    events: InMemoryEvents = field(factory=InMemoryEvents)
    tickets: InMemoryTickets = field(init=False)
    strays: InMemoryStrays = field(factory=InMemoryStrays, init=False)
    installation: InMemoryInstallation = field(init=False)
    gateway_class: type[FakeGateway] = FakeGateway
    gateway: FakeGateway = field(init=False)
    office: BoxOffice = field(init=False)

    @tickets.default
    def _tickets(self) -> InMemoryTickets:
        return InMemoryTickets(self.events)

    @installation.default
    def _installation(self) -> InMemoryInstallation:
        return InMemoryInstallation(self.events)

    @gateway.default
    def _gateway(self) -> FakeGateway:
        return self.gateway_class(
            clock=ClockApart(self.clock, self.gateway_ahead),
            minimum=Money(50, "usd"),
            maximum=Money(99_999_999, "usd"),
        )

    @office.default
    def _office(self) -> BoxOffice:
        return BoxOffice(
            events=self.events,
            tickets=self.tickets,
            strays=self.strays,
            installation=self.installation,
            gateway=self.gateway,
            signer=PlainSigner(),
            qr_encoder=PlainQrEncoder(),
            clock=self.clock,
            codes=SequentialCodes(),
            hold=HOLD,
        )

    def event(self, *, price: int = 2500, capacity: int = 10, **limits: Any) -> Event:
        """Store an event, and return it."""
        return stored_event(self.events, price=Money(price, "usd"), capacity=capacity, **limits)

    def to_pay(self, event: Event, *, quantity: int = 2, key: str | None = None) -> ToPay:
        """Make a purchase that has to be paid."""
        bought = self.office.purchase(
            event_id=event.event_id, quantity=quantity, buyer=BUYER, key=key
        )
        assert isinstance(bought, ToPay)
        return bought

    def paid(self, event: Event) -> ToPay:
        """Make a purchase that is paid but not verified."""
        bought = self.to_pay(event)
        self.gateway.pay(bought.checkout_url)
        return bought

    def issued(self, event: Event) -> Ticket:
        """Return a ticket that is paid and verified."""
        return self.verify(self.paid(event))

    def verify(self, bought: ToPay) -> Ticket:
        """Verify a purchase, which must succeed, and return the ticket."""
        return self.office.verify(
            ticket_id=bought.ticket.ticket_id, checkout_id=bought.checkout_id, buyer=BUYER
        ).ticket

    def settle_due(self) -> None:
        """Settle once all that is due."""
        assert self.office.settle_due(limit=100, by="settler").failed == 0

    def now(self, ticket: Ticket) -> Ticket:
        """Return the ticket as it is stored now."""
        stored = self.tickets.by_id(ticket.ticket_id)
        assert stored is not None
        return stored

    def kept(self, event: Event) -> int:
        """Return how many places of the event are kept now."""
        return kept(self.events, event)

    def only_ticket(self) -> Ticket:
        """Return the only ticket."""
        (ticket,) = self.tickets.of_buyer(BUYER, before=None, limit=2)
        return ticket
