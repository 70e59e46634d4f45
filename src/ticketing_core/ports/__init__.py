"""What the core needs from outside: protocols, with the promise of each method."""

from ticketing_core.ports.admission import AdmissionSigner, QrEncoder
from ticketing_core.ports.authors import Authors
from ticketing_core.ports.environment import Clock, Codes
from ticketing_core.ports.event_tickets import EventTickets
from ticketing_core.ports.events import EventRepository
from ticketing_core.ports.gate import Admissions
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.ports.notifications import NotificationReader
from ticketing_core.ports.outbox import Outbox, Subscriber
from ticketing_core.ports.repository import Installation, Leases, StrayRepository, TicketRepository

__all__ = [
    "AdmissionSigner",
    "Admissions",
    "Authors",
    "Clock",
    "Codes",
    "EventRepository",
    "EventTickets",
    "Installation",
    "Leases",
    "NotificationReader",
    "Outbox",
    "PaymentGateway",
    "QrEncoder",
    "StrayRepository",
    "Subscriber",
    "TicketRepository",
]
