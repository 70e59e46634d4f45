"""What the core needs from outside, as protocols with the promise of each method."""

from ticketing_core.ports.admission import AdmissionSigner, Forged, QrEncoder
from ticketing_core.ports.environment import Clock, Codes
from ticketing_core.ports.gateway import (
    CheckoutState,
    Closed,
    GivenBack,
    Missing,
    NotConfigured,
    Open,
    OpenOutcome,
    Paid,
    PaymentGateway,
    Processing,
    RefundOutcome,
    Refused,
    TooSmall,
    Unknown,
)
from ticketing_core.ports.repository import (
    Added,
    EventRepository,
    HistoryEntry,
    IdTaken,
    Replaced,
    Stale,
    TicketRepository,
)

__all__ = [
    "Added",
    "AdmissionSigner",
    "CheckoutState",
    "Clock",
    "Closed",
    "Codes",
    "EventRepository",
    "Forged",
    "GivenBack",
    "HistoryEntry",
    "IdTaken",
    "Missing",
    "NotConfigured",
    "Open",
    "OpenOutcome",
    "Paid",
    "PaymentGateway",
    "Processing",
    "QrEncoder",
    "RefundOutcome",
    "Refused",
    "Replaced",
    "Stale",
    "TicketRepository",
    "TooSmall",
    "Unknown",
]
