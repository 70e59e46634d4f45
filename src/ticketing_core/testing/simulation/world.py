"""The world that a simulation plays in: a store, a gateway, the time, and the office over them."""

from collections.abc import Callable
from datetime import timedelta

from attrs import field, frozen

from ticketing_core.box_office import BoxOffice
from ticketing_core.ports.environment import Clock, Codes
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.ports.repository import EventRepository, TicketRepository
from ticketing_core.testing.admission import PlainQrEncoder, PlainSigner
from ticketing_core.testing.environment import ManualClock, SequentialCodes
from ticketing_core.testing.gateway import FakeGateway
from ticketing_core.testing.store import InMemoryEvents, InMemoryTickets

HOLD = timedelta(minutes=5)
"""Shorter than a checkout lives: at its end the checkout can be paid, so settling must close it."""


@frozen(kw_only=True)
class World:
    """All that one run touches. Each run needs a new one, with an empty store.

    Attributes:
        events: The adapter that keeps events.
        tickets: The adapter that keeps tickets.
        clock: The time of everything in this world.
        gateway: Takes the money of this world; `FakeGateway`, or a stricter subclass.
        office: Makes the box office from its ports; `BoxOffice`, or a variant to be examined.
    """

    events: EventRepository
    tickets: TicketRepository
    clock: ManualClock = field(factory=ManualClock)
    gateway: FakeGateway = field()
    office: Callable[..., BoxOffice] = BoxOffice
    codes: Codes = field(factory=SequentialCodes)

    @gateway.default
    def _gateway(self) -> FakeGateway:
        return FakeGateway(clock=self.clock)

    def office_over(
        self,
        *,
        events: EventRepository,
        tickets: TicketRepository,
        gateway: PaymentGateway,
        clock: Clock,
    ) -> BoxOffice:
        """The office of this world over other ports, such as ports that are watched."""
        return self.office(
            events=events,
            tickets=tickets,
            gateway=gateway,
            clock=clock,
            codes=self.codes,
            signer=PlainSigner(),
            qr_encoder=PlainQrEncoder(),
            hold=HOLD,
        )


def world_in_memory() -> World:
    """A world over the shipped adapters in memory."""
    events = InMemoryEvents()
    return World(events=events, tickets=InMemoryTickets(events))
