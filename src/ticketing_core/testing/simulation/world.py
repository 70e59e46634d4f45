"""The world of a simulation: store, gateway and time, and the box office over them."""

from collections.abc import Callable
from datetime import timedelta

from attrs import field, frozen

from ticketing_core.box_office import BoxOffice
from ticketing_core.ports.environment import Clock, Codes
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.ports.repository import (
    EventRepository,
    Installation,
    StrayRepository,
    TicketRepository,
)
from ticketing_core.testing.admission import PlainQrEncoder, PlainSigner
from ticketing_core.testing.environment import ManualClock, SequentialCodes
from ticketing_core.testing.gateway import FakeGateway
from ticketing_core.testing.installation import InMemoryInstallation, InMemoryStrays
from ticketing_core.testing.store import InMemoryEvents, InMemoryTickets

HOLD = timedelta(minutes=5)
"""Shorter than any checkout, so settling has to close one that can still be paid."""


@frozen(kw_only=True)
class World:
    """Everything that one run touches. Each run needs a new world with an empty store.

    Attributes:
        events: The event repository.
        tickets: The ticket repository.
        installation: The state of the installation, of the same store.
        strays: The repository of strays.
        clock: The time of this world.
        gateway: The payment gateway: `FakeGateway`, or a stricter subclass.
        office: Makes the box office from its ports: `BoxOffice`, or a variant to be tested.
    """

    events: EventRepository
    tickets: TicketRepository
    installation: Installation
    strays: StrayRepository = field(factory=InMemoryStrays)
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
        """Return the box office of this world over other ports, such as scheduled ones."""
        return self.office(
            events=events,
            tickets=tickets,
            strays=self.strays,
            installation=self.installation,
            gateway=gateway,
            clock=clock,
            codes=self.codes,
            signer=PlainSigner(),
            qr_encoder=PlainQrEncoder(),
            hold=HOLD,
        )


def world_in_memory() -> World:
    """Return a world over the in-memory adapters."""
    events = InMemoryEvents()
    return World(
        events=events,
        tickets=InMemoryTickets(events),
        installation=InMemoryInstallation(events),
    )
