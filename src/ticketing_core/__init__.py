"""Sell tickets: reserve places, take the money, issue, never oversell, never lose a cent.

The core is pure: it knows the standard library and attrs, and reaches everything else through
the ports in `ticketing_core.ports`. Wire a `BoxOffice` with adapters of your own or with the
shipped ones, and prove yours with the contract suites in `ticketing_core.testing`.
"""

from ticketing_core.admission import Admission, AdmissionClaims
from ticketing_core.box_office import BoxOffice
from ticketing_core.event import Event, EventDraft
from ticketing_core.money import Money
from ticketing_core.reservation import TicketDraft
from ticketing_core.ticket import (
    TRANSITIONS,
    Checkout,
    IdempotencyKey,
    IllegalTransition,
    Ticket,
    TicketStatus,
)
from ticketing_core.use_cases.purchase import Issued, Purchase, ToPay
from ticketing_core.use_cases.settle import Settlement

__all__ = [
    "TRANSITIONS",
    "Admission",
    "AdmissionClaims",
    "BoxOffice",
    "Checkout",
    "Event",
    "EventDraft",
    "IdempotencyKey",
    "IllegalTransition",
    "Issued",
    "Money",
    "Purchase",
    "Settlement",
    "Ticket",
    "TicketDraft",
    "TicketStatus",
    "ToPay",
]
