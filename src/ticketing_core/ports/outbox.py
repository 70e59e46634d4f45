"""The ports to the store of messages, and to the subscribers that take them.

The steps that change tickets and events write the messages, together with the history: one for each
subscription that gets the kind. Without subscriptions no message is written.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from attrs import frozen

from ticketing_core.message import Message
from ticketing_core.subscription import Subscription


@frozen
class Delivered:
    """The subscriber has taken the message."""


@frozen
class Refused:
    """The subscriber did not take the message.

    Attributes:
        retryable: True if it can take no message now; False if it rejects this one.
        wait: The pause that it asks for.
    """

    retryable: bool
    wait: timedelta | None = None


@frozen
class Gone:
    """The subscriber wants no more messages."""


@frozen
class Unanswered:
    """Whether the subscriber has taken the message is unknown."""


DeliveryOutcome = Delivered | Refused | Gone | Unanswered


class Subscriber(Protocol):
    """Takes messages: each at least once, those of one subject in order at first."""

    def deliver(self, message: Message) -> DeliveryOutcome:
        """Take a message, or return why not. It may come again, even after `Delivered`.

        Other threads may deliver messages of other subjects at the same time.
        """


@frozen(kw_only=True)
class Claimed:
    """A message that no other call delivers until its claim ends.

    Attributes:
        subscription: The name of the subscription that gets it.
        message: The message.
    """

    subscription: str
    message: Message


@frozen(kw_only=True)
class Abandoned:
    """A message that was skipped because its subscriber refused it for too long."""

    message: Message
    at: datetime


@frozen(kw_only=True)
class Waiting:
    """The message of a subscription that waits for longest.

    Attributes:
        since: When it changed, or was made due by a replay.
        refused_since: When the subscriber minded it first; None if it did not.
    """

    since: datetime
    refused_since: datetime | None


class Outbox(Protocol):
    """Stores subscriptions and their undelivered messages. Each method is one atomic step."""

    def add(self, subscription: Subscription) -> bool:
        """Store a new subscription; return False if the name is taken.

        Each change of a ticket or event that begins after the return writes a message for it.
        """

    def remove(self, name: str) -> bool:
        """Delete the subscription, so that nothing is delivered; return False if there is none."""

    def subscriptions(self) -> Sequence[Subscription]:
        """Return all subscriptions, sorted by name."""

    def change(self, name: str, to: Callable[[Subscription], Subscription]) -> Subscription | None:
        """Replace the subscription by ``to(subscription)``, and return the new one.

        Return None if there is no such subscription. The step may call ``to`` more than once.
        """

    def claim(self, name: str, *, now: datetime, limit: int) -> Sequence[Claimed]:
        """Claim at most ``limit`` messages of the subscription, longest due first.

        Of each subject only the oldest message that is neither delivered nor abandoned can be
        claimed, by epoch and version: no later one overtakes it, not even while it is claimed.

        No other call gets a claimed message until the claim ends, after `schedule.lease`, which
        grows with each claim in a row. A message that is due beyond `schedule.FARTHEST_TRY` counts
        as due. The caller has to check whether the subscription is paused or disabled.
        """

    def delivered(self, claimed: Sequence[Claimed], *, at: datetime) -> None:
        """Mark messages as delivered. They are not claimed again.

        What was delivered, abandoned, deleted or made due by `replay` since it was claimed stays
        so, here and in the next two.
        """

    def refused(self, claimed: Sequence[Claimed], *, at: datetime) -> None:
        """Mark messages as rejected by the subscriber.

        Each is due again when its claim ends. One that was first refused `ABANDONED_AFTER` ago or
        earlier is abandoned: it is not claimed again, and the next one of its subject follows.
        """

    def put_off(self, claimed: Sequence[Claimed], *, until: datetime) -> None:
        """End the claims of messages: they are due at ``until``, as if never claimed."""

    def replay(
        self, name: str, *, since: datetime, now: datetime, after: str = "", limit: int
    ) -> str | None:
        """Make one message due for each of ``limit`` subjects that changed at or after ``since``.

        If the message of the subject's present version and epoch is still stored, it becomes due
        again as if it were new. Otherwise a new one is written, of kind `TICKET_CHANGED` or
        `EVENT_CHANGED`, with the time of the change as ``at``. Subjects come in a fixed order.
        Tickets with a status that is not in `BY_STATUS` have no message.

        Args:
            name: The subscription. Messages of kinds that it does not get are left out.
            since: The oldest change that counts.
            now: The present instant.
            after: What the previous call returned; "" for the first one.
            limit: The most subjects of this step.

        Returns:
            ``after`` for the next call; None at the end.
        """

    def abandoned(self, name: str, *, limit: int) -> Sequence[Abandoned]:
        """Return at most ``limit`` abandoned messages of the subscription, newest first."""

    def prune(self, *, delivered_before: datetime, made_before: datetime, limit: int) -> int:
        """Delete at most ``limit`` old messages, and return how many.

        Those are messages that were delivered or abandoned before ``delivered_before``, and
        messages of disabled subscriptions that have been waiting since before ``made_before``.
        """

    def waiting(self) -> Mapping[str, Waiting]:
        """Return the oldest message of each subscription that was not delivered, by name.

        Claimed ones and those of paused subscriptions count, but not those that are abandoned or
        of disabled subscriptions.
        """
