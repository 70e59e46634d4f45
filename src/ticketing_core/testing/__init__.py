"""What a user of the library tests with: in-memory adapters, a faithful gateway, contract suites.

The fakes here are complete implementations of the ports, and pass the same contract suites as
the adapters that go to production. The suites are plain classes with ``test_`` methods for
pytest: inherit from one, say how to make your adapter, and collect it.
"""

from ticketing_core.testing.admission import PlainQrEncoder, PlainSigner
from ticketing_core.testing.contracts import (
    AdmissionSignerContract,
    EnvironmentContract,
    EventRepositoryContract,
    LeasesContract,
    NotificationReaderContract,
    PaymentGatewayContract,
    QrEncoderContract,
    TicketRepositoryContract,
)
from ticketing_core.testing.environment import ManualClock, SequentialCodes
from ticketing_core.testing.gateway import CannotPay, FakeGateway, Fault
from ticketing_core.testing.notifications import PlainNotifications, plain_notification
from ticketing_core.testing.store import InMemoryEvents, InMemoryLeases, InMemoryTickets

__all__ = [
    "AdmissionSignerContract",
    "CannotPay",
    "EnvironmentContract",
    "EventRepositoryContract",
    "FakeGateway",
    "Fault",
    "InMemoryEvents",
    "InMemoryLeases",
    "InMemoryTickets",
    "LeasesContract",
    "ManualClock",
    "NotificationReaderContract",
    "PaymentGatewayContract",
    "PlainNotifications",
    "PlainQrEncoder",
    "PlainSigner",
    "QrEncoderContract",
    "SequentialCodes",
    "TicketRepositoryContract",
    "plain_notification",
]
