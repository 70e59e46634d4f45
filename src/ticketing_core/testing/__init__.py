"""Tools for testing with this library: in-memory adapters, a fake gateway, contract suites.

The fakes implement their ports completely, and pass the same contract suites as the adapters for
production. A suite is a class with ``test_`` methods for pytest: inherit from it and implement the
factory methods that make your adapter.
"""

from ticketing_core.testing.admission import PlainQrEncoder, PlainSigner
from ticketing_core.testing.contracts import (
    AdmissionSignerContract,
    EnvironmentContract,
    EventRepositoryContract,
    GatewayWorld,
    InstallationContract,
    LeasesContract,
    NotificationReaderContract,
    PaymentGatewayContract,
    QrEncoderContract,
    StrayRepositoryContract,
    TicketRepositoryContract,
)
from ticketing_core.testing.environment import ManualClock, SequentialCodes
from ticketing_core.testing.fake_checkout import CannotPay, DisputeStatus, RefundStatus
from ticketing_core.testing.gateway import FakeGateway, Fault
from ticketing_core.testing.installation import (
    InMemoryInstallation,
    InMemoryLeases,
    InMemoryStrays,
)
from ticketing_core.testing.notifications import PlainNotifications, plain_notification
from ticketing_core.testing.store import InMemoryEvents, InMemoryTickets

__all__ = [
    "AdmissionSignerContract",
    "CannotPay",
    "DisputeStatus",
    "EnvironmentContract",
    "EventRepositoryContract",
    "FakeGateway",
    "Fault",
    "GatewayWorld",
    "InMemoryEvents",
    "InMemoryInstallation",
    "InMemoryLeases",
    "InMemoryStrays",
    "InMemoryTickets",
    "InstallationContract",
    "LeasesContract",
    "ManualClock",
    "NotificationReaderContract",
    "PaymentGatewayContract",
    "PlainNotifications",
    "PlainQrEncoder",
    "PlainSigner",
    "QrEncoderContract",
    "RefundStatus",
    "SequentialCodes",
    "StrayRepositoryContract",
    "TicketRepositoryContract",
    "plain_notification",
]
