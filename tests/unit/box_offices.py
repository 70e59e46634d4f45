"""A box office over the shipped fakes, with everything that acts on it at hand."""

from datetime import timedelta
from typing import Any

from attrs import field, frozen

from ticketing_core import BoxOffice, Event, EventDraft, Money, Ticket, ToPay
from ticketing_core.event import Added
from ticketing_core.testing import (
    FakeGateway,
    InMemoryEvents,
    InMemoryTickets,
    ManualClock,
    PlainQrEncoder,
    PlainSigner,
    SequentialCodes,
)

BUYER = "42"
HOLD = timedelta(minutes=35)


@frozen
class World:
    """One seller, his gateway, his store and the time."""

    clock: ManualClock = field(factory=ManualClock)
    events: InMemoryEvents = field(factory=InMemoryEvents)
    tickets: InMemoryTickets = field(init=False)
    gateway: FakeGateway = field(init=False)
    office: BoxOffice = field(init=False)

    @tickets.default
    def _tickets(self) -> InMemoryTickets:
        return InMemoryTickets(self.events)

    @gateway.default
    def _gateway(self) -> FakeGateway:
        return FakeGateway(clock=self.clock, minimum=Money(50, "usd"))

    @office.default
    def _office(self) -> BoxOffice:
        return BoxOffice(
            events=self.events,
            tickets=self.tickets,
            gateway=self.gateway,
            signer=PlainSigner(),
            qr_encoder=PlainQrEncoder(),
            clock=self.clock,
            codes=SequentialCodes(),
            hold=HOLD,
        )

    def event(self, *, price: int = 2500, capacity: int = 10, **limits: Any) -> Event:
        """A stored event."""
        outcome = self.events.add(
            EventDraft(name="Concert", price=Money(price, "usd"), capacity=capacity, **limits)
        )
        assert isinstance(outcome, Added)
        return outcome.event

    def to_pay(self, event: Event, *, quantity: int = 2, key: str | None = None) -> ToPay:
        """A purchase that waits for its payment."""
        bought = self.office.purchase(
            event_id=event.event_id, quantity=quantity, buyer=BUYER, key=key
        )
        assert isinstance(bought, ToPay)
        return bought

    def paid(self, event: Event) -> ToPay:
        """A purchase that was paid, but that nobody has verified."""
        bought = self.to_pay(event)
        self.gateway.pay(bought.checkout_url)
        return bought

    def issued(self, event: Event) -> Ticket:
        """A ticket that was paid and verified."""
        return self.verify(self.paid(event))

    def verify(self, bought: ToPay) -> Ticket:
        """The ticket of a purchase whose verification succeeds."""
        return self.office.verify(
            ticket_id=bought.ticket.ticket_id, checkout_id=bought.checkout_id, buyer=BUYER
        ).ticket

    def settle_due(self) -> None:
        """One pass over all that is due."""
        for ticket in self.tickets.claim_due(now=self.clock.now(), limit=100):
            self.office.settle(ticket, by="settler")

    def now(self, ticket: Ticket) -> Ticket:
        """The ticket as it is stored now."""
        stored = self.tickets.by_id(ticket.ticket_id)
        assert stored is not None
        return stored

    def kept(self, event: Event) -> int:
        """The places of the event that are kept now."""
        stored = self.events.by_id(event.event_id)
        assert stored is not None
        return stored.kept

    def only_ticket(self) -> Ticket:
        """The only ticket there is."""
        (ticket,) = self.tickets.of_buyer(BUYER, before=None, limit=2)
        return ticket
