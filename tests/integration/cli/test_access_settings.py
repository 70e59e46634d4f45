"""The settings of access tokens, as the commands use them."""

import json
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.integration.cli.commands import Run, printed
from tests.integration.cli.keys import public_pem
from tests.integration.cli.processes import SECRET
from ticketing_service.settings import PREFIX

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
