"""Reads Stripe's signed webhooks (docs.stripe.com/webhooks)."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import stripe

from ticketing_adapters.stripe_checkout.marks import INSTALLATION
from ticketing_adapters.stripe_checkout.news import (
    ABOUT_A_PAYMENT,
    UNREADABLE,
    checked_id,
    read_event,
)
from ticketing_core.payment import Hint, Notification, NotOurs
from ticketing_core.signature import Forged

ABOUT_A_SESSION = (
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
)

WEBHOOK_EVENTS = (*ABOUT_A_SESSION, *ABOUT_A_PAYMENT)
"""What a webhook endpoint has to be subscribed to (docs.stripe.com/api/events/types)."""

THIN = "v2.core.event"
"""The object of a thin event, which names what changed but does not hold it."""


class StripeNotifications:
    """Reads webhooks of one account. Safe to use from several threads.

    Args:
        webhook_secret: The endpoint's signing secret, ``whsec_...``.
        installation_id: Events that name another installation are `NotOurs`.
    """

    def __init__(self, *, webhook_secret: str, installation_id: UUID) -> None:
        self._webhook_secret = webhook_secret
        self._installation_id = str(installation_id)

    def read(self, body: bytes, headers: Mapping[str, str]) -> Notification:
        """See `NotificationReader.read`."""
        event = self._signed(body, headers.get("Stripe-Signature", ""))
        if isinstance(event, Forged):
            return event
        if event.get("object") == THIN:
            return Forged(
                "a thin event: choose snapshot payloads for this webhook endpoint in Stripe"
            )
        try:
            if event["type"] in ABOUT_A_SESSION:
                return self._session(event["data"]["object"])
            return read_event(event, installation_id=self._installation_id) or NotOurs()
        except UNREADABLE as error:
            return Forged(f"not a Stripe event: {type(error).__name__} {error}")

    def _signed(self, body: bytes, signature: str) -> "dict[str, Any] | Forged":
        """Return the event, if the signature over its bytes is valid."""
        if not signature.isascii():
            # The SDK raises `TypeError`.
            return Forged("the signature holds other characters than ASCII")
        try:
            text = body.decode()
            stripe.WebhookSignature.verify_header(
                text, signature, self._webhook_secret, tolerance=stripe.Webhook.DEFAULT_TOLERANCE
            )
            event = json.loads(text)
        except (ValueError, RecursionError, stripe.SignatureVerificationError) as error:
            return Forged(str(error))
        return event if isinstance(event, dict) else Forged("not a JSON object")

    def _session(self, session: Mapping[str, Any]) -> Hint | NotOurs:
        session_id, metadata = checked_id(session["id"]), session["metadata"] or {}
        is_ours = metadata.get(INSTALLATION) == self._installation_id
        return Hint(session_id) if is_ours else NotOurs()
