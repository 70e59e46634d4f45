"""Delivers messages as webhooks, by Standard Webhooks 1.0 (standardwebhooks.com)."""

from ticketing_adapters.webhooks.addresses import objection_to
from ticketing_adapters.webhooks.signing import new_secret
from ticketing_adapters.webhooks.subscriber import WebhookSubscriber

__all__ = ["WebhookSubscriber", "new_secret", "objection_to"]
