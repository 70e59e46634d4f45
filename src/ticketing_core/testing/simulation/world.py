"""The world of a simulation: store, gateway and time, and the box office over them."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

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


MOST_UNPAID = 1
"""Unpaid places of one buyer, or one order of the event's largest size."""

BackUp = Callable[[], Callable[[], None]]
"""Copies a store, and returns a function that puts the copy back."""


def back_up_in_memory(*parts: object) -> Callable[[], None]:
    """Copy what the parts of an in-memory store keep; see `World.back_up`."""
    kept = [_copied(vars(part)) for part in parts]

    def put_back() -> None:
        for part, copy in zip(parts, kept, strict=True):
            vars(part).update(_copied(copy))

    return put_back


def _copied(kept: Mapping[str, Any]) -> dict[str, Any]:
    # The values of the dictionaries are never changed, only replaced.
    return {key: {**each} if isinstance(each, dict) else each for key, each in kept.items()}


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
        back_up: Copies the store, and returns a function that puts the copy back. Without it there
            is never a backup, so nothing is restored.
        office: Makes the box office from its ports: `BoxOffice`, or a variant to be tested.
    """

    events: EventRepository
    tickets: TicketRepository
    installation: Installation
    strays: StrayRepository = field(factory=InMemoryStrays)
    clock: ManualClock = field(factory=ManualClock)
    gateway: FakeGateway = field()
    back_up: BackUp | None = None
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
        strays: StrayRepository,
        installation: Installation,
        gateway: PaymentGateway,
        clock: Clock,
    ) -> BoxOffice:
        """Return the box office of this world over other ports, such as scheduled ones."""
        return self.office(
            events=events,
            tickets=tickets,
            strays=strays,
            installation=installation,
            gateway=gateway,
            clock=clock,
            codes=self.codes,
            signer=PlainSigner(),
            qr_encoder=PlainQrEncoder(),
            hold=HOLD,
            max_unpaid_places=MOST_UNPAID,
        )


def world_in_memory(
    *,
    events: type[InMemoryEvents] = InMemoryEvents,
    tickets: type[InMemoryTickets] = InMemoryTickets,
    installation: type[InMemoryInstallation] = InMemoryInstallation,
    gateway: type[FakeGateway] = FakeGateway,
    office: Callable[..., BoxOffice] = BoxOffice,
) -> World:
    """Return a world over the in-memory adapters, or over variants of them."""
    clock = ManualClock()
    sold = events()
    parts = (sold, tickets(sold), installation(sold), InMemoryStrays())
    return World(
        events=parts[0],
        tickets=parts[1],
        installation=parts[2],
        strays=parts[3],
        clock=clock,
        gateway=gateway(clock=clock),
        back_up=partial(back_up_in_memory, *parts),
        office=office,
    )
