"""Contract suites: what every adapter of a port has to do, as tests to inherit from.

To use a suite, inherit from it and implement its factory methods, which make the adapter. The suite
brings everything else.
"""

from ticketing_core.testing.contracts.admission import AdmissionSignerContract, QrEncoderContract
from ticketing_core.testing.contracts.authors import AuthorsContract
from ticketing_core.testing.contracts.environment import EnvironmentContract
from ticketing_core.testing.contracts.events import EventRepositoryContract
from ticketing_core.testing.contracts.gateway import PaymentGatewayContract
from ticketing_core.testing.contracts.gateway_world import GatewayWorld
from ticketing_core.testing.contracts.holds import HoldContract
from ticketing_core.testing.contracts.installation import InstallationContract
from ticketing_core.testing.contracts.journals import AdmissionsContract
from ticketing_core.testing.contracts.leases import LeasesContract
from ticketing_core.testing.contracts.notifications import NotificationReaderContract
from ticketing_core.testing.contracts.outbox import OutboxContract
from ticketing_core.testing.contracts.strays import StrayRepositoryContract
from ticketing_core.testing.contracts.tickets import TicketRepositoryContract

__all__ = [
    "AdmissionSignerContract",
    "AdmissionsContract",
    "AuthorsContract",
    "EnvironmentContract",
    "EventRepositoryContract",
    "GatewayWorld",
    "HoldContract",
    "InstallationContract",
    "LeasesContract",
    "NotificationReaderContract",
    "OutboxContract",
    "PaymentGatewayContract",
    "QrEncoderContract",
    "StrayRepositoryContract",
    "TicketRepositoryContract",
]
