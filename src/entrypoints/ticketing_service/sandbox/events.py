"""Writes the event that a webhook carries (docs.stripe.com/api/events/object)."""

from ticketing_service.sandbox.errors import Json
from ticketing_service.sandbox.identifiers import new_id

# The version that stripe 16.1.0 speaks and that the sandbox's objects follow.
API_VERSION = "2026-10-28.endive"


def event_object(*, kind: str, subject: Json, previous: Json | None, created: int) -> Json:
    """Return a complete event about an object as it is now.

    `previous` holds what the event changed, with the values from before.
    """
    changed = {} if previous is None else {"previous_attributes": previous}
    return {
        "id": new_id("evt_1"),
        "object": "event",
        "api_version": API_VERSION,
        "created": created,
        "data": {"object": subject, **changed},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }
