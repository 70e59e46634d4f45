"""Tools for testing with this library: in-memory adapters, a fake gateway, contract suites.

The fakes implement their ports completely, and pass the same contract suites as the adapters for
production. A suite is a class with ``test_`` methods for pytest: inherit from it and implement the
factory methods that make your adapter.
"""

import sys

if "pytest" in sys.modules:
    # Otherwise an assertion that fails would not show its values. It must come before the import.
    sys.modules["pytest"].register_assert_rewrite(f"{__name__}.contracts")

from ticketing_core.testing.admission import PlainQrEncoder, PlainSigner
from ticketing_core.testing.admissions import InMemoryAdmissions
from ticketing_core.testing.authors import InMemoryAuthors
from ticketing_core.testing.contracts import (
    AdmissionsContract,
    AdmissionSignerContract,
    AuthorsContract,
    EnvironmentContract,
    EventRepositoryContract,
    GatewayWorld,
    InstallationContract,
    LeasesContract,
    NotificationReaderContract,
    OutboxContract,
    PaymentGatewayContract,
    QrEncoderContract,
    StrayRepositoryContract,
    TicketRepositoryContract,
)
from ticketing_core.testing.environment import ManualClock, SequentialCodes
from ticketing_core.testing.events import InMemoryEvents
from ticketing_core.testing.fake_checkout import CannotPay, DisputeStatus, RefundStatus
from ticketing_core.testing.gateway import FakeGateway, Fault
from ticketing_core.testing.installation import (
    InMemoryInstallation,
    InMemoryLeases,
    InMemoryStrays,
)
from ticketing_core.testing.notifications import PlainNotifications, plain_notification
from ticketing_core.testing.outbox import InMemoryOutbox
from ticketing_core.testing.store import InMemoryTickets

__all__ = [
    "AdmissionSignerContract",
    "AdmissionsContract",
    "AuthorsContract",
    "CannotPay",
    "DisputeStatus",
    "EnvironmentContract",
    "EventRepositoryContract",
    "FakeGateway",
    "Fault",
    "GatewayWorld",
    "InMemoryAdmissions",
    "InMemoryAuthors",
    "InMemoryEvents",
    "InMemoryInstallation",
    "InMemoryLeases",
    "InMemoryOutbox",
    "InMemoryStrays",
    "InMemoryTickets",
    "InstallationContract",
    "LeasesContract",
    "ManualClock",
    "NotificationReaderContract",
    "OutboxContract",
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
