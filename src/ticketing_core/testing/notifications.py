"""Notifications of the fake gateway, signed with a public key."""

import hmac
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from attrs import asdict

from ticketing_core.payment import Hint, Notification, NotOurs, PaymentHint
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
            text = body.decode()
            if text.startswith("{"):
                return _payment_hint(**json.loads(text))
        except ValueError:
            return Forged("not written by this gateway")
        return Hint(text) if text else NotOurs()


def plain_notification(about: str | PaymentHint) -> tuple[bytes, Mapping[str, str]]:
    """Return body and headers of a genuine notification.

    Args:
        about: A payment, or the id of a checkout; with an empty id it is about nothing.
    """
    text = about if isinstance(about, str) else json.dumps(asdict(about), default=str)
    body = text.encode()
    return body, {SIGNATURE: _signature(body).decode()}


def _payment_hint(*, ticket_code: str | None, **rest: Any) -> PaymentHint:
    return PaymentHint(ticket_code=UUID(ticket_code) if ticket_code else None, **rest)


def _signature(body: bytes) -> bytes:
    return hmac.new(PUBLIC_KEY, body, "sha256").hexdigest().encode()
