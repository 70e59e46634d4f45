"""The settings of Stripe: each wrong one is named at start."""

import os
from pathlib import Path

import pytest

from tests.integration.cli.test_settings import SECRET, load, refused
from ticketing_service.settings import PREFIX


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Start each test in an empty folder and without settings."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("stripe_slow_methods", "yes"),
        ("stripe_terms", "1"),
        ("webhooks_private", "true"),
        ("stripe_calls_per_second", "0"),
        ("stripe_calls_per_second", "2.5"),
        ("stripe_calls_per_second", "1000000"),
        ("stripe_calls_in_all", "-1"),
        ("stripe_calls_in_all", "many"),
        ("stripe_locale", "xx"),
        ("stripe_locale", "DE"),
        ("stripe_statement_suffix", "NINETEEN CHARACTERS"),
        ("stripe_statement_suffix", "2027"),
        ("stripe_statement_suffix", "NIGHT*1"),
        ("stripe_statement_suffix", "NUIT D'ÉTÉ"),
    ],
)
def test_each_rule(monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    """A wrong value is listed by its own name, and nothing else is."""
    assert refused(monkeypatch, **{"jwt_secret": SECRET, name: text}) == [name.upper()]


LIVE = {"jwt_secret": SECRET, "stripe_secret_key": "rk_live_1"}


def test_a_live_key_needs_encrypted_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The buyer's way back and the calls of the API carry what money depends on."""
    origins = "https://www.shop.example,http://127.0.0.1:5173"
    listed = refused(
        monkeypatch, **LIVE, stripe_api_base="http://127.0.0.1:12111", cors_origins=origins
    )
    assert listed == ["FRONTEND_URL", "STRIPE_API_BASE", "CORS_ORIGINS"]
    https = {
        "frontend_url": "https://shop.example",
        "stripe_api_base": "https://stripe.example",
        "cors_origins": "https://www.shop.example",
    }
    assert load(monkeypatch, **https).frontend_url == "https://shop.example"


def test_control_a_test_key_takes_addresses_without_encryption(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is the key that makes the difference."""
    texts = LIVE | {"stripe_secret_key": "rk_test_1", "stripe_api_base": "http://127.0.0.1:12111"}
    assert load(monkeypatch, **texts).frontend_url == "http://localhost:5173"


def test_the_claim_with_the_email_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """No address is used unless its claim is named."""
    for claim in (None, "email"):
        if claim is not None:
            monkeypatch.setenv(f"{PREFIX}STRIPE_EMAIL_CLAIM", claim)
        access = load(monkeypatch, jwt_secret=SECRET).access
        assert access is not None
        assert access.email_claim == claim


def test_choices_about_the_payment_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are off unless they are set."""
    off = load(monkeypatch, jwt_secret=SECRET)
    assert (off.stripe_slow_methods, off.stripe_terms) == (False, False)
    assert (off.stripe_locale, off.stripe_statement_suffix) == (None, None)
    on = load(
        monkeypatch,
        stripe_slow_methods="on",
        stripe_terms="on",
        stripe_locale="pt-BR",
        stripe_statement_suffix="SUMMER NIGHT 2027!",
    )
    assert (on.stripe_slow_methods, on.stripe_terms) == (True, True)
    assert (on.stripe_locale, on.stripe_statement_suffix) == ("pt-BR", "SUMMER NIGHT 2027!")


SANDBOX = "http://127.0.0.1:12111"


@pytest.mark.parametrize(
    ("key", "api_base", "in_all"),
    [
        ("sk_test_1", "", 25),
        ("rk_test_1", "", 25),
        ("sk_live_1", "", 100),
        ("rk_live_1", "", 100),
        # A sandbox is not a test account of Stripe.
        ("sk_test_1", SANDBOX, 100),
        ("rk_test_1", SANDBOX, 100),
    ],
)
def test_each_key_has_the_limits_that_stripe_documents(
    monkeypatch: pytest.MonkeyPatch, key: str, api_base: str, in_all: int
) -> None:
    """Test keys are slow, restricted ones too; a contract about more is set."""
    address = {"frontend_url": "https://shop.example", "stripe_api_base": api_base}
    usual = load(monkeypatch, jwt_secret=SECRET, stripe_secret_key=key, **address)
    assert (usual.stripe_calls_per_second, usual.stripe_calls_in_all) == (25, in_all)
    more = load(monkeypatch, stripe_calls_per_second="50", stripe_calls_in_all="200")
    assert (more.stripe_calls_per_second, more.stripe_calls_in_all) == (50, 200)


def test_taking_restricted_keys_for_test_keys_is_the_control(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A live restricted key would be four times too slow: the test above would fail."""
    monkeypatch.setattr(
        "ticketing_service.settings_checks.stripe.is_live", lambda key: key.startswith("sk_live_")
    )
    address = {"frontend_url": "https://shop.example"}
    settings = load(monkeypatch, jwt_secret=SECRET, stripe_secret_key="rk_live_1", **address)
    assert settings.stripe_calls_in_all == 25
