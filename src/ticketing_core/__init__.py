"""Sell tickets: reserve places, take the money, issue, never oversell, never lose a cent.

Wire a `BoxOffice` with the adapters from `ticketing_adapters` or with your own, and prove yours
with the contract suites in `ticketing_core.testing`. The core imports only the standard library and
attrs, and reaches everything else through the ports in `ticketing_core.ports`.
"""

from ticketing_core._version import __version__
from ticketing_core.admission import Admission, AdmissionClaims
from ticketing_core.back_office import BackOffice
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
from ticketing_core.use_cases.news import NewsRead
from ticketing_core.use_cases.purchase import Issued, Purchase, ToPay
from ticketing_core.use_cases.reconcile import Compared, Difference, Finding
from ticketing_core.use_cases.restore import (
    AnotherAccount,
    LeftForPerson,
    LeftOpen,
    RestoreStep,
    StepDone,
)
from ticketing_core.use_cases.settle import Settlement
from ticketing_core.use_cases.settle_due import Tally

__all__ = [
    "TRANSITIONS",
    "Admission",
    "AdmissionClaims",
    "AnotherAccount",
    "BackOffice",
    "BoxOffice",
    "Checkout",
    "Compared",
    "Difference",
    "Event",
    "EventDraft",
    "Finding",
    "IdempotencyKey",
    "IllegalTransition",
    "Issued",
    "LeftForPerson",
    "LeftOpen",
    "Money",
    "NewsRead",
    "Purchase",
    "RestoreStep",
    "Settlement",
    "StepDone",
    "Tally",
    "Ticket",
    "TicketDraft",
    "TicketStatus",
    "ToPay",
    "__version__",
]
