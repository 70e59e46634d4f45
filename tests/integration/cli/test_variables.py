"""Variables: what got into a value beside it is named, and so is a name that means a setting."""

import os
from pathlib import Path

import pytest
from attrs import fields_dict

from tests.integration.cli.test_settings import SECRET, load, refused
from ticketing_service.settings import PREFIX, SettingsRefused, Variables
from ticketing_service.settings_checks import variables
from ticketing_service.settings_checks.mistakes import Mistakes

CLEAN = {
    "database_url": "sqlite:///ticketing.db",
    "stripe_secret_key": "sk_test_1",
    "stripe_webhook_secret": "whsec_1",
    "stripe_api_base": "http://127.0.0.1:12111",
    "stripe_email_claim": "email",
    "stripe_calls_per_second": "25",
    "stripe_calls_in_all": "100",
    "stripe_slow_methods": "off",
    "stripe_statement_suffix": "NIGHT",
    "stripe_locale": "de",
    "stripe_terms": "off",
    "jwt_secret": SECRET,
    "jwt_old_secret": "o" * 32,
    "jwt_issuer": "https://login.example/",
    "jwt_audience": "tickets",
    "jwt_algorithm": "HS256",
    "jwt_identity_claim": "sub",
    "jwt_roles_claim": "roles",
    "jwt_events_claim": "events",
    "frontend_url": "http://localhost:5173",
    "cors_origins": "https://www.shop.example,http://127.0.0.1:5173",
    "trusted_proxies": "1",
    "hold_minutes": "35",
    "max_unpaid_places": "20",
    "signing_key_file": "signing.pem",
    "webhooks_private": "off",
    "log_format": "json",
    "log_level": "WARNING",
    "metrics_port": "9464",
    "metrics_host": "::1",
}
"""A value of every setting that can be set beside the others."""

AROUND = {
    "carriage return": "{}\r",
    "line break": "{}\r\n",
    "blank before": " {}",
    "blank after": "{}\t",
    "no-break space": "{}\u00a0",
    "byte order mark": "\ufeff{}",
    "quotes": '"{}"',
    "single quotes": "'{}'",
    "quotes of a page": "\u201c{}\u201d",
    "quotes and a carriage return": '"{}"\r',
}


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Start each test in an empty folder and without settings."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_every_setting_is_here() -> None:
    """The tests below cover a new setting too."""
    keys = {"jwt_public_key_file", "jwt_jwks_file", "jwt_jwks_url"}  # not beside a secret
    assert set(CLEAN) | keys == set(fields_dict(Variables))


@pytest.mark.parametrize("around", AROUND.values(), ids=AROUND)
def test_what_surrounds_a_value_is_named(monkeypatch: pytest.MonkeyPatch, around: str) -> None:
    """A file with Windows line ends or quotes is refused at start, once for each setting."""
    texts = {name: around.format(text) for name, text in CLEAN.items()}
    assert sorted(refused(monkeypatch, **texts)) == sorted(name.upper() for name in CLEAN)


def test_control_the_clean_values_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is what surrounds them that is refused; blanks and quotes inside a secret are not."""
    assert load(monkeypatch, **CLEAN).stripe_locale == "de"
    odd = "it's a \"secret\" of more than thirty-two bytes'"
    access = load(monkeypatch, jwt_secret=odd).access
    assert access is not None
    assert access.secret == odd


def test_control_no_other_check_finds_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the rule, a secret, a database and claims are silently taken with what surrounds."""
    monkeypatch.setattr(variables, "_cleaned", lambda text: (text, []))
    texts = {name: f"{text}\r" for name, text in CLEAN.items()}
    named = refused(monkeypatch, **texts)
    assert {"JWT_SECRET", "DATABASE_URL", "JWT_IDENTITY_CLAIM"}.isdisjoint(named)


@pytest.mark.parametrize("inside", ["\n", "\x1b", "\x7f", "\udcff"])
def test_control_characters_are_refused(monkeypatch: pytest.MonkeyPatch, inside: str) -> None:
    """Bytes that are not UTF-8 as well: they come as lone surrogates."""
    assert refused(monkeypatch, jwt_secret=f"{SECRET}{inside}{SECRET}") == ["JWT_SECRET"]


def test_what_is_wrong_with_the_value_itself_is_listed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """One start lists both, and none of it shows the value."""
    with pytest.raises(SettingsRefused) as caught:
        load(monkeypatch, jwt_secret='"hidden"\r')
    assert [each.variable for each in caught.value.mistakes] == [f"{PREFIX}JWT_SECRET"] * 2
    assert "carriage return" in str(caught.value)
    assert "in quotes" in str(caught.value)
    assert "at least 32 bytes" in str(caught.value)
    assert "hidden" not in str(caught.value)


SERVICES = [
    "",
    *(f"{each}_" for each in "API DATABASE DB FRONTEND JWT POSTGRES SIGNING STRIPE WEB".split()),
]


@pytest.mark.parametrize("service", SERVICES)
def test_what_kubernetes_sets_is_left_alone(monkeypatch: pytest.MonkeyPatch, service: str) -> None:
    """A service called `ticketing` or `ticketing-database` gives each pod names like ours."""
    names = (
        "SERVICE_HOST SERVICE_PORT SERVICE_PORT_HTTP PORT PORT_8000_TCP PORT_8000_TCP_PROTO "
        "PORT_8000_TCP_PORT PORT_8000_TCP_ADDR PORT_53_UDP"
    ).split()
    texts = {f"{service}{name}".lower(): "tcp://10.0.0.1:8000" for name in names}
    assert load(monkeypatch, jwt_secret=SECRET, **texts).access is not None


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("TICKETING_JWT_PUBLIC_KEY", "JWT_PUBLIC_KEY_FILE"),
        ("TICKETING_SIGNING_KEY", "SIGNING_KEY_FILE"),
        ("TICKETING_FRONTEND", "FRONTEND_URL"),
        ("TICKETING_HOLD", "HOLD_MINUTES"),
        ("TICKETING_JWT_SECRET_KEY", "JWT_SECRET"),
        ("TICKETING_JWT_SECRET_FILE", "JWT_SECRET"),
        ("TICKETING__JWT_SECRET", "JWT_SECRET"),
        ("ticketing_jwt_secret", "JWT_SECRET"),
        ("TICKETING_DB_URL", "DATABASE_URL"),
        ("TICKETING_STRIPE_API_KEY", "STRIPE_SECRET_KEY"),
        ("TICKETING_WEBHOOK_SECRET", "STRIPE_WEBHOOK_SECRET"),
        ("TICKETING_CORS_ALLOWED_ORIGINS", "CORS_ORIGINS"),
        ("TICKETING_NUM_PROXIES", "TRUSTED_PROXIES"),
        ("TICKETING_TRUSTED_PROXY", "TRUSTED_PROXIES"),
        ("TICKETING_JWT_AUD", "JWT_AUDIENCE"),
        ("TICKETING_JWKS_URL", "JWT_JWKS_URL"),
        ("TICKETING_JWT_JWKS", "JWT_JWKS_FILE"),
        ("TICKETING_JWT_USER_ID_CLAIM", "JWT_IDENTITY_CLAIM"),
    ],
)
def test_a_name_that_means_a_setting_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    """Names of other products and names with a word too few or too many are near misses too."""
    monkeypatch.setenv(name, "x")
    with pytest.raises(SettingsRefused) as caught:
        load(monkeypatch, jwt_secret=SECRET)
    [mistake] = caught.value.mistakes
    assert str(mistake) == f"{name} is not a setting; did you mean {PREFIX}{meant}?"


def test_control_names_of_kubernetes_are_left_alone_by_a_rule_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The rule holds whatever counts as a near miss: with everything one, these are not."""
    monkeypatch.setattr(variables, "_meant", lambda _, settings: settings[0])
    found = Mistakes()
    variables.check_names([f"{PREFIX}SERVICE_HOST", f"{PREFIX}IMAGE"], found)
    assert [each.variable for each in found] == [f"{PREFIX}IMAGE"]


def test_other_names_lead_to_settings() -> None:
    """Nobody is sent to a name that does not exist, and no setting counts as another's name."""
    settings = {name.upper() for name in fields_dict(Variables)}
    names = variables._OTHER_NAMES  # noqa: SLF001 - the table is what is checked
    assert set(names.values()) <= settings
    assert set(names).isdisjoint(settings)
