"""Signed tokens that say when a buyer first came to buy at an event. Each has one holder."""

import hashlib
import hmac
import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta

LINE_TOKEN = "Line-Token"  # noqa: S105 - the name of a header

LIFE = timedelta(minutes=10)
"""How long a token is valid. Buyers are told to come back within a minute, and get a new one then;
in another rush they begin anew."""

_TIMES = struct.Struct(">QQ")
_MAC_BYTES = 16
_TOKEN = re.compile("[A-Za-z0-9_-]{43}")
"""Two times and the code, in base64 without padding."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class LineTokens:
    """Makes and reads the tokens.

    Args:
        secret: Known to all processes of the installation, and to nobody else.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def issue(self, came: datetime, *, holder: bytes, now: datetime) -> str:
        """Return a token that says that its holder came at ``came``."""
        times = _TIMES.pack(microseconds(came), microseconds(now))
        return urlsafe_b64encode(times + self._code(times, holder)).decode().rstrip("=")

    def came(self, token: str, *, holder: bytes, now: datetime) -> datetime | None:
        """Return when the holder came, or None if the token is not theirs or too old."""
        if not _TOKEN.fullmatch(token):
            return None
        signed = urlsafe_b64decode(token + "=")
        times, code = signed[: _TIMES.size], signed[_TIMES.size :]
        if not hmac.compare_digest(code, self._code(times, holder)):
            return None
        came, issued = _TIMES.unpack(times)
        if microseconds(now) > issued + LIFE // _MICROSECOND:
            return None
        return _EPOCH + timedelta(microseconds=came)

    def _code(self, times: bytes, holder: bytes) -> bytes:
        return hmac.digest(self._secret, times + holder, hashlib.sha256)[:_MAC_BYTES]


def buyer_at_event(*, buyer: str, event_id: int) -> bytes:
    """Return the holder of a token: one buyer at one event."""
    return b"buyer" + event_id.to_bytes(8, "big") + buyer.encode()


def unread_request(*, authorization: str, body: bytes) -> bytes:
    """Return the holder of a token that was made unread: a request with this access token and body.

    It is checked when it comes again. So it is good for one buyer at one event as well.
    """
    parts = (authorization.encode(), body)
    return b"request" + b"".join(hashlib.sha256(part).digest() for part in parts)


def microseconds(at: datetime) -> int:
    """Return an instant as microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND
