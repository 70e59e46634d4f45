"""`ticketing doctor` finds what would keep buyers from paying; `serve` refuses to start on it."""

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from tests.integration.cli.commands import Run
from tests.integration.cli.processes import SECRET, environment, run
from tests.support.ports import free_ports
from tests.support.sandbox import checked_sandbox
from tests.support.stripe_account import PERMISSION, StripeAccount, running_account
from ticketing_adapters.jws_admission import SigningKey
from ticketing_adapters.stripe_checkout import WEBHOOK_EVENTS
from ticketing_service.composition.doctor import (
    Check,
    Level,
    StripeRefuses,
    check_stripe,
    require_stripe,
)
from ticketing_service.settings import PREFIX, load_settings

Spoil = Callable[[StripeAccount], object]


@pytest.fixture
def account(run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[StripeAccount]:
    """An account that can take payments, with everything set up; the settings name it."""
    # `run` empties the settings first.
    del run
    account = StripeAccount()
    account.add_endpoint(*WEBHOOK_EVENTS)
    with running_account(account) as url:
        monkeypatch.setenv(f"{PREFIX}STRIPE_SECRET_KEY", "rk_test_any")
        monkeypatch.setenv(f"{PREFIX}STRIPE_WEBHOOK_SECRET", "whsec_any")
        monkeypatch.setenv(f"{PREFIX}STRIPE_API_BASE", url)
        yield account


def diagnosis(run: Run) -> tuple[int, dict[str, list[tuple[str, str]]]]:
    """Return the exit code, and level and detail of all checks by their subject."""
    result = run("doctor", "--json")
    printed: Any = json.loads(result.stdout)
    found: dict[str, list[tuple[str, str]]] = {}
    for check in printed["checks"]:
        found.setdefault(check["check"], []).append((check["level"], check["detail"]))
    assert printed["ok"] is (result.exit_code == 0)
    return result.exit_code, found


def worst(found: dict[str, list[tuple[str, str]]]) -> dict[str, str]:
    """Return what is not in order, by its subject."""
    return {
        subject: level for subject, checks in found.items() for level, _ in checks if level != "ok"
    }


@pytest.mark.usefixtures("account")
def test_a_healthy_set_up_has_no_problem(migrated: Run) -> None:
    """Only the address is remarkable: it is not Stripe's own."""
    code, found = diagnosis(migrated)
    assert (code, worst(found)) == (0, {"addresses": "warning"})
    assert set(found) == {
        "settings",
        "database",
        "signing key",
        "stripe key",
        "stripe account",
        "webhook",
        "stripe's clock",
        "addresses",
    }
    assert "acct_1 can take payments" in migrated("doctor").stdout


def test_every_right_is_tried(migrated: Run, account: StripeAccount) -> None:
    """By one read each, of one object."""
    migrated("doctor")
    assert sorted(account.asked) == [
        "/v1/account",
        "/v1/charges",
        "/v1/checkout/sessions",
        "/v1/disputes",
        "/v1/events",
        "/v1/payment_intents",
        "/v1/refunds",
        "/v1/webhook_endpoints",
    ]


SPOILT: dict[str, tuple[Spoil, str, str, str]] = {
    "key": (
        lambda account: setattr(account, "key_is_valid", False),
        "stripe key",
        "problem",
        "Invalid API Key provided",
    ),
    "right": (
        lambda account: account.refused.add("/v1/charges"),
        "stripe key",
        "problem",
        "The key needs these rights: Checkout Sessions (write), PaymentIntents (read), Charges",
    ),
    "right of the check": (
        lambda account: account.refused.add("/v1/webhook_endpoints"),
        "stripe key",
        "warning",
        "Webhook Endpoints (read) cannot be checked",
    ),
    "not activated": (
        lambda account: account.account.update(charges_enabled=False),
        "stripe account",
        "warning",
        "cannot take live payments (not activated)",
    ),
    "no name": (
        lambda account: account.account.update(business_profile={"name": None}),
        "stripe account",
        "warning",
        "no business name",
    ),
    "no endpoint": (
        lambda account: account.endpoints.clear(),
        "webhook",
        "warning",
        "`ticketing stripe webhook` prints",
    ),
    "disabled endpoint": (
        lambda account: account.endpoints[0].update(status="disabled"),
        "webhook",
        "warning",
        "is disabled",
    ),
    "events": (
        lambda account: account.endpoints[0]["enabled_events"].remove("refund.failed"),
        "webhook",
        "warning",
        "is not subscribed to refund.failed",
    ),
    "clock": (
        lambda account: setattr(account, "ahead", timedelta(seconds=60)),
        "stripe's clock",
        "warning",
        "Synchronise the clocks",
    ),
    "wrong clock": (
        lambda account: setattr(account, "ahead", timedelta(minutes=-10)),
        "stripe's clock",
        "problem",
        "Synchronise the clocks",
    ),
}


@pytest.mark.parametrize("spoilt", SPOILT)
def test_what_is_wrong_at_stripe_is_named(
    migrated: Run, account: StripeAccount, spoilt: str
) -> None:
    """With what to do about it; nothing else is blamed."""
    spoil, subject, level, words = SPOILT[spoilt]
    spoil(account)
    code, found = diagnosis(migrated)
    assert worst(found) == {"addresses": "warning", subject: level}
    assert words in " ".join(detail for _, detail in found[subject])
    assert code == (1 if level == "problem" else 0)


def test_an_endpoint_for_all_events_misses_none(migrated: Run, account: StripeAccount) -> None:
    """Stripe writes that as an asterisk."""
    account.endpoints.clear()
    account.add_endpoint("*", url="https://api.example/box/api/payments/webhook")
    assert worst(diagnosis(migrated)[1]) == {"addresses": "warning"}


def test_stripes_silence_is_a_warning(migrated: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says nothing about the key."""
    monkeypatch.setenv(f"{PREFIX}STRIPE_SECRET_KEY", "sk_test_any")
    monkeypatch.setenv(f"{PREFIX}STRIPE_API_BASE", "http://127.0.0.1:9")
    code, found = diagnosis(migrated)
    assert (code, found["stripe"][0][0]) == (0, "warning")
    told = "No answer from http://127.0.0.1:9: [Errno 111] Connection refused."
    assert found["stripe"][0][1].endswith(told)


def test_without_a_key_stripe_is_not_asked(migrated: Run) -> None:
    """Free tickets need none."""
    assert worst(diagnosis(migrated)[1]) == {"stripe key": "warning"}


def test_what_the_sandbox_does_not_have_is_not_blamed(
    migrated: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has only a part of the API."""
    with checked_sandbox() as sandbox:
        monkeypatch.setenv(f"{PREFIX}STRIPE_SECRET_KEY", "sk_test_any")
        monkeypatch.setenv(f"{PREFIX}STRIPE_API_BASE", sandbox.url)
        assert set(worst(diagnosis(migrated)[1])) <= {"addresses", "webhook"}


def test_a_database_without_its_tables_is_a_problem(run: Run) -> None:
    """The text names the command that makes them."""
    code, found = diagnosis(run)
    assert (code, found["database"][0][0]) == (1, "problem")
    assert "ticketing migrate" in found["database"][0][1]


def test_a_database_that_is_kept_busy_is_a_problem(migrated: Run, tmp_path: Path) -> None:
    """It can be read, and only writing shows it."""
    other = sqlite3.connect(tmp_path / "ticketing.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    code, found = diagnosis(migrated)
    other.close()
    assert (code, found["database"][0][0]) == (1, "problem")
    assert diagnosis(migrated)[0] == 0


def test_postgresql_has_a_clock_of_its_own(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    postgres_url: str,
) -> None:
    """Everything else is checked as with SQLite; a role that may only read is a problem."""
    SigningKey.generate().save_new(tmp_path / "signing.pem")
    monkeypatch.setenv(f"{PREFIX}SIGNING_KEY_FILE", str(tmp_path / "signing.pem"))
    monkeypatch.setenv(f"{PREFIX}DATABASE_URL", postgres_url)
    assert run("migrate").exit_code == 0
    code, found = diagnosis(run)
    assert (code, found["database's clock"][0][0]) == (0, "ok")
    joined = "&" if "?" in postgres_url else "?"
    read_only = f"{postgres_url}{joined}options=-c%20default_transaction_read_only%3Don"
    monkeypatch.setenv(f"{PREFIX}DATABASE_URL", read_only)
    code, found = diagnosis(run)
    assert (code, found["database"][0][0]) == (1, "problem")


def test_another_signing_key_is_a_warning(migrated: Run, tmp_path: Path) -> None:
    """All machines need the same file."""
    with sqlite3.connect(tmp_path / "ticketing.db") as database:
        database.execute("INSERT INTO public_keys (kid, jwk) VALUES ('other', '{}')")
    code, found = diagnosis(migrated)
    assert (code, found["signing key"][0][0]) == (0, "warning")


def test_wrong_settings_are_listed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each under its own name."""
    monkeypatch.setenv(f"{PREFIX}HOLD_MINUTES", "0")
    code, found = diagnosis(run)
    assert (code, set(found)) == (1, {"TICKETING_HOLD_MINUTES"})


def test_an_account_that_takes_no_live_payments_refuses_a_live_key(account: StripeAccount) -> None:
    """A test key sells without it. Live keys cannot be set beside a local server."""
    account.account.update(charges_enabled=False, requirements={"disabled_reason": "listed"})
    settings = load_settings()
    require_stripe(list(check_stripe(settings)))
    with pytest.raises(StripeRefuses, match="cannot take payments \\(listed\\)"):
        require_stripe(list(check_stripe(evolve(settings, stripe_secret_key="sk_live_any"))))


def test_control_only_a_refusal_of_stripe_keeps_the_service_from_starting() -> None:
    """A wrong clock is a problem for the doctor; buyers can still pay."""
    require_stripe([Check(Level.PROBLEM, "stripe's clock", "+600 seconds beside ours.")])


def test_serve_refuses_a_key_without_a_right(account: StripeAccount, tmp_path: Path) -> None:
    """In Stripe's words: it would take money and never issue a ticket."""
    account.refused.add("/v1/charges")
    env = environment(
        jwt_secret=SECRET,
        stripe_secret_key="rk_test_any",
        stripe_api_base=os.environ[f"{PREFIX}STRIPE_API_BASE"],
    )
    port = str(free_ports(1)[0])
    refused = run("serve", "--port", port, env=env, cwd=tmp_path)
    assert refused.returncode == 1
    assert PERMISSION in refused.stderr
    assert "Charges (read)" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_webhook_is_printed(run: Run) -> None:
    """As text to read, and as JSON with the same events."""
    shown = run("stripe", "webhook", "--api", "https://api.example/").stdout
    assert "https://api.example/api/payments/webhook/" in shown
    printed = json.loads(run("stripe", "webhook", "--json").stdout)
    assert printed["events"] == list(WEBHOOK_EVENTS)
    assert [name for name in WEBHOOK_EVENTS if f"  {name}\n" not in shown] == []
    assert (printed["url"], printed["path"]) == (None, "/api/payments/webhook/")
    assert run("stripe", "webhook", "--api", "nonsense").exit_code == 2
