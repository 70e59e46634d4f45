"""Gate lists: a Token Status List that reads back, small, and never taken for a token."""

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import jwt
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from ticketing_adapters.gate_list import (
    LIFETIME,
    RENEWED_AFTER,
    VerifiedGateList,
    bitmap,
    packed,
    read_gate_list,
    sign_gate_list,
    unpacked,
)
from ticketing_adapters.jws_admission import JwsAdmission, SigningKey
from ticketing_core.gate_list import GateList
from ticketing_core.signature import Forged, UnknownKey
from ticketing_core.testing.contracts.admission import CLAIMS

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
KEY, OTHER = SigningKey.generate(), SigningKey.generate()
LIST = GateList(event_id=7, void=[4711, 4800], inside=[(4709, 2), (4711, 1), (5000, 300)])


def read(text: str) -> Any:
    """Return what a gate reads that knows one key."""
    return read_gate_list(text, public_key={KEY.kid: KEY.public_jwk}.get)


def signed(gate_list: GateList = LIST, at: datetime = NOON, key: SigningKey = KEY) -> str:
    """Return the text of a signed list."""
    return sign_gate_list(gate_list, at, key=key).text


# --- the draft ------------------------------------------------------------------------------------


def test_the_short_example_of_the_draft() -> None:
    """Two bytes, the lowest bit first (draft-ietf-oauth-status-list-21, 4.1 and 4.2)."""
    bits = bitmap([0, 3, 4, 5, 7, 8, 9, 13, 15], first=0)
    assert bits == bytes([0xB9, 0xA3])
    assert packed(bits) == "eNrbuRgAAhcBXQ"


def test_the_long_example_of_the_draft() -> None:
    """A list of 2^20 entries (appendix C.1)."""
    numbers = [0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545, 934534, 1000345]
    text = (
        "eNrt3AENwCAMAEGogklACtKQPg9LugC9k_ACvreiogEAAKkeCQAAAAAAAAAAAAAAAAAAAIBylgQAAAAA"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAXG9IAAAAAAAAAPwsJAAAAAAAAAAAAAAA"
        "vhsSAAAAAAAAAAAA7KpLAAAAAAAAAAAAAAAAAAAAAJsLCQAAAAAAAAAAADjelAAAAAAAAAAAKjDMAQAA"
        "AACAZC8L2AEb"
    )
    assert unpacked(text) == bitmap(numbers, first=0).ljust(2**20 // 8, b"\0")


def test_any_program_can_read_which_tickets_are_void() -> None:
    """With a JWT library and the draft's own claims, which it requires."""
    text = signed()
    assert jwt.get_unverified_header(text) == {
        "alg": "EdDSA",
        "kid": KEY.kid,
        "typ": "statuslist+jwt",
    }
    key = jwt.PyJWK.from_dict(dict(KEY.public_jwk), "EdDSA")
    options: Any = {"verify_exp": False}
    claims = jwt.decode(text, key, algorithms=["EdDSA"], options=options)
    iat = int(NOON.timestamp())
    assert (claims["sub"], claims["iat"]) == ("/api/events/7/gate-list/", iat)
    assert (claims["exp"], claims["ttl"]) == (iat + 24 * 3600, 60)
    assert (claims["first"], claims["e"]) == (4709, 7)
    bits = unpacked(claims["status_list"]["lst"])
    assert claims["status_list"]["bits"] == 1
    assert [n + 4709 for n in range(8 * len(bits)) if bits[n // 8] >> n % 8 & 1] == LIST.void
    assert unpacked(claims["inside"]) == bytes([0, 2, 2, 1, 0xA1, 2, 0xAC, 2])


# --- reading back ---------------------------------------------------------------------------------

ids = st.integers(1, 10**6) | st.integers(2**40, 2**40 + 10**6)
lists = st.builds(
    lambda base, void, inside: GateList(
        event_id=7,
        void=sorted(base + each for each in void),
        inside=[(base + each, people) for each, people in sorted(inside.items())],
    ),
    st.sampled_from([0, 10**9, 2**52]),
    st.sets(st.integers(1, 50_000)),
    st.dictionaries(st.integers(1, 50_000), st.integers(1, 2**31)),
)


@settings(deadline=None, max_examples=50)
@given(lists)
def test_a_list_reads_back_unchanged(gate_list: GateList) -> None:
    """Whatever ids are void, and however many people are inside."""
    found = read(signed(gate_list))
    assert found == VerifiedGateList(gate_list=gate_list, made_at=NOON, ends_at=NOON + LIFETIME)


def test_an_old_list_is_still_read() -> None:
    """What its age means is for the gate to say: a guest stands there."""
    assert isinstance(read(signed(at=NOON - timedelta(days=999))), VerifiedGateList)
    assert isinstance(read(signed(at=datetime(2099, 1, 1, tzinfo=UTC))), VerifiedGateList)


def test_nothing_else_is_read() -> None:
    """A list of another key is unknown; one that was altered, or is of another kind, is forged."""
    text = signed()
    assert read(signed(key=OTHER)) == UnknownKey(OTHER.kid)
    header, payload, signature = text.split(".")
    altered = json.loads(base64.urlsafe_b64decode(payload + "=="))
    altered["status_list"]["lst"] = packed(b"\0")
    changed = base64.urlsafe_b64encode(json.dumps(altered).encode()).rstrip(b"=").decode()
    assert isinstance(read(f"{header}.{changed}.{signature}"), Forged)
    named_ours = f"{header}.{signed(key=OTHER).partition('.')[2]}"
    assert isinstance(read(named_ours), Forged)
    claims = jwt.decode(text, options={"verify_signature": False})
    for typ in (None, "JWT", "statuslist+cwt"):
        assert isinstance(read(KEY.sign(claims, typ=typ)), Forged), typ
    for wrong in (
        {"status_list": {"bits": 2, "lst": packed(b"\0")}},
        {"inside": packed(b"\1")},
        {"inside": "AAAA"},
        {"iat": float("inf")},
        {"first": None},
    ):
        assert isinstance(read(KEY.sign(claims | wrong, typ="statuslist+jwt")), Forged), wrong
    for strange in ("", "a.b.c", "\ud800", "4" * 4000):
        assert isinstance(read(strange), Forged)


def test_a_list_is_no_token_and_a_token_is_no_list() -> None:
    """Although one key signs both. A list with a token's claims is none either."""
    signer = JwsAdmission(key=KEY, public_key={KEY.kid: KEY.public_jwk}.get)
    token = signer.sign(CLAIMS)
    assert signer.read(token) == CLAIMS
    assert isinstance(read(token), Forged)
    assert isinstance(signer.read(signed()), Forged)
    both = jwt.decode(token, options={"verify_signature": False}) | jwt.decode(
        signed(), options={"verify_signature": False}
    )
    assert isinstance(signer.read(KEY.sign(both, typ="statuslist+jwt")), Forged)
    assert isinstance(read(KEY.sign(both)), Forged)


# --- fetching it again ----------------------------------------------------------------------------


def test_only_what_is_told_makes_another_etag() -> None:
    """The time does not, unless a device's list were nearly at its end."""
    begin = datetime.fromtimestamp(0, UTC) + RENEWED_AFTER * 40_000

    def etag(gate_list: GateList = LIST, at: datetime = begin, key: SigningKey = KEY) -> str:
        return sign_gate_list(gate_list, at, key=key).etag

    assert etag() == etag(at=begin + RENEWED_AFTER - timedelta(seconds=1))
    others = [
        etag(evolve(LIST, void=[4711])),
        etag(evolve(LIST, inside=[(4709, 1), (4711, 1), (5000, 300)])),
        etag(evolve(LIST, event_id=8)),
        etag(key=OTHER),
        etag(at=begin + RENEWED_AFTER),
    ]
    assert len({etag(), *others}) == 6


# --- size -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("void", [0.01, 0.03, 0.2])
def test_a_large_list_is_small(void: float) -> None:
    """Of 100,000 tickets, half of whose groups are inside, it has less than 100 kB."""
    random = Random(1)  # noqa: S311 - any numbers will do
    numbers = range(1_000_000, 1_100_000)
    gate_list = GateList(
        event_id=7,
        void=[each for each in numbers if random.random() < void],
        inside=[(each, random.randint(1, 4)) for each in numbers if random.random() < 0.5],
    )
    began = time.perf_counter()
    text = signed(gate_list)
    seconds = time.perf_counter() - began
    print(f"{void:.0%} void: {len(text) / 1000:.0f} kB in {seconds:.2f} s")  # noqa: T201 - `-s`
    assert len(text) < 100_000
    assert read(text).gate_list == gate_list
