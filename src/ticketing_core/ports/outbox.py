"""The ports to the store of undelivered messages, and to those who get them.

Messages are written by the steps that change tickets and events: one for each subscription that
gets their kind, in the same step as the history. None is written while there is no subscription.
"""

from collections.abc import Callable, Sequence
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
        retryable: True if it takes no messages now; False if it minds this message alone.
        wait: How long it asks to be left alone.
    """

    retryable: bool
    wait: timedelta | None = None


@frozen
class Gone:
    """The subscriber wants no messages any more."""


@frozen
class Unanswered:
    """Whether the subscriber has taken the message is unknown."""


DeliveryOutcome = Delivered | Refused | Gone | Unanswered


class Subscriber(Protocol):
    """Gets messages, each at least once; those of one subject first arrive in order."""

    def deliver(self, message: Message) -> DeliveryOutcome:
        """Take a message, or return why not. It may come again, also after `Delivered`.

        Other threads may deliver messages of other subjects at the same time.
        """


@frozen(kw_only=True)
class Claimed:
    """A message that nobody else delivers until its claim ends.

    Attributes:
        subscription: The name of the one who gets it.
        message: The message.
    """

    subscription: str
    message: Message


@frozen(kw_only=True)
class Abandoned:
    """A message that was left out, since its subscriber refused it for too long."""

    message: Message
    at: datetime


class Outbox(Protocol):
    """Keeps subscriptions and what each has not taken yet. Each method is one atomic step."""

    def add(self, subscription: Subscription) -> bool:
        """Store a new subscription; False if the name is taken.

        Each change of a ticket or event that begins after the return makes its message.
        """

    def remove(self, name: str) -> bool:
        """Delete the subscription, whose messages nobody gets any more; False if there is none."""

    def subscriptions(self) -> Sequence[Subscription]:
        """Return all of them, in the order of their names."""

    def change(self, name: str, to: Callable[[Subscription], Subscription]) -> Subscription | None:
        """Store what ``to`` makes of the subscription as it is now, and return it.

        None if there is no such subscription. ``to`` may be called more than once.
        """

    def claim(self, name: str, *, now: datetime, limit: int) -> Sequence[Claimed]:
        """Claim at most ``limit`` messages of the subscription, those due for longest first.

        Of each subject only the oldest message counts that is neither delivered nor abandoned, in
        the order of epoch and version: no later one overtakes it, not even while it is claimed.

        No other call gets them until the claim ends, after `schedule.lease`, which grows with each
        claim in a row. What waits beyond `schedule.FARTHEST_TRY` is due, too. Whether the
        subscription is paused or disabled is up to the caller.
        """

    def delivered(self, claimed: Sequence[Claimed], *, at: datetime) -> None:
        """Note that these were taken. They are not claimed again.

        What was delivered, abandoned or deleted before stays so, here and in the next two.
        """

    def refused(self, claimed: Sequence[Claimed], *, at: datetime) -> None:
        """Note that the subscriber minds these messages themselves.

        Each waits for its claim to end. One that was refused first `ABANDONED_AFTER` ago or longer
        is abandoned: it is not claimed again, and the next of its subject goes on.
        """

    def put_off(self, claimed: Sequence[Claimed], *, until: datetime) -> None:
        """End the claims of these: they are due at ``until``, as if they had not been claimed."""

    def replay(
        self, name: str, *, since: datetime, now: datetime, after: str = "", limit: int
    ) -> str | None:
        """Make a message due of at most ``limit`` subjects that changed at or after ``since``.

        It is of their present version and kind `TICKET_CHANGED` or `EVENT_CHANGED`, unless that of
        this version and epoch is still stored, which becomes due again as if it were new. Its
        ``at`` is that of the change. Subjects come in a fixed order. Tickets of other statuses than
        `BY_STATUS` have no message.

        Args:
            name: The subscription. Its ``kinds`` hold as for each message.
            since: The oldest change that counts.
            now: The present instant.
            after: What the call before returned; "" for the first one.
            limit: The most subjects of this step.

        Returns:
            Where to go on; None at the end.
        """

    def abandoned(self, name: str, *, limit: int) -> Sequence[Abandoned]:
        """Return at most ``limit`` abandoned messages of the subscription, the newest first."""

    def prune(self, *, delivered_before: datetime, made_before: datetime, limit: int) -> int:
        """Delete at most ``limit`` messages that nobody needs any more, and return how many.

        Those were delivered or abandoned before ``delivered_before``, or are those of disabled
        subscriptions that wait since before ``made_before``.
        """

    def waiting_since(self) -> datetime | None:
        """Return since when the oldest message waits that was not delivered, or None.

        Claimed ones and those of paused subscriptions count, but not those that are abandoned or
        of disabled subscriptions. A message waits from its change or its replay on.
        """
