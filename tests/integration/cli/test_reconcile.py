"""`ticketing reconcile`: reports differences, as a table and as JSON, and heals them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from attrs import evolve
from click.testing import CliRunner, Result

from tests.support.sandbox import SandboxWorld, checked_sandbox
from ticketing_adapters.sql import SqlEvents, SqlTickets, engine_for, installation_id, migrate
from ticketing_adapters.stripe_checkout import StripeCheckout
from ticketing_core import Ticket, TicketDraft, TicketStatus
from ticketing_core.changes import Replaced
from ticketing_core.payment import Open
from ticketing_core.reservation import Held
from ticketing_core.testing.contracts.examples import draft, stored_event
from ticketing_service.cli import main
from ticketing_service.sandbox import Fault, RunningSandbox


class Shop:
    """A database, a sandbox, and one ticket that was paid without a notification."""

    def __init__(self, file: Path, running: RunningSandbox) -> None:
        self.engine = engine_for(f"sqlite:///{file}")
        migrate(self.engine)
        self.tickets = SqlTickets(self.engine)
        self.gateway = StripeCheckout(
            secret_key="sk_test_any",
            frontend_url="http://localhost:5173",
            installation_id=installation_id(self.engine),
            api_base=running.url,
        )
        event = stored_event(SqlEvents(self.engine))
        self.paid = self._paid(draft(event, at=datetime.now(UTC)), running)

    def pay_for_unknown_ticket(self, running: RunningSandbox) -> None:
        """Pay a checkout whose ticket the database does not have."""
        lost = evolve(self.paid, ticket_code=uuid4(), ticket_id=99)
        ends_at = lost.created_at + timedelta(minutes=35)
        opened = self.gateway.open(lost, event_name="Concert", ends_at=ends_at)
        assert isinstance(opened, Open)
        SandboxWorld(running.sandbox).pay(opened.checkout.url)

    def _paid(self, wanted: TicketDraft, running: RunningSandbox) -> Ticket:
        held = self.tickets.hold(wanted)
        assert isinstance(held, Held)
        ends_at = wanted.at + timedelta(minutes=35)
        opened = self.gateway.open(held.ticket, event_name="Concert", ends_at=ends_at)
        assert isinstance(opened, Open)
        paying = held.ticket.paying(opened.checkout, until=ends_at)
        stored = self.tickets.replace(held.ticket, paying, at=wanted.at, why="test", by="test")
        assert isinstance(stored, Replaced)
        SandboxWorld(running.sandbox).pay(opened.checkout.url)
        return stored.ticket

    def status(self) -> TicketStatus:
        """Return the stored status of the paid ticket."""
        ticket = self.tickets.by_id(self.paid.ticket_id)
        assert ticket is not None
        return ticket.status


@pytest.fixture
def running() -> Iterator[RunningSandbox]:
    """Give a sandbox whose every request and response is checked."""
    with checked_sandbox() as started:
        yield started


@pytest.fixture
def shop(
    tmp_path: Path, running: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    """Give a shop, with the settings that make the command use it."""
    monkeypatch.setenv("TICKETING_DATABASE_URL", f"sqlite:///{tmp_path / 'shop.db'}")
    monkeypatch.setenv("TICKETING_STRIPE_SECRET_KEY", "sk_test_any")
    monkeypatch.setenv("TICKETING_STRIPE_API_BASE", running.url)
    made = Shop(tmp_path / "shop.db", running)
    yield made
    made.engine.dispose()


def reconcile(*options: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, ["reconcile", *options])


def test_a_difference_is_reported_then_healed_then_gone(shop: Shop) -> None:
    """A dry run leaves it and exits with 1; a real run heals it and exits with 0."""
    dry = reconcile("--dry-run", "--json")
    (found,) = json.loads(dry.stdout)
    assert (dry.exit_code, found["difference"], found["healed"]) == (
        1,
        "paid_without_ticket",
        False,
    )
    assert shop.status() is TicketStatus.PAYING
    real = reconcile("--json")
    (found,) = json.loads(real.stdout)
    assert (real.exit_code, found["healed"], found["ticket_id"]) == (0, True, shop.paid.ticket_id)
    assert shop.status() is TicketStatus.ISSUED
    again = reconcile("--json")
    assert (again.exit_code, json.loads(again.stdout)) == (0, [])


def test_one_difference_that_is_left_is_a_failure(shop: Shop, running: RunningSandbox) -> None:
    """The exit code is 1 although another difference was healed, and 0 once both are."""
    shop.pay_for_unknown_ticket(running)
    first = reconcile("--json")
    healed = {found["difference"]: found["healed"] for found in json.loads(first.stdout)}
    assert healed == {"paid_without_ticket": True, "unknown_checkout": False}
    assert first.exit_code == 1
    second = reconcile("--json", "--refund-unknown")
    assert [found["healed"] for found in json.loads(second.stdout)] == [True]
    assert second.exit_code == 0


def test_one_healed_difference_is_the_control(
    shop: Shop, running: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If one healed difference were enough, the exit code would be 0: the test above would fail."""
    shop.pay_for_unknown_ticket(running)
    monkeypatch.setattr("ticketing_service.cli.reconcile.all", any, raising=False)
    assert reconcile().exit_code == 0


def test_table(shop: Shop) -> None:
    """It shows the ticket and the state of its checkout; without differences it is one sentence."""
    shown = reconcile().stdout
    assert "paid_without_ticket" in shown
    assert "75.00" not in shown
    assert "25.00 USD captured" in " ".join(shown.split())
    assert "agree" in reconcile().stdout
    del shop


@pytest.mark.usefixtures("shop")
def test_only_what_was_opened_since_then_is_compared() -> None:
    """Older checkouts are left out; `--since` has to be an instant with a time zone."""
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert json.loads(reconcile("--since", later, "--json").stdout) == []
    refused = reconcile("--since", "yesterday")
    assert refused.exit_code == 2
    assert "--since" in refused.stderr


@pytest.mark.usefixtures("shop")
def test_a_provider_that_does_not_answer_is_an_error(running: RunningSandbox) -> None:
    """A comparison that broke off must not look complete."""
    running.sandbox.plan_fault(Fault(path="/v1/*", drop=True, times=None))
    failed = reconcile()
    assert failed.exit_code == 1
    assert "does not answer" in failed.stderr
