"""Settings: everything missing or wrong is listed at once, by the name of its variable."""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from joserfc.jwk import OKPKey

from tests.integration.cli.keys import private_pem, public_pem
from ticketing_service.settings import PREFIX, Settings, SettingsRefused, load_settings

SECRET = "x" * 32


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Start each test in an empty folder and without settings."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def load(monkeypatch: pytest.MonkeyPatch, **texts: str) -> Settings:
    """Load the settings of a service, with these variables set."""
    for name, text in texts.items():
        monkeypatch.setenv(PREFIX + name.upper(), text)
    return load_settings(access=True, signing_key=True)


def refused(monkeypatch: pytest.MonkeyPatch, **texts: str) -> list[str]:
    """Return the variables that are listed as missing or wrong, without the prefix."""
    with pytest.raises(SettingsRefused) as caught:
        load(monkeypatch, **texts)
    return [mistake.variable.removeprefix(PREFIX) for mistake in caught.value.mistakes]


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """With only a secret set, the defaults are those of docs/settings.md."""
    settings = load(monkeypatch, jwt_secret=SECRET)
    assert settings.database_url == "sqlite:///ticketing.db"
    assert settings.sqlite_file == Path("ticketing.db")
    assert settings.signing_key_file == Path("ticketing.signing.pem")
    assert settings.frontend_url == "http://localhost:5173"
    assert settings.hold == timedelta(minutes=35)
    assert settings.trusted_proxies == 0
    assert settings.stripe_secret_key is None
    assert settings.stripe_webhook_secret is None
    assert settings.stripe_api_base is None
    assert settings.access is not None
    assert settings.access.algorithm == "HS256"
    assert settings.access.identity_claim == "sub"
    assert settings.access.roles_claim == "roles"


def test_everything_wrong_is_listed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One start lists all mistakes, including those between settings."""
    listed = refused(
        monkeypatch,
        database_url="mysql://root:geheim@db/tickets",
        stripe_secret_key="pk_test_1",
        stripe_webhook_secret="secret",
        stripe_api_base="ftp://x",
        frontend_url="localhost:5173",
        hold_minutes="2000",
        jwt_algorithm="none",
        jwt_secret=SECRET,
        jwt_jwks_file="missing.json",
        signing_key_file="nowhere/key.pem",
    )
    assert set(listed) == {
        "DATABASE_URL",
        "STRIPE_SECRET_KEY",
        "STRIPE_WEBHOOK_SECRET",
        "STRIPE_API_BASE",
        "FRONTEND_URL",
        "HOLD_MINUTES",
        "JWT_ALGORITHM",
        "JWT_JWKS_FILE",
        "SIGNING_KEY_FILE",
    }


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("DATABASE_URI", "DATABASE_URL"),
        ("STRIPE_SECRETKEY", "STRIPE_SECRET_KEY"),
        ("HOLD_MINUTE", "HOLD_MINUTES"),
    ],
)
def test_a_misspelt_setting_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    """Otherwise the default would silently replace its value."""
    with pytest.raises(
        SettingsRefused, match=f"{name} is not a setting; did you mean {PREFIX}{meant}"
    ):
        load(monkeypatch, **{name.lower(): "x", "jwt_secret": SECRET})


@pytest.mark.parametrize(
    "name", ["PORT", "SERVICE_HOST", "PORT_8000_TCP_ADDR", "TEST_DATABASE_URL"]
)
def test_variables_of_others_are_left_alone(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Kubernetes sets some for every service, and tests have their own."""
    assert load(monkeypatch, **{name.lower(): "x", "jwt_secret": SECRET}).access is not None


def test_a_secret_too_short_for_any_algorithm_is_listed_beside_a_wrong_algorithm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One start lists both."""
    listed = refused(monkeypatch, jwt_algorithm="none", jwt_secret="short")
    assert listed == ["JWT_ALGORITHM", "JWT_SECRET"]


def test_without_settings_only_the_key_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything but a key for access tokens has a default."""
    with pytest.raises(SettingsRefused, match="TICKETING_JWT_SECRET is not set") as caught:
        load(monkeypatch)
    assert "TICKETING_JWT_PUBLIC_KEY_FILE" in str(caught.value)
    assert "TICKETING_JWT_JWKS_FILE" in str(caught.value)
    assert len(caught.value.mistakes) == 1


def test_commands_on_the_database_need_no_keys() -> None:
    """A command that neither checks nor signs tokens needs no settings."""
    settings = load_settings()
    assert settings.access is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("database_url", "postgresql:nonsense"),
        ("database_url", "postgresql://user:word@host:port/tickets"),
        ("database_url", "postgresql://[::1/tickets"),
        ("database_url", "postgresql://db/tickets?sslmode=require&nonsense=1"),
        ("database_url", "sqlite://"),
        ("database_url", "sqlite:///ticketing.db?nonsense=1"),
        ("database_url", "sqlite:///:memory:"),
        ("database_url", "sqlite:///missing-folder/x.db"),
        ("stripe_secret_key", "sk_test_ with blanks"),
        ("stripe_secret_key", "whsec_1"),
        ("stripe_webhook_secret", "whsec_1"),
        ("stripe_api_base", "http://host:99999"),
        ("stripe_api_base", "http://[half"),
        ("frontend_url", "http://"),
        ("frontend_url", "javascript:alert(1)"),
        ("frontend_url", "http://localhost:5173/?next=1"),
        ("frontend_url", "http://localhost:5173/#top"),
        ("frontend_url", "http://user@localhost"),
        ("frontend_url", "http://local host"),
        ("jwt_old_secret", "x" * 31),
        ("cors_origins", "*"),
        ("cors_origins", "https://*.shop.example"),
        ("cors_origins", "https://www.shop.example/app"),
        ("cors_origins", "https://www.shop.example,shop.example"),
        ("cors_origins", "https://www.shop.example,"),
        ("cors_origins", "null"),
        ("cors_origins", "https://a.example https://b.example"),
        ("hold_minutes", "0"),
        ("hold_minutes", "1381"),
        ("hold_minutes", "-1"),
        ("hold_minutes", "35.0"),
        ("hold_minutes", "9" * 5000),
        ("hold_minutes", "half an hour"),
        ("trusted_proxies", "-1"),
        ("trusted_proxies", "10.0.0.1"),
        ("trusted_proxies", "²"),
        ("max_unpaid_places", "0"),
        ("max_unpaid_places", "-1"),
        ("max_unpaid_places", "2e3"),
        ("max_unpaid_places", "1000000"),
        ("jwt_algorithm", "HS255"),
        ("jwt_algorithm", "RS256"),
        ("jwt_algorithm", "HS512"),
    ],
)
def test_each_rule(monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    """A wrong value is listed by its own name, and nothing else is."""
    # With HS512 it is the secret that is wrong: it is too short.
    expected = "JWT_SECRET" if text == "HS512" else name.upper()
    assert refused(monkeypatch, **({"jwt_secret": SECRET} | {name: text})) == [expected]


@pytest.mark.parametrize("minutes", ["1", "1380"])
def test_bounds_of_the_hold_are_inside(monkeypatch: pytest.MonkeyPatch, minutes: str) -> None:
    """The shortest and the longest hold are accepted."""
    settings = load(monkeypatch, jwt_secret=SECRET, hold_minutes=minutes)
    assert settings.hold == timedelta(minutes=int(minutes))


@pytest.mark.parametrize("places", ["1", "999999"])
def test_bounds_of_unpaid_places_are_inside(monkeypatch: pytest.MonkeyPatch, places: str) -> None:
    """One place, and more than anybody needs."""
    settings = load(monkeypatch, jwt_secret=SECRET, max_unpaid_places=places)
    assert settings.max_unpaid_places == int(places)


def test_slash_at_the_end_of_the_frontend_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the addresses made from it would have two."""
    settings = load(monkeypatch, jwt_secret=SECRET, frontend_url="https://shop.example/app/")
    assert settings.frontend_url == "https://shop.example/app"


def test_empty_variables_are_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose files set variables to nothing; the defaults apply."""
    settings = load(
        monkeypatch, jwt_secret=SECRET, hold_minutes="", stripe_secret_key="", frontend_url=" "
    )
    assert settings.hold == timedelta(minutes=35)
    assert settings.stripe_secret_key is None
    assert settings.frontend_url == "http://localhost:5173"


def test_short_secret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """HS256 needs 32 bytes, so 31 are refused."""
    assert refused(monkeypatch, jwt_secret="x" * 31) == ["JWT_SECRET"]


def test_one_source_of_keys_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A second key is refused by name: it is unclear which one is meant."""
    key = tmp_path / "key.pem"
    key.write_bytes(public_pem(ed25519.Ed25519PrivateKey.generate()))
    listed = refused(monkeypatch, jwt_secret=SECRET, jwt_public_key_file=str(key))
    assert listed == ["JWT_PUBLIC_KEY_FILE"]


def test_public_key_has_to_fit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A key of the wrong kind for the algorithm is refused; the right kind is accepted."""
    path = tmp_path / "key.pem"
    path.write_bytes(public_pem(ed25519.Ed25519PrivateKey.generate()))
    listed = refused(monkeypatch, jwt_public_key_file=str(path), jwt_algorithm="RS256")
    assert listed == ["JWT_PUBLIC_KEY_FILE"]
    settings = load(monkeypatch, jwt_algorithm="EdDSA")
    assert settings.access is not None
    assert settings.access.public_key == path.read_text()


def test_secret_beside_another_algorithm(monkeypatch: pytest.MonkeyPatch) -> None:
    """A public-key algorithm needs a public key or a key set; the text says so."""
    with pytest.raises(SettingsRefused, match="takes a public key or a key set"):
        load(monkeypatch, jwt_secret=SECRET, jwt_algorithm="ES256")


def test_key_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A key set is read by `kid`; any other content is refused."""
    path = tmp_path / "jwks.json"
    key = OKPKey.generate_key("Ed25519", {"kid": "issuer"}).as_dict(private=False)
    path.write_text(json.dumps({"keys": [key]}))
    settings = load(monkeypatch, jwt_jwks_file=str(path), jwt_algorithm="EdDSA")
    assert settings.access is not None
    assert settings.access.jwks is not None
    assert set(settings.access.jwks) == {"issuer"}
    for wrong in ("[]", "nonsense", '{"keys": 1}', '{"keys": [1]}', '{"keys": []}'):
        path.write_text(wrong)
        assert refused(monkeypatch) == ["JWT_JWKS_FILE"]


def test_signing_key_is_needed_on_postgresql(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Several servers need one common key, so with PostgreSQL it has to be given."""
    texts = {"jwt_secret": SECRET, "database_url": "postgresql://app@db/tickets"}
    assert refused(monkeypatch, **texts) == ["SIGNING_KEY_FILE"]
    path = tmp_path / "signing.pem"
    assert refused(monkeypatch, signing_key_file=str(path)) == ["SIGNING_KEY_FILE"]
    path.write_bytes(private_pem(rsa.generate_private_key(65537, 2048)))
    assert refused(monkeypatch) == ["SIGNING_KEY_FILE"]
    path.write_bytes(b"\xff\xfe")
    assert refused(monkeypatch) == ["SIGNING_KEY_FILE"]
    path.write_bytes(private_pem(ed25519.Ed25519PrivateKey.generate()))
    assert load(monkeypatch).signing_key_file == path


def test_secrets_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the `repr` of settings nor a refusal contains a secret or a password."""
    hidden = {
        "database_url": "postgresql://app:hidden-1@db/tickets",
        "stripe_secret_key": "sk_hidden-2",
        "stripe_webhook_secret": "whsec_hidden-3",
        "jwt_secret": "hidden-4" * 4,
    }
    for name, text in hidden.items():
        monkeypatch.setenv(PREFIX + name.upper(), text)
    assert "hidden" not in repr(load_settings(access=True))
    for name, text in hidden.items():
        monkeypatch.setenv(PREFIX + name.upper(), f"hidden {text[-8:]}")
    with pytest.raises(SettingsRefused) as caught:
        load_settings(access=True)
    assert len(caught.value.mistakes) == 4
    assert "hidden" not in str(caught.value)
