"""The public API of the outbox: subscriptions, and the delivery of their messages."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from attrs import frozen

from ticketing_core.message import MessageKind
from ticketing_core.ports import Clock, Outbox, Subscriber
from ticketing_core.ports.outbox import Abandoned, Waiting
from ticketing_core.subscription import Subscription
from ticketing_core.use_cases.deliver_due import Deliveries, RunAll, deliver_due
from ticketing_core.use_cases.subscriptions import (
    abandoned_messages,
    change_subscription,
    prune,
    replay,
    subscribe,
    unsubscribe,
)


@frozen(kw_only=True)
class Subscriptions:
    """Sends a message about each change of a ticket or an event to subscribers.

    A message is stored in the same step as its change, and delivered at least once. The messages of
    one ticket or event first arrive in order, but an old one may come again: drop a message that is
    not newer, by `Message.order`, than the newest of its subject. Messages of different subjects
    come in any order::

        class Display:  # a Subscriber within the program
            def __init__(self):
                self.newest = {}

            def deliver(self, message):
                known = self.newest.get(message.subject)
                if known is None or known.order < message.order:
                    self.newest[message.subject] = message
                return Delivered()


        display = Display()
        subscriptions = Subscriptions(outbox=outbox, clock=clock)
        subscriptions.subscribe("display", kinds=[MessageKind.TICKET_ADMITTED])
        while subscriptions.deliver_due("display", limit=100, subscriber=display).more:
            pass

    Every method may be called from several threads and processes at once. Besides the errors it
    lists, each may raise `StoreUnavailable`: the outcome is unknown. All may be repeated.

    Nothing is delivered on its own: call `deliver_due` every few seconds and `prune` every hour.

    Attributes:
        outbox: Stores subscriptions and messages.
        clock: Tells the time.
    """

    outbox: Outbox
    clock: Clock

    def subscribe(
        self,
        name: str,
        *,
        kinds: Collection[MessageKind] = (),
        url: str | None = None,
        secret: str | None = None,
    ) -> Subscription:
        """Add a subscription. It gets a message about each change from now on.

        For earlier changes call `replay`.

        Args:
            name: Its name for operators: letters, digits, ``-`` and ``_``, at most 64.
            kinds: Which messages it gets; empty for all.
            url: The address that webhooks are sent to; None for a subscriber within the program.
            secret: Signs webhooks; None without a ``url``.

        Raises:
            ValueError: The name or the address is not as above.
            NameTaken: Another subscription has the name.
        """
        return subscribe(
            Subscription(name=name, kinds=frozenset(kinds), url=url, secret=secret),
            outbox=self.outbox,
        )

    def unsubscribe(self, name: str) -> None:
        """Delete a subscription and its undelivered messages.

        Raises:
            SubscriptionNotFound: No subscription has this name.
        """
        unsubscribe(name, outbox=self.outbox)

    def all(self) -> Sequence[Subscription]:
        """Return all subscriptions in the order of their names."""
        return self.outbox.subscriptions()

    def waiting(self) -> Mapping[str, Waiting]:
        """Return the message that waits for longest, by the names of subscriptions with any.

        Those of disabled subscriptions do not count.
        """
        return self.outbox.waiting()

    def enable(self, name: str) -> Subscription:
        """End the pause of a subscription, or enable it again.

        Its undelivered messages are due at once. While it was disabled they were kept for 30 days.

        Raises:
            SubscriptionNotFound: No subscription has this name.
        """
        return change_subscription(name, Subscription.enabled, outbox=self.outbox)

    def disable(self, name: str) -> Subscription:
        """Deliver nothing to a subscriber until `enable`. Its messages are kept for 30 days.

        Raises:
            SubscriptionNotFound: No subscription has this name.
        """
        now = self.clock.now()
        return change_subscription(name, lambda old: old.disabled(at=now), outbox=self.outbox)

    def rotate(self, name: str, secret: str) -> Subscription:
        """Sign with a new secret, and for 24 hours with the previous one as well.

        Raises:
            SubscriptionNotFound: No subscription has this name.
        """
        now = self.clock.now()
        return change_subscription(
            name, lambda old: old.rotated(secret, at=now), outbox=self.outbox
        )

    def deliver_due(
        self, name: str, *, limit: int, subscriber: Subscriber, run_all: RunAll = map
    ) -> Deliveries:
        """Deliver at most ``limit`` messages of a subscription that are due.

        Nothing is delivered if it is paused, disabled or unknown.

        When the subscriber does not answer, or cannot take messages now, the rest of them is put
        off, and the subscription is paused for as long as it has been failing, between a minute and
        an hour. It is disabled after seven days of failures, or when it wants no more messages. A
        single message that it refuses, or that makes it raise, is retried alone, while later
        messages of its subject wait. After 72 hours it is abandoned, and they follow.

        No message is delivered later than a minute after the call began, so a subscriber should
        give up within a few seconds.

        Args:
            name: The subscription.
            limit: The most messages to deliver.
            subscriber: Takes them.
            run_all: Calls a function for each message, such as the ``map`` of a thread pool.

        Returns:
            How many were delivered or not, and whether ``more`` may be due now.
        """
        return deliver_due(
            name,
            limit=limit,
            outbox=self.outbox,
            subscriber=subscriber,
            clock=self.clock,
            run_all=run_all,
        )

    def replay(self, name: str, *, since: datetime) -> None:
        """Send the present state of every ticket and event that changed at or after ``since``.

        Afterwards one message for each of them is due, of kind ``ticket.changed`` or
        ``event.changed``, if the subscription gets that kind. The call may take minutes. If it is
        interrupted, call it again. After a restore from a backup replay everything, because the
        subscriber may know versions that the store has lost.

        Raises:
            SubscriptionNotFound: No subscription has this name.
        """
        replay(name, since=since, outbox=self.outbox, clock=self.clock)

    def abandoned(self, name: str, *, limit: int) -> Sequence[Abandoned]:
        """Return at most ``limit`` abandoned messages of the subscription, newest first.

        Raises:
            SubscriptionNotFound: No subscription has this name.
        """
        return abandoned_messages(name, limit=limit, outbox=self.outbox)

    def prune(self, *, limit: int) -> int:
        """Delete at most ``limit`` old messages.

        Delivered and abandoned ones are kept for seven days, and those of a disabled subscription
        for 30.

        Returns:
            The number of deleted messages. If it is ``limit``, there may be more.
        """
        return prune(limit=limit, outbox=self.outbox, clock=self.clock)
