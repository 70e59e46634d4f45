"""What the core needs from outside: protocols, with the promise of each method."""

from ticketing_core.ports.admission import AdmissionSigner, QrEncoder
from ticketing_core.ports.environment import Clock, Codes
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.ports.notifications import NotificationReader
from ticketing_core.ports.repository import (
    EventRepository,
    Installation,
    Leases,
    StrayRepository,
    TicketRepository,
)

__all__ = [
    "AdmissionSigner",
    "Clock",
    "Codes",
    "EventRepository",
    "Installation",
    "Leases",
    "NotificationReader",
    "PaymentGateway",
    "QrEncoder",
    "StrayRepository",
    "TicketRepository",
]
