"""Strategies for odd values, and for good input with a few things wrong."""

import json
from collections.abc import Callable, Sequence

from hypothesis import strategies as st

from tests.fuzz.site import Headers

ODD_TEXTS = [
    "", " ", "\0", "null", "true", "-0", "1e1", "1" * 5000, "٣", "\ud800", "\u202e", "é" * 300,
    "../../etc/passwd", "%00", "%2e%2e%2f", "' OR 1=1 --", "{{7*7}}", "${7*7}", "<script>",
    "\r\nX: 1", "\x1b[31m", "[/foo]", "🧑‍🎤" * 99, "a" * 70_000,
]  # fmt: skip
ODD_NUMBERS = [0, -1, 1, 2, 2**31, 2**53 - 1, 2**53, 2**63, 2**64, 10**30, 10**400]

texts = st.sampled_from(ODD_TEXTS) | st.text(max_size=20)
scalars = (
    st.none()
    | st.booleans()
    | st.sampled_from(ODD_NUMBERS)
    | st.integers()
    | st.floats()
    | st.just(1e999)
    | texts
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
"""Whatever JSON can hold, and what only Python writes as JSON (NaN, lone surrogates)."""

LONG = [b"[" * 9000, b"[" * 9000 + b"]" * 9000, b'{"a":' * 9000, b"9" * 5000]
"""Nested beyond what parsers follow, and more digits than Python converts."""


def encoded(value: object) -> bytes:
    """Return a value as JSON, odd as it may be."""
    return json.dumps(value).encode("utf-8", "surrogatepass")


Change = Callable[[bytes], bytes]


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """Return one change to a text, at a place from its start or (`flip`, `cut`) from its end."""
    kind = draw(st.sampled_from(["insert", "remove", "replace", "repeat", "cut", "flip"]))
    where, length = draw(st.integers(0, 400)), draw(st.integers(1, 20))
    added = draw(st.binary(min_size=1, max_size=4) | st.sampled_from(LONG))
    match kind:
        case "insert":
            return lambda text: text[:where] + added + text[where:]
        case "remove":
            return lambda text: text[:where] + text[where + length :]
        case "replace":
            return lambda text: text[:where] + added + text[where + len(added) :]
        case "repeat":
            return lambda text: text[:where] + text[where : where + length] * 50 + text[where:]
        case "cut":
            return lambda text: text[:-length]
        case _:
            return lambda text: _flipped(text, len(text) - length)


def _flipped(text: bytes, place: int) -> bytes:
    return bytes(byte ^ 1 if number == place else byte for number, byte in enumerate(text))


def changed(text: bytes, made: Sequence[Change]) -> bytes:
    """Return the text after these changes."""
    for change in made:
        text = change(text)
    return text


def mutated(good: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Return good text with a few changes, or none."""
    return st.builds(changed, good, st.lists(changes(), max_size=3))


# What servers let through: no control characters (RFC 9110, 5.5), each byte as one character.
header_texts = st.text(
    st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40
) | st.sampled_from(
    ["", "a" * 255, "a" * 256, "a" * 60_000, "\xff", "é", "*", "chunked", "0", "-1"]
)

NAMES = [
    "Accept", "Accept-Encoding", "Content-Length", "Content-Type", "Cookie", "Expect", "Forwarded",
    "Host", "Idempotency-Key", "If-None-Match", "Origin", "Range", "Referer", "Stripe-Signature",
    "Transfer-Encoding", "Upgrade", "User-Agent", "X-Forwarded-For", "X-Forwarded-Host",
    "X-Forwarded-Prefix", "X-Forwarded-Proto", "X-HTTP-Method-Override", "X-Original-URL",
    "Access-Control-Request-Method", "Access-Control-Request-Headers",
]  # fmt: skip

headers: st.SearchStrategy[Headers] = st.lists(
    st.tuples(st.sampled_from(NAMES), header_texts), max_size=4
)

CONTENT_TYPES = [
    "application/json", "application/json; charset=utf-16", "application/vnd.x+json", "text/plain",
    "application/json; charset=\xff", "multipart/form-data; boundary=x", "", ";", "a" * 9000,
    "application/x-www-form-urlencoded",
]  # fmt: skip
