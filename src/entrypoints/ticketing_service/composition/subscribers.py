"""Wires subscriptions and subscribers."""

import ssl
from collections.abc import Callable, Mapping

from ticketing_adapters.webhooks import WebhookSubscriber, new_secret, objection_to
from ticketing_core import Subscription, Subscriptions
from ticketing_core.ports import Subscriber
from ticketing_service.composition.database import Store
from ticketing_service.settings import Settings

__all__ = ["new_secret", "objection_to_url", "subscriber_of", "subscriptions_of"]


def subscriptions_of(store: Store) -> Subscriptions:
    """Return the subscriptions over a store."""
    return Subscriptions(outbox=store.outbox, clock=store.clock)


def objection_to_url(url: str, settings: Settings) -> str | None:
    """Return why webhooks cannot be sent to an address, or None. The host is not looked up."""
    return objection_to(url, private=settings.webhooks_private)


def subscriber_of(
    settings: Settings, *, store: Store, own: Mapping[str, Subscriber]
) -> Callable[[Subscription], Subscriber | None]:
    """Return a function that finds the subscriber of a subscription; see `Courier`.

    Args:
        settings: They say whether webhooks may go to private addresses.
        store: Its clock tells the time.
        own: The subscribers within the program, by the names of their subscriptions.
    """
    tls = ssl.create_default_context()

    def found(subscription: Subscription) -> Subscriber | None:
        if subscription.url is None:
            return own.get(subscription.name)
        return WebhookSubscriber(
            subscription=subscription,
            clock=store.clock,
            private=settings.webhooks_private,
            tls=tls,
        )

    return found
