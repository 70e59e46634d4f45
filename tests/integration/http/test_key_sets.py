"""Key sets that are read again while the service runs: new keys count, and revoked ones do not."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from tests.integration.http.services import Service, claims
from tests.integration.http.tokens import ask, buyer_of, refused
from tests.support.counting_proxy import counting_proxy
from tests.support.issuer import Issuer, running_issuer
from ticketing_service import key_sets
from ticketing_service.http import AccessTokens
from ticketing_service.key_sets import KeySetRenewal, KeySetSource, KeySetUnreadable

OLD, NEW = ed25519.Ed25519PrivateKey.generate(), ed25519.Ed25519PrivateKey.generate()


def key_set(**keys: ed25519.Ed25519PrivateKey) -> bytes:
    """Return the public halves as a key set."""
    listed = [
        {"kid": kid, **OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)}
        for kid, key in keys.items()
    ]
    return json.dumps({"keys": listed}).encode()


def signed(key: ed25519.Ed25519PrivateKey, kid: str) -> str:
    """Return the header with a token that this key has signed."""
    return f"Bearer {jwt.encode(claims(), key, 'EdDSA', headers={'kid': kid})}"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """Give an issuer with the old key."""
    with running_issuer(key_set(old=OLD)) as running:
        yield running


@pytest.fixture(params=["address", "file"])
def place(request: pytest.FixtureRequest, issuer: Issuer, tmp_path: Path) -> Any:
    """Give an address or a path, and a function that puts a set there."""
    path = tmp_path / "keys.json"

    def put(body: bytes) -> None:
        issuer.body = body
        path.write_bytes(body)

    put(issuer.body)
    return (issuer.url if request.param == "address" else str(path)), put


def serving(place: str) -> tuple[Service, KeySetRenewal]:
    """Return a service with the keys of a set, and what renews them."""
    source = KeySetSource(place)
    access = AccessTokens(algorithm="EdDSA", jwks=source.read())
    return Service(access=access), KeySetRenewal(access, source)


def test_a_new_key_counts_and_a_revoked_one_does_not(place: Any) -> None:
    """After the next look, in a service that goes on running."""
    where, put = place
    service, renewal = serving(where)
    assert buyer_of(service, signed(OLD, "old")) == "42"
    put(key_set(old=OLD, new=NEW))
    refused(ask(service, signed(NEW, "new")))
    renewal.run_once()
    assert buyer_of(service, signed(OLD, "old")) == "42"
    assert buyer_of(service, signed(NEW, "new")) == "42"
    put(key_set(new=NEW))
    renewal.run_once()
    refused(ask(service, signed(OLD, "old")))
    assert buyer_of(service, signed(NEW, "new")) == "42"


def test_a_set_without_keys_refuses_all(place: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The issuer has said so; the log says why nobody can buy."""
    where, put = place
    service, renewal = serving(where)
    put(b'{"keys": []}')
    renewal.run_once()
    refused(ask(service, signed(OLD, "old")))
    assert "has no key for EdDSA" in caplog.text


SPOILT = {
    "nothing": b"",
    "a page": b"<html>Sorry</html>",
    "no set": b"[]",
    "half a set": key_set(old=OLD)[:-20],
    "too large": b" " * (key_sets.LARGEST_SET + 1),
    "not UTF-8": b"\xff\xfe",
    "nested": b"[" * 100_000,
}


@pytest.mark.parametrize("body", SPOILT.values(), ids=SPOILT)
def test_what_is_no_set_keeps_the_last_keys(
    place: Any, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    """A failure of the issuer is not ours."""
    where, put = place
    service, renewal = serving(where)
    put(body)
    renewal.run_once()
    assert buyer_of(service, signed(OLD, "old")) == "42"
    assert "stay as they were" in caplog.text


@pytest.mark.parametrize("status", [301, 404, 429, 500, 503])
def test_an_error_keeps_the_last_keys(issuer: Issuer, status: int) -> None:
    """A redirect as well: it is not followed, since it could lead to another issuer."""
    service, renewal = serving(issuer.url)
    with running_issuer(key_set(new=NEW)) as other:
        issuer.status, issuer.location = status, other.url
        issuer.body = key_set(new=NEW)
        renewal.run_once()
        assert not other.asked.is_set()
    assert buyer_of(service, signed(OLD, "old")) == "42"
    refused(ask(service, signed(NEW, "new")))


def test_a_silent_issuer_keeps_the_last_keys_and_no_buyer_waits(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a look waits for it, tokens are checked; then the look gives up, and the next works."""
    service, renewal = serving(issuer.url)
    issuer.asked.clear()
    issuer.may_answer.clear()
    monkeypatch.setattr(key_sets, "ANSWER_SECONDS", 1.0)
    look = threading.Thread(target=renewal.run_once)
    look.start()
    assert issuer.asked.wait(10)
    assert buyer_of(service, signed(OLD, "old")) == "42"
    look.join()
    issuer.body = key_set(new=NEW)
    issuer.may_answer.set()
    renewal.run_once()
    assert buyer_of(service, signed(NEW, "new")) == "42"


def test_a_key_that_must_not_be_used_keeps_the_last_keys(issuer: Issuer) -> None:
    """If it is the only one that fits: a private key is nobody's."""
    service, renewal = serving(issuer.url)
    private = {"kid": "private", **OKPAlgorithm.to_jwk(NEW, as_dict=True)}
    issuer.body = json.dumps({"keys": [private]}).encode()
    renewal.run_once()
    assert buyer_of(service, signed(OLD, "old")) == "42"
    refused(ask(service, signed(NEW, "private")))


SMALL_RSA = rsa.generate_private_key(65537, 1024)  # noqa: S505 - the point
RSA = rsa.generate_private_key(65537, 2048)
P256 = ec.generate_private_key(ec.SECP256R1())


def jwk(key: Any) -> dict[str, Any]:
    """Return the public half of an RSA or a P-256 key as a JSON Web Key."""
    kind = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    return dict(kind.to_jwk(key.public_key(), as_dict=True))


IGNORED: dict[str, tuple[str, Any, Any]] = {
    "null": ("ES256", P256, None),
    "text": ("ES256", P256, "key"),
    "a shared secret": ("ES256", P256, {"kty": "oct", "k": "AAAA"}),
    "a private key of another kind": ("ES256", P256, jwk(RSA) | {"d": "AAAA"}),
    "short RSA for another algorithm": ("ES256", P256, jwk(SMALL_RSA)),
    "an unknown kind": ("ES256", P256, {"kty": "new"}),
    "no point of the curve": ("ES256", P256, jwk(P256) | {"x": jwk(P256)["y"]}),
}
LEFT_OUT: dict[str, tuple[str, Any, Any]] = {
    "private": ("ES256", P256, jwk(P256) | {"d": "AAAA"}),
    "short RSA": ("RS256", RSA, jwk(SMALL_RSA)),
}


def with_odd(odd: Any, *, key: Any) -> bytes:
    """Return a set of a new key and the odd entry."""
    named = {"kid": "odd", **odd} if isinstance(odd, dict) else odd
    return json.dumps({"keys": [named, {"kid": "new", **jwk(key)}]}).encode()


@pytest.mark.parametrize(
    ("algorithm", "key", "odd"), [*IGNORED.values(), *LEFT_OUT.values()], ids=[*IGNORED, *LEFT_OUT]
)
def test_an_odd_key_keeps_no_revoked_key_alive(
    issuer: Issuer,
    caplog: pytest.LogCaptureFixture,
    algorithm: str,
    key: Any,
    odd: Any,
) -> None:
    """The rest of the set counts. An odd key that fits the algorithm is logged, once."""
    access = AccessTokens(algorithm=algorithm, jwks={"old": jwk(key)})
    renewal = KeySetRenewal(access, KeySetSource(issuer.url))
    issuer.body = with_odd(odd, key=key)
    for _ in range(2):
        renewal.run_once()
        assert [bool(access.keys(kid)) for kid in ("old", "new", "odd")] == [False, True, False]
    fits = (algorithm, key, odd) in LEFT_OUT.values()
    assert caplog.text.count("the key odd") == fits
    assert renewal.degraded() == []
    # The log has it again after a change.
    issuer.body = json.dumps({"keys": [{"kid": "new", **jwk(key)}]}).encode()
    renewal.run_once()
    issuer.body = with_odd(odd, key=key)
    renewal.run_once()
    assert caplog.text.count("the key odd") == 2 * fits


def test_control_a_set_that_is_refused_as_a_whole_keeps_the_revoked_key(issuer: Issuer) -> None:
    """It is what the test above would find."""

    class Whole(AccessTokens):
        def renew(self, jwks: Any) -> Any:
            AccessTokens(algorithm=self.algorithm, jwks=jwks)
            return super().renew(jwks)

    for algorithm, key, odd in LEFT_OUT.values():
        access = Whole(algorithm=algorithm, jwks={"old": jwk(key)})
        issuer.body = with_odd(odd, key=key)
        KeySetRenewal(access, KeySetSource(issuer.url)).run_once()
        assert [bool(access.keys(kid)) for kid in ("old", "new")] == [True, False]


def test_a_start_ignores_what_does_not_fit_and_names_what_must_not_be_used(issuer: Issuer) -> None:
    """Somebody is there to mend it."""
    for algorithm, key, odd in IGNORED.values():
        issuer.body = with_odd(odd, key=key)
        access = AccessTokens(algorithm=algorithm, jwks=KeySetSource(issuer.url).read())
        assert access.keys("new")
    for algorithm, key, odd in LEFT_OUT.values():
        issuer.body = with_odd(odd, key=key)
        with pytest.raises(ValueError, match="the key odd"):
            AccessTokens(algorithm=algorithm, jwks=KeySetSource(issuer.url).read())


def test_the_thread_looks_again_and_again(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    """By itself, and after a bug in one look."""
    monkeypatch.setattr(key_sets, "PAUSE_SECONDS", 0.01)
    source = KeySetSource(issuer.url)
    looked, may_end = threading.Semaphore(0), threading.Event()
    access = AccessTokens(algorithm="EdDSA", jwks=source.read())

    class Failing(KeySetRenewal):
        def run_once(self) -> None:
            if may_end.is_set():
                # Not into the log of other tests.
                threading.Event().wait()
            looked.release()
            raise RuntimeError

    Failing(access, source).start()
    assert all(looked.acquire(timeout=10) for _ in range(3))
    may_end.set()


def test_a_change_counts_within_a_minute() -> None:
    """A pause, and a look that barely succeeds."""
    assert key_sets.PAUSE_SECONDS + 2 * key_sets.ANSWER_SECONDS <= 60


def test_a_worker_starts_while_the_issuer_is_silent(issuer: Issuer) -> None:
    """With what the process that it was forked from has read. Others have nothing to go on."""
    source = KeySetSource(issuer.url)
    source.read()
    issuer.status = 503
    with pytest.raises(KeySetUnreadable, match="HTTP 503"):
        source.read()
    assert set(source.last_read() or ()) == {"old"}
    assert KeySetSource(f"{issuer.url}&b").last_read() is None


def test_an_issuer_on_this_machine_is_asked_past_the_proxy(
    issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any other is asked through it."""
    with counting_proxy(tmp_path) as proxy:
        for name, text in proxy.variables.items():
            monkeypatch.setenv(name, text)
        assert set(KeySetSource(issuer.url).read()) == {"old"}
        assert proxy.asked() == []
        with pytest.raises(KeySetUnreadable, match="HTTP 502"):
            KeySetSource("http://login.example/keys").read()
        assert proxy.asked() == ["GET http://login.example/keys"]


def test_control_without_a_renewal_nothing_changes(issuer: Issuer) -> None:
    """It is the renewal that takes the new set."""
    service, _ = serving(issuer.url)
    issuer.body = key_set(new=NEW)
    assert buyer_of(service, signed(OLD, "old")) == "42"
    refused(ask(service, signed(NEW, "new")))
