"""A seller whose messages couriers deliver, and subscribers with prepared answers."""

import time
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue

from attrs import field, frozen

from tests.unit.box_offices import World
from ticketing_adapters.jobs.courier import Courier
from ticketing_core import Event, Message, Subscriptions
from ticketing_core.ports import Subscriber
from ticketing_core.ports.outbox import Delivered, DeliveryOutcome
from ticketing_core.testing import InMemoryLeases, InMemoryOutbox

SOON = 10
"""Seconds: far above what anything here takes."""


class Taker:
    """A subscriber that takes everything."""

    def __init__(
        self, answer: Callable[[Message], DeliveryOutcome] = lambda _: Delivered()
    ) -> None:
        self.answer = answer
        self.told: SimpleQueue[Message] = SimpleQueue()

    def deliver(self, message: Message) -> DeliveryOutcome:
        """See `Subscriber.deliver`."""
        outcome = self.answer(message)
        self.told.put(message)
        return outcome

    def gets(self, count: int) -> list[Message]:
        """Return so many messages once they have come."""
        return [self.told.get(timeout=SOON) for _ in range(count)]

    def gets_nothing(self) -> bool:
        """Return whether nothing comes for a while."""
        try:
            self.told.get(timeout=0.3)
        except Empty:
            return True
        return False


@frozen
class Shop:
    """A seller with subscribers within the program."""

    world: World = field(factory=World)
    leases: InMemoryLeases = field(factory=InMemoryLeases)
    outbox_class: type[InMemoryOutbox] = InMemoryOutbox
    outbox: InMemoryOutbox = field(init=False)
    event: Event = field(init=False)

    @outbox.default
    def _outbox(self) -> InMemoryOutbox:
        return self.outbox_class(self.world.events, self.world.tickets)

    @event.default
    def _event(self) -> Event:
        return self.world.event(capacity=10_000)

    @property
    def subscriptions(self) -> Subscriptions:
        """The public face."""
        return Subscriptions(outbox=self.outbox, clock=self.world.clock)

    def courier(self, own: Mapping[str, Subscriber]) -> Courier:
        """Return that of another process, with these subscribers."""
        return Courier(
            office=self.world.office,
            leases=self.leases,
            subscriptions=self.subscriptions,
            subscriber_of=lambda subscription: own.get(subscription.name),
        )

    def begins(self, own: Mapping[str, Subscriber], *, messages: int = 1) -> Courier:
        """Subscribe them, change some tickets, and let a courier do a pass."""
        for name in own:
            self.subscriptions.subscribe(name)
        self.sell(messages)
        courier = self.courier(own)
        courier.run_once()
        return courier

    def sell(self, count: int = 1) -> None:
        """Make so many messages for each subscription."""
        for _ in range(count):
            self.world.issued(self.event)


def served(courier: Courier) -> None:
    """Wait until nobody is being served."""
    deadline = time.monotonic() + SOON
    while courier._served:  # noqa: SLF001 - a test may wait for it
        assert time.monotonic() < deadline
        time.sleep(0.01)
