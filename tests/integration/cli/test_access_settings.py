"""The settings of access tokens, as the commands use them."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.integration.cli.commands import Run, printed
from tests.integration.cli.keys import public_pem
from tests.integration.cli.processes import SECRET, answers, call, environment, wait_until
from tests.support.issuer import running_issuer
from tests.support.ports import free_ports
from ticketing_service import wsgi
from ticketing_service.access import AccessTokens
from ticketing_service.background import Background
from ticketing_service.http import readiness
from ticketing_service.key_sets import KeySetRenewal, KeySetSource
from ticketing_service.settings import PREFIX, SettingsRefused, load_settings

RSA = rsa.generate_private_key(65537, 2048)


def test_a_development_token_has_what_is_demanded(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the service would refuse it."""
    monkeypatch.setenv(f"{PREFIX}JWT_ISSUER", "https://login.example/")
    monkeypatch.setenv(f"{PREFIX}JWT_AUDIENCE", "tickets")
    made = printed(run("token", "--user", "42", "--json"))["access_token"]
    claims = jwt.decode(
        made, SECRET, ["HS256"], audience="tickets", issuer="https://login.example/"
    )
    assert claims["sub"] == "42"


@pytest.fixture
def public_key(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give the file of a public key that the settings name instead of a secret."""
    del run
    path = tmp_path / "issuer.pem"
    path.write_bytes(public_pem(RSA))
    monkeypatch.delenv(f"{PREFIX}JWT_SECRET")
    monkeypatch.setenv(f"{PREFIX}JWT_PUBLIC_KEY_FILE", str(path))
    monkeypatch.setenv(f"{PREFIX}JWT_ALGORITHM", "RS256")
    return path


def about_tokens(run: Run) -> list[tuple[str, str]]:
    """Return level and detail of what the doctor says about access tokens."""
    checks: Any = json.loads(run("doctor", "--json").stdout)["checks"]
    return [(c["level"], c["detail"]) for c in checks if c["check"] == "access tokens"]


@pytest.mark.usefixtures("public_key")
def test_tokens_for_others_are_warned_of(migrated: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An issuer with a public key makes tokens for many; each demand that is missing is named."""
    [(level, detail)] = about_tokens(migrated)
    assert level == "warning"
    assert f"{PREFIX}JWT_ISSUER, {PREFIX}JWT_AUDIENCE" in detail
    monkeypatch.setenv(f"{PREFIX}JWT_ISSUER", "https://login.example/")
    monkeypatch.setenv(f"{PREFIX}JWT_AUDIENCE", "tickets")
    assert about_tokens(migrated) == [("ok", "https://login.example/ makes them for tickets.")]


def test_control_a_shared_secret_is_for_this_service(migrated: Run) -> None:
    """Nothing is said about it."""
    assert about_tokens(migrated) == []


def test_two_secrets(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens are made with the new one; the old one alone, or as a second kind of key, is named."""
    monkeypatch.setenv(f"{PREFIX}JWT_OLD_SECRET", "o" * 32)
    made = printed(run("token", "--user", "42", "--json"))["access_token"]
    assert jwt.decode(made, SECRET, ["HS256"])["sub"] == "42"
    monkeypatch.delenv(f"{PREFIX}JWT_SECRET")
    assert f"{PREFIX}JWT_OLD_SECRET needs {PREFIX}JWT_SECRET" in run("token", "--user", "1").stderr


def test_the_claim_of_events(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Naming it demands it, also by its default name. It cannot be another claim's name."""
    del run

    def read() -> tuple[str, bool]:
        access = load_settings(access=True).access
        assert access is not None
        return access.events_claim, access.events_required

    assert read() == ("events", False)
    for name in ("events", "shop.events"):
        monkeypatch.setenv(f"{PREFIX}JWT_EVENTS_CLAIM", name)
        assert read() == (name, True)
    monkeypatch.setenv(f"{PREFIX}JWT_ROLES_CLAIM", "shop.events")
    with pytest.raises(SettingsRefused, match=f"EVENTS_CLAIM is the claim of {PREFIX}JWT_ROLES"):
        read()
    monkeypatch.setenv(f"{PREFIX}JWT_EVENTS_CLAIM", "sub")
    with pytest.raises(SettingsRefused, match=f"EVENTS_CLAIM is the claim of {PREFIX}JWT_IDENTITY"):
        read()


@pytest.mark.parametrize("begins", ["", "\ufeff"], ids=["plain", "byte order mark"])
def test_a_key_set_as_editors_save_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, begins: str
) -> None:
    """With a byte order mark, and with one key that has no name."""
    del run
    monkeypatch.delenv(f"{PREFIX}JWT_SECRET")
    key = RSAAlgorithm.to_jwk(RSA.public_key(), as_dict=True)
    path = tmp_path / "keys.json"
    monkeypatch.setenv(f"{PREFIX}JWT_JWKS_FILE", str(path))
    monkeypatch.setenv(f"{PREFIX}JWT_ALGORITHM", "RS256")
    path.write_text(begins + json.dumps({"keys": [key]}), encoding="utf-8")
    access = load_settings(access=True).access
    assert access is not None
    assert len(access.keys(None)) == 1
    path.write_text(json.dumps({"keys": [key, key]}))
    with pytest.raises(SettingsRefused, match="several keys without a kid"):
        load_settings(access=True)


OTHER_RSA = rsa.generate_private_key(65537, 2048)
REALM = "https://login.example/realms/shop"


def realm_keys(**keys: rsa.RSAPrivateKey) -> bytes:
    """Return public keys as Keycloak publishes them."""
    listed = [
        RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        | {"kid": kid, "use": "sig", "alg": "RS256"}
        for kid, key in keys.items()
    ]
    return json.dumps({"keys": listed}).encode()


def realm_token(kid: str, key: rsa.RSAPrivateKey, **changes: Any) -> str:
    """Return an access token of an organizer as Keycloak makes it."""
    claims = {
        "exp": datetime.now(UTC) + timedelta(minutes=5),
        "iss": REALM,
        "aud": ["tickets", "account"],
        "sub": "f0a1",
        "typ": "Bearer",
        "azp": "shop",
        "realm_access": {"roles": ["offline_access", "organizer"]},
        "scope": "openid profile email",
    }
    return jwt.encode(claims | changes, key, "RS256", headers={"kid": kid})


SERVE = """
from ticketing_service import key_sets
key_sets.PAUSE_SECONDS = 0.05
from ticketing_service.cli import main
main()
"""


def test_the_settings_for_keycloak(tmp_path: Path) -> None:
    """As the documentation has them, in a real process that takes a new key while it runs."""
    (port,) = free_ports(1)
    with running_issuer(realm_keys(first=RSA)) as issuer:
        env = environment(
            jwt_jwks_url=issuer.url,
            jwt_algorithm="RS256",
            jwt_issuer=REALM,
            jwt_audience="tickets",
            jwt_roles_claim="realm_access.roles",
        )
        serve = [sys.executable, "-c", SERVE, "serve", "--port", str(port)]
        with subprocess.Popen(serve, env=env, cwd=tmp_path, stderr=subprocess.DEVNULL) as process:
            try:
                api = f"http://127.0.0.1:{port}/api"
                wait_until(lambda: answers(f"{api}/events/"), what="the service serves")

                def status(token: str) -> int:
                    # 404 for an organizer: there is no such ticket.
                    code, _ = call(f"{api}/payments/refund/", token=token, body={"ticket_id": 9})
                    return code

                first, second = realm_token("first", RSA), realm_token("second", OTHER_RSA)
                assert status(first) == 404
                assert status(realm_token("first", RSA, realm_access={"roles": []})) == 403
                assert status(realm_token("first", RSA, aud="account")) == 401
                assert status(realm_token("first", RSA, iss="https://elsewhere.example")) == 401
                assert status(realm_token("first", RSA, typ="ID")) == 401
                assert status(second) == 401
                issuer.body = realm_keys(second=OTHER_RSA)
                wait_until(lambda: status(second) == 404, what="the new key counts")
                assert status(first) == 401
            finally:
                process.terminate()
                process.wait(30)


def test_a_key_set_that_cannot_be_used_shows_in_readyz(
    migrated: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last keys stay, revoked ones too: a monitor has to know. One failed look is nothing."""
    del migrated
    made: list[KeySetRenewal] = []

    def noted(access: AccessTokens, source: KeySetSource) -> KeySetRenewal:
        made.append(KeySetRenewal(access, source))
        return made[-1]

    monkeypatch.setattr(wsgi, "KeySetRenewal", noted)
    # The test looks itself.
    monkeypatch.setattr(Background, "start", lambda _: None)
    monkeypatch.setattr(readiness, "MAX_AGE_SECONDS", 0)
    monkeypatch.delenv(f"{PREFIX}JWT_SECRET")
    monkeypatch.setenv(f"{PREFIX}JWT_ALGORITHM", "RS256")
    private = RSAAlgorithm.to_jwk(OTHER_RSA, as_dict=True) | {"kid": "second"}
    with running_issuer(realm_keys(first=RSA)) as issuer:
        monkeypatch.setenv(f"{PREFIX}JWT_JWKS_URL", issuer.url)
        client = wsgi.application(degraded=["Something else."]).test_client()
        (renewal,) = made

        def degraded_after_a_look(body: bytes) -> list[str]:
            issuer.body = body
            renewal.run_once()
            answer = client.get("/readyz")
            assert answer.status_code == 200
            return list(answer.get_json()["degraded"])

        for spoilt in (b"<html>Sorry</html>", json.dumps({"keys": [private]}).encode()):
            assert degraded_after_a_look(spoilt) == ["Something else."]
            shown = degraded_after_a_look(spoilt)
            assert shown == ["Something else.", *renewal.degraded()]
            assert "key set cannot be used" in shown[1]
            assert degraded_after_a_look(realm_keys(second=OTHER_RSA)) == ["Something else."]


def test_an_address_without_a_key_set_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A start that could check no token fails, and says what the issuer answers."""
    monkeypatch.delenv(f"{PREFIX}JWT_SECRET")
    monkeypatch.setenv(f"{PREFIX}JWT_ALGORITHM", "RS256")
    with running_issuer(b"<html>Sorry</html>") as issuer:
        for status, said in ((200, "it is not a key set"), (404, "the answer is HTTP 404")):
            issuer.status = status
            monkeypatch.setenv(f"{PREFIX}JWT_JWKS_URL", issuer.url)
            told = run("token", "--user", "1").stderr
            assert f"{PREFIX}JWT_JWKS_URL names {issuer.url}: {said}" in told
    for wrong in ("login.example/keys", "http://user:hidden@login.example/keys"):
        monkeypatch.setenv(f"{PREFIX}JWT_JWKS_URL", wrong)
        told = run("token", "--user", "1").stderr
        assert f"{PREFIX}JWT_JWKS_URL must be an http or https address without a password" in told
        assert "hidden" not in told
    monkeypatch.delenv(f"{PREFIX}JWT_JWKS_URL")
    monkeypatch.setenv(f"{PREFIX}JWT_JWKS_FILE", "https://login.example/keys")
    assert f"set {PREFIX}JWT_JWKS_URL instead" in run("token", "--user", "1").stderr
