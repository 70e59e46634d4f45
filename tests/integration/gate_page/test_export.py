"""The journal that a browser saves, in the command that records it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import define
from click.testing import CliRunner, Result
from playwright.sync_api import BrowserContext, Page
from sqlalchemy import Engine

from tests.integration.gate_page.conftest import Site
from tests.integration.gate_page.fake_service import EVENT, FakeTicket
from tests.integration.gate_page.gate import expect_answer, open_gate, scan
from ticketing_adapters.jws_admission import JwsAdmission
from ticketing_adapters.sql import (
    SqlAdmissions,
    SqlEvents,
    SqlPublicKeys,
    SqlTickets,
    engine_for,
    migrate,
)
from ticketing_core import AdmissionClaims, Ticket
from ticketing_core.scan import ScanKind
from ticketing_core.testing.contracts.examples import FREE, draft, held, stored_event
from ticketing_service.cli import main
from ticketing_service.settings import PREFIX


@define
class Shop:
    """The database of the event that the page is the gate of."""

    engine: Engine
    site: Site

    def ticket(self, quantity: int = 1) -> tuple[Ticket, str]:
        """Return an issued ticket, and what its QR code says. The page's service knows it, too."""
        events, tickets = SqlEvents(self.engine), SqlTickets(self.engine)
        event = events.by_id(EVENT)
        while event is None:
            stored_event(events, price=FREE)
            event = events.by_id(EVENT)
        ticket = held(tickets, draft(event, quantity=quantity))
        fake = self.site.service
        token = JwsAdmission(key=fake.key, public_key=lambda _: None).sign(
            AdmissionClaims.of(ticket)
        )
        fake.tickets[ticket.ticket_id] = FakeTicket(ticket.ticket_id, token, quantity)
        return ticket, token

    def now(self, ticket: Ticket) -> Ticket:
        """Return the ticket as it is stored now."""
        found = SqlTickets(self.engine).by_id(ticket.ticket_id)
        assert found is not None
        return found


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, site: Site) -> Iterator[Shop]:
    """Give a database that knows the key with which the tickets are signed."""
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path / 'ticketing.db'}"
    monkeypatch.setenv(f"{PREFIX}DATABASE_URL", url)
    engine = engine_for(url)
    migrate(engine)
    SqlPublicKeys(engine).remember(site.service.key.kid, site.service.key.public_jwk)
    yield Shop(engine, site)
    engine.dispose()


def recorded(journal: Path) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["gate", "sync", str(journal), "--event", str(EVENT)])


def test_a_saved_journal_is_recorded(
    page: Page, context: BrowserContext, shop: Shop, tmp_path: Path
) -> None:
    """The database agrees with the device, though a line of the file got damaged on its way."""
    (group, group_code), (gone, gone_code), (lost, lost_code) = (shop.ticket(n) for n in (3, 1, 1))
    open_gate(page, shop.site)
    context.set_offline(True)
    scan(page, group_code)
    page.get_by_role("button", name="2", exact=True).click()
    expect_answer(page, "yes", "Let 2 in")
    for code in (lost_code, gone_code):
        scan(page, code)
        expect_answer(page, "yes", "Let in")
    page.locator("#recent").get_by_role("button").first.click()
    page.get_by_role("button", name="They are out again").click()
    page.get_by_role("button", name="Menu").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export the journal").click()
    journal = tmp_path / "journal.jsonl"
    download.value.save_as(journal)
    lines = journal.read_text().splitlines(keepends=True)
    assert len(lines) == 4
    damaged = [line[:40] + "\n" if lost_code in line else line for line in lines]
    journal.write_text("".join(damaged))
    result = recorded(journal)
    assert result.exit_code == 1, result.output
    assert "line 2 is no entry of a journal" in result.stdout
    assert [shop.now(each).inside for each in (group, gone, lost)] == [2, 0, 0]
    journal.write_text("".join(lines))
    assert recorded(journal).exit_code == 0
    assert recorded(journal).exit_code == 0
    assert [shop.now(each).inside for each in (group, gone, lost)] == [2, 0, 1]
    kinds = [each.kind for each in SqlAdmissions(shop.engine).of_ticket(gone.ticket_id)]
    assert kinds == [ScanKind.LET_IN, ScanKind.UNDONE]
