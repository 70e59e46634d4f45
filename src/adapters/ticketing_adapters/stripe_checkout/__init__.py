"""Payments by Stripe Checkout, and Stripe's webhooks."""

from ticketing_adapters.stripe_checkout.currencies import CURRENCIES, too_small
from ticketing_adapters.stripe_checkout.gateway import StripeCheckout
from ticketing_adapters.stripe_checkout.notifications import StripeNotifications

__all__ = ["CURRENCIES", "StripeCheckout", "StripeNotifications", "too_small"]
