"""`ticketing reconcile`: tells people and programs what differs, and heals it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.support.sandbox import SandboxWorld, checked_sandbox
from ticketing_adapters.sql import SqlEvents, SqlTickets, engine_for, installation_id, migrate
from ticketing_adapters.stripe_checkout import StripeCheckout
from ticketing_core import EventDraft, Money, Ticket, TicketDraft, TicketStatus
from ticketing_core.event import Added
from ticketing_core.payment import Open
from ticketing_core.reservation import Held
from ticketing_core.testing.contracts.examples import draft
from ticketing_core.ticket import Replaced
from ticketing_service.cli import main
from ticketing_service.sandbox import Fault, RunningSandbox


class Shop:
    """A database, a sandbox, and one ticket that was paid though nobody told."""

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
        added = SqlEvents(self.engine).add(
            EventDraft(name="Concert", price=Money(2500, "usd"), capacity=10)
        )
        assert isinstance(added, Added)
        self.paid = self._paid(draft(added.event, at=datetime.now(UTC)), running)

    def _paid(self, asked: TicketDraft, running: RunningSandbox) -> Ticket:
        held = self.tickets.hold(asked)
        assert isinstance(held, Held)
        ends_at = asked.at + timedelta(minutes=35)
        opened = self.gateway.open(held.ticket, event_name="Concert", ends_at=ends_at)
        assert isinstance(opened, Open)
        paying = held.ticket.paying(opened.checkout, until=ends_at)
        stored = self.tickets.replace(held.ticket, paying, at=asked.at, why="test", by="test")
        assert isinstance(stored, Replaced)
        SandboxWorld(running.sandbox).pay(opened.checkout.url)
        return stored.ticket

    def status(self) -> TicketStatus:
        """What the store says."""
        ticket = self.tickets.by_id(self.paid.ticket_id)
        assert ticket is not None
        return ticket.status


@pytest.fixture
def running() -> Iterator[RunningSandbox]:
    """A sandbox whose every exchange is checked."""
    with checked_sandbox() as started:
        yield started


@pytest.fixture
def shop(
    tmp_path: Path, running: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    """A shop that the command's settings name."""
    monkeypatch.setenv("TICKETING_DATABASE_URL", f"sqlite:///{tmp_path / 'shop.db'}")
    monkeypatch.setenv("TICKETING_STRIPE_SECRET_KEY", "sk_test_any")
    monkeypatch.setenv("TICKETING_STRIPE_API_BASE", running.url)
    made = Shop(tmp_path / "shop.db", running)
    yield made
    made.engine.dispose()


def reconcile(*options: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["reconcile", *options])


def test_a_difference_is_told_then_healed_then_gone(shop: Shop) -> None:
    """A dry run leaves it and ends with 1; a real one heals it and ends with 0."""
    dry = reconcile("--dry-run", "--json")
    (told,) = json.loads(dry.stdout)
    assert (dry.exit_code, told["difference"], told["healed"]) == (1, "paid_without_ticket", False)
    assert shop.status() is TicketStatus.PAYING
    real = reconcile("--json")
    (told,) = json.loads(real.stdout)
    assert (real.exit_code, told["healed"], told["ticket_id"]) == (0, True, shop.paid.ticket_id)
    assert shop.status() is TicketStatus.ISSUED
    again = reconcile("--json")
    assert (again.exit_code, json.loads(again.stdout)) == (0, [])


def test_people_read_a_table(shop: Shop) -> None:
    """With the ticket, and what was seen; or one sentence where all is well."""
    told = reconcile().stdout
    assert "paid_without_ticket" in told
    assert "75.00" not in told
    assert "25.00 USD captured" in " ".join(told.split())
    assert "agree" in reconcile().stdout
    del shop


@pytest.mark.usefixtures("shop")
def test_only_what_was_opened_since_then_is_compared() -> None:
    """An instant without its zone is refused."""
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert json.loads(reconcile("--since", later, "--json").stdout) == []
    refused = reconcile("--since", "yesterday")
    assert refused.exit_code == 2
    assert "--since" in refused.stderr


@pytest.mark.usefixtures("shop")
def test_a_provider_that_does_not_answer_is_an_error(running: RunningSandbox) -> None:
    """Half a comparison does not look like a whole one."""
    running.sandbox.plan_fault(Fault(path="/v1/*", drop=True, times=None))
    failed = reconcile()
    assert failed.exit_code == 1
    assert "does not answer" in failed.stderr
