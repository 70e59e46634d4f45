"""The port for news from the gateway: is it genuine, and which checkout is it about."""

from collections.abc import Mapping
from typing import Protocol

from attrs import frozen

from ticketing_core.ports.gateway import Unknown


@frozen
class Hint:
    """Something happened to a checkout of ours. What, only the gateway itself tells."""

    checkout_id: str


@frozen
class NotOurs:
    """Genuine, but about something else, or of another installation."""


@frozen
class Forgery:
    """Not sent by the gateway; ``reason`` is for logs."""

    reason: str


NewsOutcome = Hint | NotOurs | Forgery | Unknown


class NotificationReader(Protocol):
    """Reads what claims to be a notification of the gateway."""

    def read(self, body: bytes, headers: Mapping[str, str]) -> NewsOutcome:
        """Check the signature over the raw body first, then tell what it is about.

        `Unknown` means that the checkout could not be found out now: let it be sent again.
        Never raises, whatever the body.

        Args:
            body: The raw bytes as they came.
            headers: The request's headers, by their usual names such as ``Stripe-Signature``.
        """
