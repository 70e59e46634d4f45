"""Messages and subscribers for the tests of webhooks."""

import ssl
from datetime import UTC, datetime
from typing import Any

from ticketing_adapters.webhooks import WebhookSubscriber, new_secret
from ticketing_core.message import Message, MessageKind
from ticketing_core.subscription import Subscription
from ticketing_core.testing import ManualClock

AT = datetime(2027, 6, 1, 20, 0, tzinfo=UTC)


def message(**changes: Any) -> Message:
    """Return a message of a ticket."""
    values: dict[str, Any] = {
        "subject": "ticket_7b0c",
        "version": 3,
        "kind": MessageKind.TICKET_ISSUED,
        "at": AT,
        "data": {"ticket_id": 1, "status": "issued", "note": "Grüße"},
        "epoch": 1,
    }
    return Message(**values | changes)


def subscriber(
    url: str,
    *,
    now: datetime | None = None,
    private: bool = True,
    seconds: float = 15,
    tls: ssl.SSLContext | None = None,
) -> WebhookSubscriber:
    """Return one for an address."""
    return WebhookSubscriber(
        subscription=Subscription(name="mailer", url=url, secret=new_secret()),
        clock=ManualClock(now or datetime.now(UTC)),
        private=private,
        seconds=seconds,
        tls=tls or ssl.create_default_context(),
    )
