"""Wires subscriptions."""

from ticketing_adapters.store import Store
from ticketing_adapters.webhooks import new_secret, objection_to
from ticketing_core import Subscriptions
from ticketing_service.settings import Settings

__all__ = ["new_secret", "objection_to_url", "subscriptions_of"]


def subscriptions_of(store: Store) -> Subscriptions:
    """Return the subscriptions over a store."""
    return Subscriptions(outbox=store.outbox, clock=store.clock)


def objection_to_url(url: str, settings: Settings) -> str | None:
    """Return why webhooks cannot be sent to an address, or None. The host is not looked up."""
    return objection_to(url, private=settings.webhooks_private)
