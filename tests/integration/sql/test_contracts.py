"""The contract suites of the store's ports, on both databases."""

import pytest
from sqlalchemy import Engine

from ticketing_adapters.sql import SqlEvents, SqlLeases, SqlTickets
from ticketing_core.ports import EventRepository, Leases, TicketRepository
from ticketing_core.testing import EventRepositoryContract, LeasesContract, TicketRepositoryContract


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
