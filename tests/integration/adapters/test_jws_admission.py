"""Admission tokens: the contract, and how another JWT library reads them."""

import base64
import errno
import fcntl
import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, BrokenBarrierError
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import OKPKey

from ticketing_adapters.jws_admission import JwsAdmission, SigningKey
from ticketing_core.ports import AdmissionSigner
from ticketing_core.signature import Forged, UnknownKey
from ticketing_core.testing import AdmissionSignerContract
from ticketing_core.testing.contracts.admission import CLAIMS


def signer_of(key: SigningKey, *others: SigningKey) -> JwsAdmission:
    """Return the signer of an installation that has used these keys."""
    used = {each.kid: each.public_jwk for each in (key, *others)}
    return JwsAdmission(key=key, public_key=used.get)


class TestJwsAdmission(AdmissionSignerContract):
    """Ed25519 signatures."""

    def make_signer(self) -> AdmissionSigner:
        """See the suite."""
        return signer_of(SigningKey.generate())

    make_stranger = make_signer


# RFC 9864 prefers the newer name Ed25519, which few libraries know yet; all of them read EdDSA.
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_another_jwt_library_verifies_a_token_with_the_published_key() -> None:
    """It needs only the JWK and the compact form."""
    key = SigningKey.generate()
    token = signer_of(key).sign(CLAIMS)
    published = OKPKey.import_key({**key.public_jwk, "kid": key.kid})
    decoded = joserfc_jwt.decode(token, published, algorithms=["EdDSA"])
    assert decoded.header == {"alg": "EdDSA", "kid": key.kid}
    assert (decoded.claims["t"], decoded.claims["e"], decoded.claims["q"]) == (
        CLAIMS.ticket_id,
        CLAIMS.event_id,
        CLAIMS.quantity,
    )


def test_a_token_is_what_a_jwt_library_would_write(tmp_path: Path) -> None:
    """It is equal, because Ed25519 signatures are deterministic."""
    path = tmp_path / "key.pem"
    SigningKey.generate().save_new(path)
    key = SigningKey.load(path)
    token = signer_of(key).sign(CLAIMS)
    public = jwt.PyJWK.from_dict(dict(key.public_jwk), "EdDSA")
    claims = jwt.decode(token, public, algorithms=["EdDSA"])
    assert UUID(bytes=base64.urlsafe_b64decode(claims["c"] + "==")) == CLAIMS.ticket_code
    headers = {"kid": key.kid, "typ": None}
    assert token == jwt.encode(claims, path.read_text(), "EdDSA", headers=headers)


def test_tokens_of_earlier_keys_are_still_read() -> None:
    """A key that was replaced is looked up among all stored keys."""
    old, new = SigningKey.generate(), SigningKey.generate()
    token = signer_of(old).sign(CLAIMS)
    assert signer_of(new, old).read(token) == CLAIMS
    assert signer_of(new).read(token) == UnknownKey(old.kid)


def test_tokens_of_a_revoked_key_are_not_read() -> None:
    """From the moment it is revoked, also those that were read before and its own signer's."""
    old, new = SigningKey.generate(), SigningKey.generate()
    counting = {old.kid: old.public_jwk, new.kid: new.public_jwk}
    signers = [JwsAdmission(key=key, public_key=counting.get) for key in (old, new)]
    token = signers[0].sign(CLAIMS)
    assert [signer.read(token) for signer in signers] == [CLAIMS, CLAIMS]
    del counting[old.kid]
    unknown = UnknownKey(old.kid)
    assert [signer.read(token) for signer in signers] == [unknown, unknown]
    assert signers[0].read(signers[1].sign(CLAIMS)) == CLAIMS


def test_a_token_of_a_stranger_is_not_read() -> None:
    """It is forged if its header names the installation's key."""
    ours, theirs = SigningKey.generate(), SigningKey.generate()
    signer, stranger = signer_of(ours), signer_of(theirs)
    header = signer.sign(CLAIMS).split(".")[0]
    body = stranger.sign(CLAIMS).split(".", 1)[1]
    assert signer.read(stranger.sign(CLAIMS)) == UnknownKey(theirs.kid)
    assert isinstance(signer.read(f"{header}.{body}"), Forged)


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_the_header_does_not_choose_the_algorithm(algorithm: str) -> None:
    """Neither "no signature" nor the public key as an HMAC secret (RFC 8725, 3.1)."""
    key = SigningKey.generate()
    signer = signer_of(key)
    _, payload, signature = signer.sign(CLAIMS).split(".")
    header = base64.urlsafe_b64encode(
        json.dumps({"alg": algorithm, "kid": key.kid}).encode()
    ).decode()
    for end in ("", signature):
        assert isinstance(signer.read(f"{header.rstrip('=')}.{payload}.{end}"), Forged)


def test_only_a_token_of_this_form_can_have_an_unknown_key() -> None:
    """Another algorithm, name, header, claim or signature shows that another program made it."""
    theirs = SigningKey.generate()
    signer = signer_of(SigningKey.generate())
    header, payload, signature = signer_of(theirs).sign(CLAIMS).split(".")
    assert signer.read(f"{header}.{payload}.{signature}") == UnknownKey(theirs.kid)
    headers: list[dict[str, object]] = [
        {"alg": "HS256", "kid": theirs.kid},
        {"alg": "EdDSA", "kid": "their key"},
        {"alg": "EdDSA", "kid": "\ud800" * 8},
        {"alg": "EdDSA", "kid": 4711},
        {"alg": "EdDSA", "kid": theirs.kid, "typ": "statuslist+jwt"},
        {"alg": "EdDSA"},
    ]
    for each in headers:
        assert isinstance(signer.read(f"{encoded(each)}.{payload}.{signature}"), Forged), each
    claims: list[object] = [{}, [], {"c": "YQ", "t": 1, "e": 1, "q": 1}, {"t": float("inf")}]
    for claim in claims:
        assert isinstance(signer.read(f"{header}.{encoded(claim)}.{signature}"), Forged), claim
    for end in ("", "YQ", signature + "YQ"):
        assert isinstance(signer.read(f"{header}.{payload}.{end}"), Forged), end


def encoded(value: object) -> str:
    """Return the value as one part of a token."""
    text = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def no_links(*_: object) -> None:
    """Refuse to make a hard link, as FAT and many shared folders do."""
    raise PermissionError(errno.EPERM, "Operation not permitted")


@pytest.mark.parametrize("disk", ["with hard links", "without"])
def test_a_key_is_written_once_and_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, disk: str
) -> None:
    """Of many processes that start together one writes, and all read the same key."""
    path = tmp_path / "signing.pem"
    if disk == "without":
        monkeypatch.setattr(os, "link", no_links)

    def start(_: int) -> tuple[bool, str]:
        wrote = SigningKey.generate().save_new(path)
        return wrote, SigningKey.load(path).kid

    with ThreadPoolExecutor(8) as pool:
        started = list(pool.map(start, range(8)))
    assert sum(wrote for wrote, _ in started) == 1
    assert len({kid for _, kid in started}) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_control_without_the_lock_two_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there are no hard links, looking whether the name is free needs a lock."""
    monkeypatch.setattr(os, "link", no_links)
    path, exists = tmp_path / "signing.pem", Path.exists
    both = Barrier(2)
    patience = 0.5

    def meet(asked: Path) -> bool:
        found = exists(asked)
        # Others may ask for other files meanwhile, such as pytest.
        if asked == path:
            both.wait(patience)
        return found

    def write(_: int) -> bool:
        return SigningKey.generate().save_new(path)

    monkeypatch.setattr(Path, "exists", meet)
    # One has the lock and waits for the other, which waits for the lock.
    with pytest.raises(BrokenBarrierError), ThreadPoolExecutor(2) as pool:
        list(pool.map(write, range(2)))
    both.reset()
    patience = 30.0
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(write, range(2))) == [True, True]


def test_a_disk_that_takes_no_file_is_told(tmp_path: Path) -> None:
    """An error that is not about links stays what it is."""
    with pytest.raises(OSError, match="No such file"):
        SigningKey.generate().save_new(tmp_path / "missing" / "signing.pem")


def test_a_file_that_holds_no_such_key_says_so(tmp_path: Path) -> None:
    """Garbage, another kind of key, and an encrypted key are refused."""
    other = ec.generate_private_key(ec.SECP256R1())
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    plain = other.private_bytes(pem, pkcs8, serialization.NoEncryption())
    locked = other.private_bytes(pem, pkcs8, serialization.BestAvailableEncryption(b"secret"))
    for content in (b"garbage", plain, locked):
        path = tmp_path / "key.pem"
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"."):
            SigningKey.load(path)


def test_a_key_never_shows_in_text() -> None:
    """Logs and errors may show the object."""
    assert repr(SigningKey.generate()) == "SigningKey()"


def test_a_secret_for_another_purpose_is_derived(tmp_path: Path) -> None:
    """All processes with the key have it, and no other key or purpose leads to it."""
    key, path = SigningKey.generate(), tmp_path / "key.pem"
    key.save_new(path)
    secret = key.derived("a purpose")
    assert SigningKey.load(path).derived("a purpose") == secret
    assert len({secret, key.derived("another"), SigningKey.generate().derived("a purpose")}) == 3
