"""The port that reads notifications: is one genuine, and which checkout is it about."""

from collections.abc import Mapping
from typing import Protocol

from ticketing_core.payment import Notification


class NotificationReader(Protocol):
    """Reads what claims to be a notification of the gateway."""

    def read(self, body: bytes, headers: Mapping[str, str]) -> Notification:
        """Check the signature over the raw body, then return what the notification is about.

        Calls nothing, and never raises, whatever the body.

        Args:
            body: The raw bytes of the request.
            headers: The request's headers by their usual names, such as ``Stripe-Signature``.
        """
