"""The database's address: each odd part is named at start, and none of the password is shown."""

import os
from pathlib import Path

import pytest

from tests.integration.cli.test_settings import SECRET, load
from ticketing_adapters.sql import engine_for
from ticketing_service.settings import PREFIX, SettingsRefused


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Start each test in an empty folder and without settings."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def refusal(monkeypatch: pytest.MonkeyPatch, url: str) -> str:
    """Return what is said about the address, which is all that is wrong."""
    with pytest.raises(SettingsRefused) as caught:
        load(monkeypatch, jwt_secret=SECRET, database_url=url)
    [mistake] = caught.value.mistakes
    assert mistake.variable == f"{PREFIX}DATABASE_URL"
    return mistake.detail


@pytest.mark.parametrize(
    "password", ["hid@den", "hid@den:x", "hid@den/den", "hid@den?den=den", "@hidden", "hid@d@en"]
)
def test_a_password_that_is_not_encoded_is_told_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    """Read on, what follows the first @ would be the name of a host, a port or a parameter."""
    said = refusal(monkeypatch, f"postgresql://app:{password}@db/tickets")
    assert "percent-encode the password" in said
    assert "hid" not in said
    assert "den" not in said


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ("port=abc", "host or port"),
        ("port=99999", "host or port"),
        ("port=5432&port=5433", "host or port"),
        ("host=a..b", "host or port"),
        ("connect_timeout=abc", "whole number: connect_timeout"),
        ("keepalives=abc", "whole number: keepalives"),
        ("sslmode=wrong", "wrong value for the parameter sslmode"),
        ("target_session_attrs=any-one", "wrong value for the parameter target_session_attrs"),
        ("service=missing", "wrong value for the parameter service"),
        ("sslmode=", "wrong value for the parameter sslmode"),
        ("user=a&user=b", "the parameter user twice"),
        ("row_factory=x", "does not know: row_factory"),
        ("nonsense", "does not know: nonsense"),
        ("application_name=a%00b", "a NUL in application_name"),
    ],
)
def test_an_odd_parameter_is_named(
    monkeypatch: pytest.MonkeyPatch, parameters: str, said: str
) -> None:
    """Otherwise it would be a traceback, or look as if the database did not answer."""
    assert said in refusal(monkeypatch, f"postgresql://app:word@db/tickets?{parameters}")


@pytest.mark.parametrize("address", ["db:0", "db:99999", "db:x", "[::1", "a..b", "db:1,2"])
def test_an_impossible_host_or_port_is_named(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """None of them reaches the driver."""
    assert "host or port" in refusal(monkeypatch, f"postgresql://app:word@{address}/tickets")


@pytest.mark.parametrize(
    "url",
    [
        "postgres://app:hid%40den@db/tickets",
        "postgresql://app:pass/word?#:1@db:5433/tickets",
        "postgresql://app@[::1]/tickets?sslmode=require&connect_timeout=3&application_name=a%40b",
        "postgresql:///tickets?host=/var/run/postgresql",
        "postgresql://app@/tickets?host=a:1&host=b:2&target_session_attrs=read-write",
        "postgresql://app@db/tickets?options=-c%20work_mem%3D8MB&options=-c%20jit%3Doff",
    ],
)
def test_control_usual_addresses_are_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str
) -> None:
    """By the settings and by the engine, `postgres://` included, which many hosts hand out."""
    (tmp_path / "signing.pem").write_bytes(SIGNING_KEY)
    settings = load(
        monkeypatch, jwt_secret=SECRET, database_url=url, signing_key_file="signing.pem"
    )
    assert settings.sqlite_file is None
    engine_for(settings.database_url).dispose()


def test_the_file_of_sqlite_is_the_one_that_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """An encoded character stands for itself, in the settings as in the engine."""
    settings = load(monkeypatch, jwt_secret=SECRET, database_url="sqlite:///my%20tickets.db")
    assert settings.sqlite_file == Path("my tickets.db")
    assert engine_for(settings.database_url).url.database == "my tickets.db"


SIGNING_KEY = b"""-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF
-----END PRIVATE KEY-----
"""
