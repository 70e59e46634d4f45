"""The fakes of the testing kit pass the contract suites of their ports."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from ticketing_core.ports import (
    Admissions,
    AdmissionSigner,
    Clock,
    Codes,
    EventRepository,
    Installation,
    Leases,
    NotificationReader,
    Outbox,
    PaymentGateway,
    QrEncoder,
    StrayRepository,
    TicketRepository,
)
from ticketing_core.testing import (
    AdmissionsContract,
    AdmissionSignerContract,
    EnvironmentContract,
    EventRepositoryContract,
    FakeGateway,
    InMemoryAdmissions,
    InMemoryEvents,
    InMemoryInstallation,
    InMemoryLeases,
    InMemoryOutbox,
    InMemoryStrays,
    InMemoryTickets,
    InstallationContract,
    LeasesContract,
    ManualClock,
    NotificationReaderContract,
    OutboxContract,
    PaymentGatewayContract,
    PlainNotifications,
    PlainQrEncoder,
    PlainSigner,
    QrEncoderContract,
    SequentialCodes,
    StrayRepositoryContract,
    TicketRepositoryContract,
    plain_notification,
)
from ticketing_core.testing.contracts import GatewayWorld


class TestInMemoryEvents(EventRepositoryContract):
    """Events in memory."""

    def make_events(self) -> EventRepository:
        """See the suite."""
        return InMemoryEvents()


class TestInMemoryTickets(TicketRepositoryContract):
    """Tickets in memory."""

    def make_stores(self) -> tuple[EventRepository, TicketRepository]:
        """See the suite."""
        events = InMemoryEvents()
        return events, InMemoryTickets(events)


class TestInMemoryStrays(StrayRepositoryContract):
    """Strays in memory."""

    def make_strays(self) -> StrayRepository:
        """See the suite."""
        return InMemoryStrays()


class TestInMemoryInstallation(InstallationContract):
    """The state of an installation in memory."""

    def make_installation(self) -> tuple[EventRepository, TicketRepository, Installation]:
        """See the suite."""
        events = InMemoryEvents()
        return events, InMemoryTickets(events), InMemoryInstallation(events)


class TestInMemoryLeases(LeasesContract):
    """Leases in memory."""

    def make_leases(self) -> Leases:
        """See the suite."""
        return InMemoryLeases()


class TestFakeGateway(PaymentGatewayContract):
    """The gateway in memory, which is also the world around it."""

    def setup_method(self) -> None:
        """A clock for each test."""
        self.clock = ManualClock()

    def make_gateway(self) -> tuple[PaymentGateway, GatewayWorld]:
        """See the suite."""
        gateway = FakeGateway(clock=self.clock)
        return gateway, gateway

    def now(self) -> datetime:
        """See the suite."""
        return self.clock.now()

    def advance(self, duration: timedelta) -> None:
        """See the suite."""
        self.clock.advance(duration)


class TestPlainNotifications(NotificationReaderContract):
    """Notifications signed with a public key."""

    def make_reader(self) -> NotificationReader:
        """See the suite."""
        return PlainNotifications()

    def own_notification(self) -> tuple[str, bytes, Mapping[str, str]]:
        """See the suite."""
        return "co_1", *plain_notification("co_1")

    def foreign_notification(self) -> tuple[bytes, Mapping[str, str]]:
        """See the suite."""
        return plain_notification("")


class TestPlainSigner(AdmissionSignerContract):
    """The signer with a public key."""

    def make_signer(self) -> AdmissionSigner:
        """See the suite."""
        return PlainSigner()

    def make_stranger(self) -> AdmissionSigner:
        """See the suite."""
        return PlainSigner("other")


class TestPlainQrEncoder(QrEncoderContract):
    """The encoder whose image is the text."""

    def make_encoder(self) -> QrEncoder:
        """See the suite."""
        return PlainQrEncoder()

    def read_image(self, image: bytes) -> str:
        """See the suite."""
        return image.decode()


class TestStandInEnvironment(EnvironmentContract):
    """The manual clock and the consecutive codes."""

    def make_clock(self) -> Clock:
        """See the suite."""
        return ManualClock()

    def make_codes(self) -> Codes:
        """See the suite."""
        return SequentialCodes()


class TestInMemoryAdmissions(AdmissionsContract):
    """The gate's part of the store in memory."""

    def make_door(self) -> tuple[EventRepository, TicketRepository, Admissions]:
        """See the suite."""
        events = InMemoryEvents()
        tickets = InMemoryTickets(events)
        return events, tickets, InMemoryAdmissions(events, tickets)


class TestInMemoryOutbox(OutboxContract):
    """The outbox in memory, and the messages of the stores in memory."""

    def make_outbox(
        self,
    ) -> tuple[EventRepository, TicketRepository, Admissions, Installation, Outbox]:
        """See the suite."""
        events = InMemoryEvents()
        tickets = InMemoryTickets(events)
        admissions = InMemoryAdmissions(events, tickets)
        installation = InMemoryInstallation(events)
        return events, tickets, admissions, installation, InMemoryOutbox(events, tickets)
