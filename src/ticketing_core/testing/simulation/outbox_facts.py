"""What the only subscriber of a run knows. It is not part of the store, so it never goes back."""

from attrs import define, field

from ticketing_core.message import Message, MessageKind
from ticketing_core.ports.outbox import Delivered, DeliveryOutcome, Refused, Unanswered

READER = "reader"
"""The name of its subscription."""


@define(kw_only=True)
class Reader:
    """A subscriber that keeps the newest message of each subject, and drops the rest.

    Attributes:
        minds: Kinds that it refuses.
        is_down: Whether it never answers.
        newest: The newest message of each subject.
        seen: The versions of each subject that it has taken.
        overtaken: Messages that came for the first time after a newer one of their subject.
    """

    minds: set[MessageKind] = field(factory=set)
    is_down: bool = False
    newest: dict[str, Message] = field(factory=dict)
    seen: dict[str, set[tuple[int, int]]] = field(factory=dict)
    overtaken: list[Message] = field(factory=list)

    def deliver(self, message: Message) -> DeliveryOutcome:
        """See `Subscriber.deliver`."""
        if self.is_down:
            return Unanswered()
        if message.kind in self.minds:
            return Refused(retryable=False)
        seen = self.seen.setdefault(message.subject, set())
        newest = self.newest.get(message.subject)
        if newest is None or newest.order < message.order:
            self.newest[message.subject] = message
        elif message.order not in seen:
            self.overtaken.append(message)
        seen.add(message.order)
        return Delivered()
