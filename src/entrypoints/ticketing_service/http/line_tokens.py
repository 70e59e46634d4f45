"""Signed tokens that say when a buyer first came to buy at an event."""

import hashlib
import hmac
import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta

LINE_TOKEN = "Line-Token"  # noqa: S105 - the name of a header

LIFE = timedelta(minutes=10)
"""How long a token is valid after the answer that it came with. A buyer is told to come back within
a minute, and gets a new one then; who comes to another rush begins anew."""

_TIMES = struct.Struct(">QQ")
_MAC_BYTES = 16
_TOKEN = re.compile("[A-Za-z0-9_-]{43}")
"""Two times and the code, in base64 without padding."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class LineTokens:
    """Makes and reads the tokens. One is good for one buyer at one event.

    Args:
        secret: Known to all processes of the installation, and to nobody else.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def issue(self, came: datetime, *, buyer: str, event_id: int, now: datetime) -> str:
        """Return a token that says that the buyer came at ``came``."""
        times = _TIMES.pack(microseconds(came), microseconds(now))
        signed = times + self._code(times, buyer=buyer, event_id=event_id)
        return urlsafe_b64encode(signed).decode().rstrip("=")

    def came(self, token: str, *, buyer: str, event_id: int, now: datetime) -> datetime | None:
        """Return when the buyer came, or None if the token is not valid for them and the event."""
        if not _TOKEN.fullmatch(token):
            return None
        signed = urlsafe_b64decode(token + "=")
        times, code = signed[: _TIMES.size], signed[_TIMES.size :]
        if not hmac.compare_digest(code, self._code(times, buyer=buyer, event_id=event_id)):
            return None
        came, issued = _TIMES.unpack(times)
        if microseconds(now) > issued + LIFE // _MICROSECOND:
            return None
        return _EPOCH + timedelta(microseconds=came)

    def _code(self, times: bytes, *, buyer: str, event_id: int) -> bytes:
        bound = times + event_id.to_bytes(8, "big") + buyer.encode()
        return hmac.digest(self._secret, bound, hashlib.sha256)[:_MAC_BYTES]


def microseconds(at: datetime) -> int:
    """Return an instant as microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND
