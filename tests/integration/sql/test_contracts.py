"""The contract suites of the store's ports, on both databases."""

import pytest
from sqlalchemy import Engine

from ticketing_adapters.sql import (
    SqlEvents,
    SqlInstallation,
    SqlLeases,
    SqlStrays,
    SqlTickets,
)
from ticketing_core.ports import (
    EventRepository,
    Installation,
    Leases,
    StrayRepository,
    TicketRepository,
)
from ticketing_core.testing import (
    EventRepositoryContract,
    InstallationContract,
    LeasesContract,
    StrayRepositoryContract,
    TicketRepositoryContract,
)


class TestSqlEvents(EventRepositoryContract):
    """Events in SQL."""

    @pytest.fixture(autouse=True)
    def _stored_in(self, engine: Engine) -> None:
        self.engine = engine

    def make_events(self) -> EventRepository:
        """See the suite."""
        return SqlEvents(self.engine)


class TestSqlTickets(TicketRepositoryContract):
    """Tickets in SQL."""

    @pytest.fixture(autouse=True)
    def _stored_in(self, engine: Engine) -> None:
        self.engine = engine

    def make_stores(self) -> tuple[EventRepository, TicketRepository]:
        """See the suite."""
        return SqlEvents(self.engine), SqlTickets(self.engine)


class TestSqlLeases(LeasesContract):
    """Leases in SQL."""

    @pytest.fixture(autouse=True)
    def _stored_in(self, engine: Engine) -> None:
        self.engine = engine

    def make_leases(self) -> Leases:
        """See the suite."""
        return SqlLeases(self.engine)


class TestSqlStrays(StrayRepositoryContract):
    """Strays in SQL."""

    @pytest.fixture(autouse=True)
    def _stored_in(self, engine: Engine) -> None:
        self.engine = engine

    def make_strays(self) -> StrayRepository:
        """See the suite."""
        return SqlStrays(self.engine)


class TestSqlInstallation(InstallationContract):
    """The state of an installation in SQL."""

    @pytest.fixture(autouse=True)
    def _stored_in(self, engine: Engine) -> None:
        self.engine = engine

    def make_installation(self) -> tuple[EventRepository, TicketRepository, Installation]:
        """See the suite."""
        return SqlEvents(self.engine), SqlTickets(self.engine), SqlInstallation(self.engine)
