"""Gate lists as Token Status Lists (draft-ietf-oauth-status-list), signed like admission tokens.

The claims ``first``, ``e`` and ``inside`` are extensions of this service.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import frozen

from ticketing_adapters.jws_admission import Jwk, SigningKey, base64url, read_jws
from ticketing_core.gate_list import GateList
from ticketing_core.signature import Forged, UnknownKey

TYP = "statuslist+jwt"

LIFETIME = timedelta(hours=24)
"""A device warns about an older list. Long enough for a night offline and the next morning."""

TTL = timedelta(seconds=60)
"""An online device fetches the list again after this time."""

RENEWED_AFTER = LIFETIME / 2
"""An unchanged list is signed anew after this time, so that no device has one that ends soon."""


@frozen
class SignedGateList:
    """A gate list for devices.

    Attributes:
        text: A compact JWS.
        etag: Equal for lists with the same content, for at most `RENEWED_AFTER`.
    """

    text: str
    etag: str


@frozen(kw_only=True)
class VerifiedGateList:
    """A gate list whose signature was verified.

    Attributes:
        gate_list: Its content.
        made_at: When it was made.
        ends_at: When it is too old to be relied on.
    """

    gate_list: GateList
    made_at: datetime
    ends_at: datetime


def sign_gate_list(gate_list: GateList, at: datetime, *, key: SigningKey) -> SignedGateList:
    """Return the list, signed with the time ``at``."""
    numbers = [*gate_list.void[:1], *(ticket_id for ticket_id, _ in gate_list.inside[:1])]
    first = min(numbers, default=1)
    content = {
        "sub": f"/api/events/{gate_list.event_id}/gate-list/",
        "ttl": int(TTL.total_seconds()),
        "status_list": {"bits": 1, "lst": packed(bitmap(gate_list.void, first=first))},
        "first": first,
        "e": gate_list.event_id,
        "inside": packed(bytes(_varints(_steps(gate_list.inside, first=first)))),
    }
    now = int(at.timestamp())
    period = now // int(RENEWED_AFTER.total_seconds())
    digest = hashlib.sha256(json.dumps([content, key.kid, period]).encode()).digest()
    claims = {"iat": now, "exp": now + int(LIFETIME.total_seconds()), **content}
    return SignedGateList(text=key.sign(claims, typ=TYP), etag=base64url(digest[:18]))


def read_gate_list(
    text: str, *, public_key: Callable[[str], Jwk | None]
) -> VerifiedGateList | Forged | UnknownKey:
    """Verify the signature of a list, and return its content, even after its end."""
    return read_jws(text, read=_read, public_key=public_key, typ=TYP)


def _read(claims: Mapping[str, Any]) -> VerifiedGateList:
    statuses, first = claims["status_list"], int(claims["first"])
    if statuses["bits"] != 1:
        raise ValueError("a ticket has one bit")
    return VerifiedGateList(
        gate_list=GateList(
            event_id=int(claims["e"]),
            void=list(_set_bits(unpacked(statuses["lst"]), first=first)),
            inside=list(_inside(_numbers(unpacked(claims["inside"])), first=first)),
        ),
        made_at=datetime.fromtimestamp(claims["iat"], UTC),
        ends_at=datetime.fromtimestamp(claims["exp"], UTC),
    )


def packed(raw: bytes) -> str:
    """Return the bytes as in ``lst``: compressed by zlib at the highest level, in base64url."""
    return base64url(zlib.compress(raw, 9))


def unpacked(text: str) -> bytes:
    """Return the bytes that `packed` got.

    Raises:
        ValueError: The text is not the result of `packed`.
    """
    try:
        return zlib.decompress(base64.urlsafe_b64decode(text + "=="))
    except zlib.error as error:
        raise ValueError(str(error)) from error


def bitmap(numbers: Sequence[int], *, first: int) -> bytes:
    """Return a bit for each number from ``first`` on, the lowest bit of a byte first.

    Args:
        numbers: The numbers whose bits are set, in ascending order.
        first: The number of the first bit.
    """
    last = numbers[-1] if numbers else first
    bits = bytearray((last - first) // 8 + 1)
    for number in numbers:
        place = number - first
        bits[place >> 3] |= 1 << (place & 7)
    return bytes(bits)


def _set_bits(bits: bytes, *, first: int) -> Iterator[int]:
    for place, byte in enumerate(bits):
        if byte:
            yield from (first + 8 * place + bit for bit in range(8) if byte >> bit & 1)


def _steps(inside: Sequence[tuple[int, int]], *, first: int) -> Iterator[int]:
    before = first
    for ticket_id, people in inside:
        yield ticket_id - before
        yield people
        before = ticket_id


def _inside(numbers: Iterable[int], *, first: int) -> Iterator[tuple[int, int]]:
    ticket_id, steps = first, iter(numbers)
    for step, people in zip(steps, steps, strict=True):
        ticket_id += step
        yield ticket_id, people


_MORE = 0x80
"""The bit in a byte of a varint (LEB128) that says that more bytes follow. Seven bits are data."""


def _varints(numbers: Iterable[int]) -> Iterator[int]:
    for number in numbers:
        rest = number
        while rest >= _MORE:
            yield rest % _MORE | _MORE
            rest //= _MORE
        yield rest


def _numbers(raw: bytes) -> Iterator[int]:
    number, scale = 0, 1
    for byte in raw:
        number += byte % _MORE * scale
        scale *= _MORE
        if byte < _MORE:
            yield number
            number, scale = 0, 1
