"""Notifications of the fake gateway: the id of a checkout, signed with a public key."""

import hmac
from collections.abc import Mapping

from ticketing_core.payment import Hint, Notification, NotOurs
from ticketing_core.signature import Forged
from ticketing_core.testing.admission import PUBLIC_KEY

SIGNATURE = "Plain-Signature"
"""The header that carries the signature."""


class PlainNotifications:
    """Reads what `plain_notification` writes. Never for production."""

    def read(self, body: bytes, headers: Mapping[str, str]) -> Notification:
        """See `NotificationReader.read`."""
        if not hmac.compare_digest(headers.get(SIGNATURE, "").encode(), _signature(body)):
            return Forged("not signed by this gateway")
        try:
            checkout_id = body.decode()
        except UnicodeDecodeError:
            return Forged("not text")
        return Hint(checkout_id) if checkout_id else NotOurs()


def plain_notification(checkout_id: str) -> tuple[bytes, Mapping[str, str]]:
    """Return body and headers of a genuine notification; with an empty id, one about nothing."""
    body = checkout_id.encode()
    return body, {SIGNATURE: _signature(body).decode()}


def _signature(body: bytes) -> bytes:
    return hmac.new(PUBLIC_KEY, body, "sha256").hexdigest().encode()
