"""Add, change and remove subscriptions, and maintain their messages."""

from collections.abc import Callable, Sequence
from datetime import datetime

from ticketing_core.errors import NameTaken, StoreUnavailable, SubscriptionNotFound, raises
from ticketing_core.ports.environment import Clock
from ticketing_core.ports.outbox import Abandoned, Outbox
from ticketing_core.subscription import (
    DELIVERED_KEPT,
    DISABLED_KEPT,
    Subscription,
)

SUBJECTS_OF_A_STEP = 100
"""Of a replay: a step of some twenty milliseconds, for which changes of these subjects wait, and on
SQLite all changes."""


@raises(NameTaken, StoreUnavailable)
def subscribe(subscription: Subscription, *, outbox: Outbox) -> Subscription:
    """Add a subscription. See `Subscriptions.subscribe`."""
    if not outbox.add(subscription):
        raise NameTaken(subscription.name)
    return subscription


@raises(SubscriptionNotFound, StoreUnavailable)
def unsubscribe(name: str, *, outbox: Outbox) -> None:
    """Delete a subscription. See `Subscriptions.unsubscribe`."""
    if not outbox.remove(name):
        raise SubscriptionNotFound(name)


@raises(SubscriptionNotFound, StoreUnavailable)
def change_subscription(
    name: str, to: Callable[[Subscription], Subscription], *, outbox: Outbox
) -> Subscription:
    """Change a subscription. See `Subscriptions.enable`, `disable` and `rotate`."""
    changed = outbox.change(name, to)
    if changed is None:
        raise SubscriptionNotFound(name)
    return changed


@raises(SubscriptionNotFound, StoreUnavailable)
def replay(name: str, *, since: datetime, outbox: Outbox, clock: Clock) -> None:
    """Make messages about everything that changed since then. See `Subscriptions.replay`."""
    _existing(name, outbox=outbox)
    after: str | None = ""
    while after is not None:
        after = outbox.replay(
            name, since=since, now=clock.now(), after=after, limit=SUBJECTS_OF_A_STEP
        )


@raises(SubscriptionNotFound, StoreUnavailable)
def abandoned_messages(name: str, *, limit: int, outbox: Outbox) -> Sequence[Abandoned]:
    """Return abandoned messages. See `Subscriptions.abandoned`."""
    _existing(name, outbox=outbox)
    return outbox.abandoned(name, limit=limit)


@raises(StoreUnavailable)
def prune(*, limit: int, outbox: Outbox, clock: Clock) -> int:
    """Delete old messages. See `Subscriptions.prune`."""
    now = clock.now()
    return outbox.prune(
        delivered_before=now - DELIVERED_KEPT, made_before=now - DISABLED_KEPT, limit=limit
    )


def _existing(name: str, *, outbox: Outbox) -> None:
    if name not in {each.name for each in outbox.subscriptions()}:
        raise SubscriptionNotFound(name)
