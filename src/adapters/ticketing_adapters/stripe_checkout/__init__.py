"""Payments by Stripe Checkout, and Stripe's webhooks."""

from ticketing_adapters.stripe_checkout.currencies import too_large, too_small
from ticketing_adapters.stripe_checkout.gateway import StripeCheckout
from ticketing_adapters.stripe_checkout.notifications import WEBHOOK_EVENTS, StripeNotifications
from ticketing_adapters.stripe_checkout.pacing import Pace
from ticketing_adapters.stripe_checkout.session_params import PageOptions

__all__ = [
    "WEBHOOK_EVENTS",
    "Pace",
    "PageOptions",
    "StripeCheckout",
    "StripeNotifications",
    "too_large",
    "too_small",
]
