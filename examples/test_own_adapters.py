"""Proves the gateway and the store of these examples. Copy it, and put yours in their place.

Each class inherits the tests of one port, so `pytest` finds more than a hundred here.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from acme import Acme
from own_gateway import AcmeGateway
from own_store import FileStore

from ticketing_core import EventDraft, Money
from ticketing_core.ports import (
    Admissions,
    EventRepository,
    Installation,
    PaymentGateway,
    StrayRepository,
    TicketRepository,
)
from ticketing_core.testing import (
    AdmissionsContract,
    EventRepositoryContract,
    FakeGateway,
    GatewayWorld,
    InstallationContract,
    ManualClock,
    PaymentGatewayContract,
    StrayRepositoryContract,
    TicketRepositoryContract,
)


class TestAcmeGateway(PaymentGatewayContract):
    """The gateway, and the world around it: what buyers, sellers and banks do at Acme."""

    def setup_method(self) -> None:
        """A clock for each test."""
        self.clock = ManualClock()

    def make_gateway(self) -> tuple[PaymentGateway, GatewayWorld]:
        """See the suite."""
        world = FakeGateway(clock=self.clock)
        return AcmeGateway(Acme(world, self.clock).send), world

    def now(self) -> datetime:
        """See the suite."""
        return self.clock.now()

    def advance(self, duration: timedelta) -> None:
        """See the suite."""
        self.clock.advance(duration)


class Files:
    """Makes stores, each with a file of its own, and closes them after the test."""

    @pytest.fixture(autouse=True)
    def _files(self, tmp_path: Path) -> Iterator[None]:
        self._folder = tmp_path
        self._stores: list[FileStore] = []
        yield
        for each in self._stores:
            each.close()

    def store(self) -> FileStore:
        """Return an empty store."""
        self._stores.append(FileStore(self._folder / f"{uuid4()}.journal"))
        return self._stores[-1]


class TestFileEvents(Files, EventRepositoryContract):
    """Events."""

    def make_events(self) -> EventRepository:
        """See the suite."""
        return self.store().events


class TestFileTickets(Files, TicketRepositoryContract):
    """Tickets: places, payments, what is due, lists and reports."""

    def make_stores(self) -> tuple[EventRepository, TicketRepository]:
        """See the suite."""
        store = self.store()
        return store.events, store.tickets


class TestFileAdmissions(Files, AdmissionsContract):
    """Scans."""

    def make_door(self) -> tuple[EventRepository, TicketRepository, Admissions]:
        """See the suite."""
        store = self.store()
        return store.events, store.tickets, store.admissions


class TestFileStrays(Files, StrayRepositoryContract):
    """Strays."""

    def make_strays(self) -> StrayRepository:
        """See the suite."""
        return self.store().strays


class TestFileInstallation(Files, InstallationContract):
    """The state of the installation."""

    def make_installation(self) -> tuple[EventRepository, TicketRepository, Installation]:
        """See the suite."""
        store = self.store()
        return store.events, store.tickets, store.installation


@pytest.mark.parametrize("rest", [b"", b"\x80\x04half a step"])
def test_an_opened_file_has_everything(tmp_path: Path, rest: bytes) -> None:
    """The suites do not close their stores, so this is a test of its own. So is a crash."""
    path = tmp_path / "shop.journal"
    before = FileStore(path)
    draft = EventDraft(name="Concert", price=Money(0, "usd"), capacity=3)
    added = before.events.add(draft, at=ManualClock().now(), by="alice")
    before.close()
    with path.open("ab") as file:
        file.write(rest)
    after = FileStore(path)
    assert after.events.newest(before=None, limit=9) == [added.event]  # type: ignore[union-attr]
    again = after.events.add(draft, at=ManualClock().now(), by="alice")
    after.close()
    opened = FileStore(path)
    assert opened.events.newest(before=None, limit=9) == [again.event, added.event]  # type: ignore[union-attr]
    opened.close()
