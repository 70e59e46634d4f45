"""The body and the signature of a webhook: Standard Webhooks 1.0."""

import hmac
import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence

from ticketing_core.message import Message

_PREFIX = "whsec_"

_SECRET_BYTES = 32
"""The specification asks for 24 to 64; no more than the hash has makes one harder to guess."""


def new_secret() -> str:
    """Return a new random secret, in the form for receivers."""
    return f"{_PREFIX}{b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"


def body_of(message: Message) -> bytes:
    """Return the body. It is the same in each attempt."""
    shown = {
        "type": message.kind.value,
        "timestamp": message.at.isoformat(),
        "data": {"epoch": message.epoch, **message.data},
    }
    return json.dumps(shown, separators=(",", ":")).encode()


def signature(
    body: bytes, *, message_id: str, timestamp: int, secrets_in_use: Sequence[str]
) -> str:
    """Return the header ``webhook-signature``: one signature for each secret.

    Args:
        body: What is sent.
        message_id: The header ``webhook-id``.
        timestamp: The header ``webhook-timestamp``.
        secrets_in_use: From `new_secret`.
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(
        f"v1,{b64encode(hmac.digest(_key(secret), signed, 'sha256')).decode()}"
        for secret in secrets_in_use
    )


def _key(secret: str) -> bytes:
    return b64decode(secret.removeprefix(_PREFIX))
