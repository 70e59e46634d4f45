"""What happens at the outbox: a subscriber gets messages, and operators manage its subscription."""

from datetime import timedelta

from attrs import frozen

from ticketing_core.message import MessageKind
from ticketing_core.subscriptions import Subscriptions
from ticketing_core.testing.simulation.organizing import AtTheDesk
from ticketing_core.testing.simulation.outbox_facts import READER, Reader
from ticketing_core.use_cases.deliver_due import Deliveries

MOST_MESSAGES = 100
"""Of a pass; a run makes only a few."""

LONG_AGO = timedelta(days=10_000)
"""Before the first change of any run."""

MOST_DAYS = 9
"""Longer than it takes until a refused message is abandoned, or a failing subscriber disabled."""


@frozen(kw_only=True)
class AtTheOutbox(AtTheDesk):
    """The moves at the outbox. In a world without one, nobody subscribes, and nothing happens."""

    _subscriptions: Subscriptions
    _subscriber: Reader

    @property
    def subscriptions(self) -> Subscriptions:
        """The use cases, over scheduled ports, in a new process. See `Simulation.office`."""
        self.begin_process()
        return self._subscriptions

    def subscribe(self) -> None:
        """Let the reader subscribe to everything."""
        if self.world.outbox is not None:
            self.subscriptions.subscribe(READER)

    def enable(self) -> None:
        """The operator enables the reader's subscription."""
        self.subscriptions.enable(READER)

    def fail(self) -> None:
        """The reader does not answer from now on."""
        self.facts.reader.is_down = True

    def mind(self, kind: MessageKind) -> None:
        """The reader refuses all messages of this kind from now on."""
        self.facts.reader.minds.add(kind)

    def deliver(self) -> Deliveries:
        """Deliver once."""
        return self.subscriptions.deliver_due(
            READER, limit=MOST_MESSAGES, subscriber=self._subscriber
        )

    def deliver_all(self) -> None:
        """Deliver until nothing is due."""
        while self.deliver().more:
            pass

    def deliver_for_days(self) -> None:
        """Deliver until every message is delivered or abandoned."""
        outbox, clock = self.world.outbox, self.world.clock
        if outbox is None or not outbox.subscriptions():
            return
        if self.facts.backed_up_at is not None:
            # As the guide for restores says: the reader may know what the store has lost.
            self.subscriptions.replay(READER, since=clock.now() - LONG_AGO)
        for _ in range(MOST_DAYS):
            clock.advance(timedelta(days=1))
            self.deliver_all()
            if not outbox.waiting():
                return
