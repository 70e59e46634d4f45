"""The contract suites of the store's ports, on both databases."""

import pytest
from sqlalchemy import Engine

from ticketing_adapters.sql import (
    SqlAdmissions,
    SqlAuthors,
    SqlEvents,
    SqlInstallation,
    SqlLeases,
    SqlOutbox,
    SqlStrays,
    SqlTickets,
)
from ticketing_core.ports import (
    Admissions,
    Authors,
    EventRepository,
    Installation,
    Leases,
    Outbox,
    StrayRepository,
    TicketRepository,
)
from ticketing_core.testing import (
    AdmissionsContract,
    AuthorsContract,
    EventRepositoryContract,
    InstallationContract,
    LeasesContract,
    OutboxContract,
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


class TestSqlAdmissions(AdmissionsContract):
    """The gate's part of the store in SQL."""

    @pytest.fixture(autouse=True)
    def _stored_in(self, engine: Engine) -> None:
        self.engine = engine

    def make_door(self) -> tuple[EventRepository, TicketRepository, Admissions]:
        """See the suite."""
        return SqlEvents(self.engine), SqlTickets(self.engine), SqlAdmissions(self.engine)


class TestSqlAuthors(AuthorsContract):
    """Who did what, in SQL."""

    @pytest.fixture(autouse=True)
    def _stored_in(self, engine: Engine) -> None:
        self.engine = engine

    def make_authors(self) -> tuple[EventRepository, TicketRepository, Admissions, Authors]:
        """See the suite."""
        engine = self.engine
        return SqlEvents(engine), SqlTickets(engine), SqlAdmissions(engine), SqlAuthors(engine)


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


class TestSqlOutbox(OutboxContract):
    """The outbox in SQL, and the messages of the other parts of the store."""

    @pytest.fixture(autouse=True)
    def _stored_in(self, engine: Engine) -> None:
        self.engine = engine

    def make_outbox(
        self,
    ) -> tuple[EventRepository, TicketRepository, Admissions, Installation, Outbox]:
        """See the suite."""
        engine = self.engine
        return (
            SqlEvents(engine),
            SqlTickets(engine),
            SqlAdmissions(engine),
            SqlInstallation(engine),
            SqlOutbox(engine),
        )
