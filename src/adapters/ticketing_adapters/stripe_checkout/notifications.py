"""Reads Stripe's signed webhooks (docs.stripe.com/webhooks)."""

import json
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from uuid import UUID

import stripe

from ticketing_adapters.stripe_checkout.calls import INSTALLATION, Failure, call, connect
from ticketing_adapters.stripe_checkout.pacing import UNPACED, Pace
from ticketing_core.payment import Hint, Notification, NotOurs, Unknown
from ticketing_core.signature import Forged

ABOUT_A_SESSION = (
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
)
ABOUT_A_PAYMENT = (
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.updated",
    # The older name of `refund.updated`: endpoints that have it keep it.
    "charge.refund.updated",
    "charge.refunded",
    "radar.early_fraud_warning.created",
    "refund.created",
    "refund.failed",
    "refund.updated",
)
"""Events whose objects name a payment, not a session."""

WEBHOOK_EVENTS = (*ABOUT_A_SESSION, *ABOUT_A_PAYMENT)
"""What a webhook endpoint has to be subscribed to (docs.stripe.com/api/events/types)."""

THIN = "v2.core.event"
"""The object of a thin event, which names what changed but does not hold it."""

Room = Callable[[], AbstractContextManager[bool]]
"""Enters room for one call; False if there is none, and no call may be made."""


def unbounded() -> AbstractContextManager[bool]:
    """Enter without a bound: there is always room."""
    return nullcontext(True)


class StripeNotifications:
    """Reads webhooks of one account. Safe to use from several threads.

    Args:
        webhook_secret: The endpoint's signing secret, ``whsec_...``.
        secret_key: The account's key, to look up the session of a payment.
        installation_id: Events about checkouts of other installations are `NotOurs`.
        api_base: The address of the API, if it is not Stripe's own, such as a sandbox.
        room: Entered for each call, and only after the signature was found valid.
        pace: Asked before each request.
    """

    def __init__(
        self,
        *,
        webhook_secret: str,
        secret_key: str,
        installation_id: UUID,
        api_base: str | None = None,
        room: Room = unbounded,
        pace: Pace = UNPACED,
    ) -> None:
        self._webhook_secret = webhook_secret
        self._sessions = connect(secret_key, api_base=api_base, pace=pace).v1.checkout.sessions
        self._installation_id = str(installation_id)
        self._room = room

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
            kind, subject = event["type"], event["data"]["object"]
            if kind in ABOUT_A_SESSION:
                return self._session(_id(subject["id"]), subject["metadata"])
            if kind in ABOUT_A_PAYMENT:
                payment = subject["payment_intent"]
                return NotOurs() if payment is None else self._session_of(_id(payment))
        except (AttributeError, LookupError, TypeError) as error:
            return Forged(f"not a Stripe event: {type(error).__name__} {error}")
        return NotOurs()

    def _signed(self, body: bytes, signature: str) -> "dict[str, Any] | Forged":
        """Return the event, if the signature over its bytes is valid."""
        try:
            text = body.decode()
            stripe.WebhookSignature.verify_header(
                text, signature, self._webhook_secret, tolerance=stripe.Webhook.DEFAULT_TOLERANCE
            )
            event = json.loads(text)
        except (ValueError, RecursionError, stripe.SignatureVerificationError) as error:
            return Forged(str(error))
        return event if isinstance(event, dict) else Forged("not a JSON object")

    def _session(self, session_id: str, metadata: Mapping[str, str] | None) -> Notification:
        if (metadata or {}).get(INSTALLATION) != self._installation_id:
            return NotOurs()
        return Hint(session_id)

    def _session_of(self, payment_intent: str) -> Notification:
        with self._room() as may_call:
            if not may_call:
                return Unknown("busy")
            sessions = call(
                lambda: self._sessions.list({"payment_intent": payment_intent, "limit": 1})
            )
        if isinstance(sessions, Failure):
            return Unknown("the session of a payment could not be looked up")
        for session in sessions.data:
            return self._session(session.id, session.metadata.to_dict() if session.metadata else {})
        return NotOurs()


def _id(value: object) -> str:
    """Return an id if it has the form of Stripe's ids: it becomes part of a URL."""
    if not isinstance(value, str) or not re.fullmatch("[A-Za-z0-9_]+", value):
        raise TypeError("not an id")
    return value
