"""The world of a simulation: store, gateway and time, and the box office over them."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from attrs import field, frozen

from ticketing_core.box_office import BoxOffice
from ticketing_core.gate import Gate
from ticketing_core.organizer import Organizer
from ticketing_core.ports.environment import Clock, Codes
from ticketing_core.ports.events import EventRepository
from ticketing_core.ports.gate import Admissions
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.ports.outbox import Outbox
from ticketing_core.ports.repository import Installation, StrayRepository, TicketRepository
from ticketing_core.testing.admission import PlainQrEncoder, PlainSigner
from ticketing_core.testing.admissions import InMemoryAdmissions
from ticketing_core.testing.environment import ManualClock, SequentialCodes
from ticketing_core.testing.events import InMemoryEvents
from ticketing_core.testing.gateway import FakeGateway
from ticketing_core.testing.installation import InMemoryInstallation, InMemoryStrays
from ticketing_core.testing.outbox import InMemoryOutbox
from ticketing_core.testing.simulation.saving import save
from ticketing_core.testing.store import InMemoryTickets

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
    # What dictionaries and lists keep is never changed, only replaced.
    return {
        key: each.copy() if isinstance(each, dict | list) else each for key, each in kept.items()
    }


@frozen(kw_only=True)
class World:
    """Everything that one run touches. Each run needs a new world with an empty store.

    Attributes:
        events: The event repository.
        tickets: The ticket repository.
        admissions: Counts who is inside, in the same store.
        installation: The state of the installation, of the same store.
        strays: The repository of strays.
        clock: The time of this world.
        gateway: The payment gateway: `FakeGateway`, or a stricter subclass.
        back_up: Copies the store, and returns a function that puts the copy back. Without it there
            is never a backup, so nothing is restored.
        save: Copies all that the world keeps, gateway and time included, and what it is given, and
            returns a function that puts them back. With it a search prepares a scenario only once.
        office: Makes the box office from its ports: `BoxOffice`, or a variant to be tested.
        gate: Makes the gate from its ports: `Gate`, or a variant to be tested.
        organizer: Makes the organizer from its ports: `Organizer`, or a variant to be tested.
        outbox: The outbox of the same store. Without it nobody is told of anything.
    """

    events: EventRepository
    tickets: TicketRepository
    admissions: Admissions
    installation: Installation
    strays: StrayRepository = field(factory=InMemoryStrays)
    clock: ManualClock = field(factory=ManualClock)
    gateway: FakeGateway = field()
    back_up: BackUp | None = None
    save: Callable[..., Callable[[], None]] | None = None
    office: Callable[..., BoxOffice] = BoxOffice
    gate: Callable[..., Gate] = Gate
    organizer: Callable[..., Organizer] = Organizer
    outbox: Outbox | None = None
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

    def gate_over(
        self,
        *,
        events: EventRepository,
        tickets: TicketRepository,
        admissions: Admissions,
        gateway: PaymentGateway,
        clock: Clock,
    ) -> Gate:
        """Return the gate of this world over other ports, such as scheduled ones."""
        return self.gate(
            events=events,
            tickets=tickets,
            admissions=admissions,
            signer=PlainSigner(),
            gateway=gateway,
            clock=clock,
        )

    def organizer_over(
        self,
        *,
        events: EventRepository,
        tickets: TicketRepository,
        gateway: PaymentGateway,
        clock: Clock,
    ) -> Organizer:
        """Return the organizer of this world over other ports, such as scheduled ones."""
        return self.organizer(events=events, tickets=tickets, gateway=gateway, clock=clock)


def world_in_memory(
    *,
    events: type[InMemoryEvents] = InMemoryEvents,
    tickets: type[InMemoryTickets] = InMemoryTickets,
    admissions: type[InMemoryAdmissions] = InMemoryAdmissions,
    installation: type[InMemoryInstallation] = InMemoryInstallation,
    gateway: type[FakeGateway] = FakeGateway,
    office: Callable[..., BoxOffice] = BoxOffice,
    gate: Callable[..., Gate] = Gate,
    organizer: Callable[..., Organizer] = Organizer,
    outbox: type[InMemoryOutbox] = InMemoryOutbox,
) -> World:
    """Return a world over the in-memory adapters, or over variants of them."""
    clock = ManualClock()
    sold = events()
    kept = tickets(sold)
    parts = (
        sold,
        kept,
        admissions(sold, kept),
        installation(sold),
        InMemoryStrays(),
        outbox(sold, kept),
    )
    taking, codes = gateway(clock=clock), SequentialCodes()
    return World(
        events=parts[0],
        tickets=parts[1],
        admissions=parts[2],
        installation=parts[3],
        strays=parts[4],
        outbox=parts[5],
        clock=clock,
        gateway=taking,
        codes=codes,
        back_up=partial(back_up_in_memory, *parts),
        save=partial(save, *parts, clock, taking, taking.news, codes),
        office=office,
        gate=gate,
        organizer=organizer,
    )
