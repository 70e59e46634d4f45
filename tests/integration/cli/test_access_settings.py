"""The settings of access tokens, as the commands use them."""

import json
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.integration.cli.commands import Run, printed
from tests.integration.cli.keys import public_pem
from tests.integration.cli.processes import SECRET
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
