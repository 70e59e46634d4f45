"""The public face of the outbox: who is told of changes, and the delivery of what is due."""

from collections.abc import Collection, Sequence
from datetime import datetime

from attrs import frozen

from ticketing_core.message import MessageKind
from ticketing_core.ports import Clock, Outbox, Subscriber
from ticketing_core.ports.outbox import Abandoned
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
    """Tells other programs and parts of this one of each change of a ticket or an event.

    A message is stored in the same step as its change, and delivered at least once. Messages of
    one ticket or event first arrive in order, but an old one may come again: drop what is not newer
    than the newest by `Message.order`. Messages of different subjects come in any order::

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
    lists, each may raise `StoreUnavailable`: the outcome is unknown, and all may be repeated.

    Nothing is delivered by itself: call `deliver_due` every few seconds and `prune` every hour.

    Attributes:
        outbox: Keeps subscriptions and messages.
        clock: Knows the time.
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
        """Tell a subscriber of each change from now on; `replay` tells of earlier ones.

        Args:
            name: What operators call it: letters, digits, ``-`` and ``_``, at most 64.
            kinds: Which messages it gets; none for all.
            url: Where webhooks go; None for a subscriber within the program.
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
        """Delete a subscription, and the messages that it did not get.

        Raises:
            SubscriptionNotFound: There is no such subscription.
        """
        unsubscribe(name, outbox=self.outbox)

    def all(self) -> Sequence[Subscription]:
        """Return all subscriptions in the order of their names."""
        return self.outbox.subscriptions()

    def enable(self, name: str) -> Subscription:
        """Let a subscription that was disabled or paused go on at once, with what waits for it.

        What a disabled one did not get is kept for 30 days.

        Raises:
            SubscriptionNotFound: There is no such subscription.
        """
        return change_subscription(name, Subscription.enabled, outbox=self.outbox)

    def disable(self, name: str) -> Subscription:
        """Deliver nothing to a subscriber until `enable`. Its messages are kept for 30 days.

        Raises:
            SubscriptionNotFound: There is no such subscription.
        """
        now = self.clock.now()
        return change_subscription(name, lambda old: old.disabled(at=now), outbox=self.outbox)

    def rotate(self, name: str, secret: str) -> Subscription:
        """Sign with a new secret, and for 24 hours with the one before, too.

        Raises:
            SubscriptionNotFound: There is no such subscription.
        """
        now = self.clock.now()
        return change_subscription(
            name, lambda old: old.rotated(secret, at=now), outbox=self.outbox
        )

    def deliver_due(
        self, name: str, *, limit: int, subscriber: Subscriber, run_all: RunAll = map
    ) -> Deliveries:
        """Deliver at most ``limit`` messages of a subscription that are due.

        Nothing is delivered if it is paused, disabled or unknown. Once the subscriber does not
        answer, or takes nothing now, it is not asked about the rest, and paused for as long as it
        has failed, between a minute and an hour. It is disabled after seven days, or if it says
        that it wants no messages any more. A message that it minds, or that makes it raise, waits
        alone; after 72 hours it is abandoned, and the next of its subject goes on.

        No message is handed out later than a minute after the call began. So stop a subscriber
        that takes longer than some seconds.

        Args:
            name: The subscription.
            limit: The most messages of this pass.
            subscriber: Gets them.
            run_all: How to go through the messages, such as the ``map`` of a thread pool.

        Returns:
            What became of them, and whether ``more`` may be due at once.
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
        """Tell a subscriber of the present state of all that changed at or after ``since``.

        One message of each ticket and event is due afterwards, of kind ``ticket.changed`` or
        ``event.changed``, if the subscription gets that kind. It may take minutes; if it ends
        early, begin again. After a restore from a backup, replay everything: the subscriber may
        know versions that the store has lost.

        Raises:
            SubscriptionNotFound: There is no such subscription.
        """
        replay(name, since=since, outbox=self.outbox, clock=self.clock)

    def abandoned(self, name: str, *, limit: int) -> Sequence[Abandoned]:
        """Return at most ``limit`` messages that the subscriber refused for too long, newest first.

        Raises:
            SubscriptionNotFound: There is no such subscription.
        """
        return abandoned_messages(name, limit=limit, outbox=self.outbox)

    def prune(self, *, limit: int) -> int:
        """Delete at most ``limit`` old messages.

        Delivered and abandoned ones are kept for seven days, and those of a disabled subscription
        for 30.

        Returns:
            How many were deleted; with ``limit``, there may be more.
        """
        return prune(limit=limit, outbox=self.outbox, clock=self.clock)
