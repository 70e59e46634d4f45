"""`ticketing restored` says what it did, what it cannot do, and what is left."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from attrs import evolve
from click.testing import CliRunner, Result

from tests.integration.cli.commands import ADD, Run, printed
from tests.integration.cli.databases import database, hold_long_ago
from tests.integration.cli.processes import free_port
from tests.support.sandbox import checked_sandbox
from ticketing_adapters.sql import (
    SqlInstallation,
    SqlStrays,
    SqlTickets,
    installation_id,
)
from ticketing_adapters.stripe_checkout import StripeCheckout
from ticketing_core import Checkout, Money, Ticket
from ticketing_core.payment import Open
from ticketing_core.stray import Stray
from ticketing_service.cli import main
from ticketing_service.sandbox import Fault, RunningSandbox
from ticketing_service.settings import PREFIX

SINCE = (datetime.now(UTC) - timedelta(hours=1)).isoformat()


@pytest.fixture
def running(migrated: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSandbox]:
    """Give a sandbox that the settings name, and a migrated database."""
    del migrated
    with checked_sandbox() as started:
        monkeypatch.setenv(f"{PREFIX}STRIPE_SECRET_KEY", "sk_test_any")
        monkeypatch.setenv(f"{PREFIX}STRIPE_API_BASE", started.url)
        yield started


def reserve(run: Run, folder: Path) -> Ticket:
    """Store a ticket that has no checkout."""
    printed(run(*ADD, "--json"))
    with database(folder) as engine:
        tickets = SqlTickets(engine)
        hold_long_ago(tickets)
        held = tickets.by_id(1)
        assert held is not None
        return held


def sell(run: Run, folder: Path, *, checkout_id: str = "cs_test_elsewhere") -> Ticket:
    """Store a ticket with a checkout that Stripe does not know."""
    held = reserve(run, folder)
    with database(folder) as engine:
        tickets = SqlTickets(engine)
        now = datetime.now(UTC)
        checkout = Checkout(checkout_id=checkout_id, url="https://pay.example", ends_at=now)
        paying = held.paying(checkout, until=now)
        tickets.replace(held, paying, at=now, why="checkout opened", by="buyer")
        return paying


def open_unknown(folder: Path, running: RunningSandbox, ticket: Ticket) -> str:
    """Open a checkout of a ticket that the database does not have, and return its id."""
    with database(folder) as engine:
        gateway = StripeCheckout(
            secret_key="sk_test_any",
            frontend_url="http://localhost:5173",
            installation_id=installation_id(engine),
            api_base=running.url,
        )
        lost = evolve(ticket, ticket_code=uuid4(), ticket_id=99)
        ends_at = datetime.now(UTC) + timedelta(minutes=35)
        opened = gateway.open(lost, event_name="Concert", ends_at=ends_at)
    assert isinstance(opened, Open)
    return opened.checkout.checkout_id


def is_restoring(folder: Path) -> bool:
    """Return whether a restore is not finished."""
    with database(folder) as engine:
        return SqlInstallation(engine).state().restoring_since is not None


def check(run: Run, subject: str) -> set[Any]:
    """Return level and detail of the doctor's checks of this subject."""
    found = run("doctor", "--json").stdout
    return {(c["level"], c["detail"]) for c in json.loads(found)["checks"] if c["check"] == subject}


def answering(answer: str) -> Result:
    """Run the command with an answer to its question."""
    return CliRunner().invoke(main, ["restored", "--since", SINCE], input=answer)


def test_an_old_database_has_to_be_migrated_first(run: Run) -> None:
    """It says which command to run."""
    refused = run("restored", "--since", SINCE)
    assert refused.exit_code == 1
    assert "run `ticketing migrate`" in refused.stderr


def test_without_payments_there_is_nothing_to_compare(migrated: Run) -> None:
    """Ids are left out all the same, and sales go on."""
    assert migrated("restored", "--since", SINCE).exit_code == 0
    done = migrated("restored")
    assert done.exit_code == 0
    assert "nothing to compare" in done.stderr
    assert "Sales and settling go on." in done.stdout
    assert printed(migrated(*ADD, "--json"))["event_id"] > 1_000_000


def test_without_the_key_nothing_is_done_where_tickets_were_paid(
    migrated: Run, tmp_path: Path
) -> None:
    """Nobody could tell what was paid since the backup."""
    sell(migrated, tmp_path)
    refused = migrated("restored")
    assert refused.exit_code == 1
    assert "TICKETING_STRIPE_SECRET_KEY is not set" in refused.stderr
    assert not is_restoring(tmp_path)


@pytest.mark.usefixtures("running")
def test_the_key_of_another_account_finishes_nothing(run: Run, tmp_path: Path) -> None:
    """It finds nothing to compare, and would let the sale go on."""
    sell(run, tmp_path)
    refused = run("restored")
    assert refused.exit_code == 1
    assert "belongs to another account" in refused.stderr
    assert "Set TICKETING_STRIPE_SECRET_KEY to the key of the account that sold" in refused.stderr
    assert is_restoring(tmp_path)
    # `--new-account` would not help: the restore needs what the old account knows.
    unserved = run("serve", *free_port())
    assert "run `ticketing restored`; change the account afterwards" in unserved.stderr
    assert "--new-account" not in unserved.stderr


@pytest.mark.usefixtures("running")
def test_without_a_sale_it_asks_for_the_moment_of_the_backup(run: Run) -> None:
    """A wrong guess would leave payments out."""
    refused = run("restored")
    assert refused.exit_code == 2
    assert "--since" in refused.stderr
    assert run("restored", "--since", SINCE).exit_code == 0


def test_it_asks_before_it_closes_anything(
    run: Run, tmp_path: Path, running: RunningSandbox
) -> None:
    """No, no answer, and yes."""
    unknown = open_unknown(tmp_path, running, reserve(run, tmp_path))
    for answer in ("n\n", ""):
        refused = answering(answer)
        assert refused.exit_code == 1
        assert "Open payment pages that no ticket knows: 1." in refused.stderr
        assert "not finished" in refused.stderr
        assert is_restoring(tmp_path)
    with running.sandbox.ledger() as ledger:
        assert ledger.sessions[unknown].status == "open"
    assert "Payment pages closed that no ticket knows: 1." in answering("y\n").stdout
    with running.sandbox.ledger() as ledger:
        assert ledger.sessions[unknown].status == "expired"
    assert not is_restoring(tmp_path)


def test_a_silent_stripe_leaves_it_unfinished(
    run: Run, tmp_path: Path, running: RunningSandbox
) -> None:
    """It says so, and the next run finishes it."""
    running.sandbox.plan_fault(Fault(path="/v1/refunds", drop=True, times=None))
    silent = run("restored", "--since", SINCE)
    assert silent.exit_code == 1
    assert "Stripe does not answer" in silent.stderr
    assert is_restoring(tmp_path)
    running.sandbox.clear_faults()
    assert run("restored", "--since", SINCE).exit_code == 0
    assert not is_restoring(tmp_path)


def test_settling_waits_for_it(migrated: Run, tmp_path: Path) -> None:
    """Also from the command line."""
    with database(tmp_path) as engine:
        SqlInstallation(engine).begin_restore(at=datetime.now(UTC))
    refused = migrated("settle")
    assert refused.exit_code == 1
    assert "run `ticketing restored`" in refused.stderr
    assert any(level == "problem" for level, _ in check(migrated, "restore"))


@pytest.mark.usefixtures("running")
def test_the_doctor_finds_the_key_of_another_account(run: Run, tmp_path: Path) -> None:
    """Stripe does not know the newest checkout."""
    sell(run, tmp_path)
    (found,) = [each for each in check(run, "stripe account") if each[0] == "problem"]
    assert "cs_test_elsewhere" in found[1]
    assert "another account" in found[1]


@pytest.mark.usefixtures("running")
def test_nothing_is_sold_by_the_key_of_another_account(run: Run, tmp_path: Path) -> None:
    """One sale would make its account look like the one that sold."""
    sell(run, tmp_path)
    refused = run("serve", *free_port())
    assert refused.exit_code == 1
    assert "another account" in refused.stderr
    assert "--new-account" in refused.stderr


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("since", ["0001-01-01T00:00:00Z", "2099-01-01T00:00:00Z"])
def test_only_a_moment_of_the_past_is_taken(run: Run, tmp_path: Path, since: str) -> None:
    """A later one would leave payments out. A typing error stops nothing."""
    refused = run("restored", "--since", since)
    assert refused.exit_code == 2
    assert "instant of the past" in refused.stderr
    assert not is_restoring(tmp_path)


def test_the_doctor_counts_payments_without_a_ticket(migrated: Run, tmp_path: Path) -> None:
    """A warning, as long as they are not settled."""
    assert check(migrated, "payments") == set()
    with database(tmp_path) as engine:
        SqlStrays(engine).put(
            Stray(
                checkout_id="cs_test_1",
                ticket_code=uuid4(),
                payment_id="pi_1",
                amount=Money(2500, "usd"),
                state="paid",
                first_seen_at=datetime.now(UTC),
            )
        )
    ((level, detail),) = check(migrated, "payments")
    assert level == "warning"
    assert detail.startswith("1 that no ticket has")
