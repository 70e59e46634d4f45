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
from ticketing_core.event_records import EventRecords
from ticketing_core.gate import Attendance, Gate
from ticketing_core.message import Message, MessageKind
from ticketing_core.money import Money
from ticketing_core.organizer import Organizer
from ticketing_core.privacy_office import PrivacyOffice
from ticketing_core.query import TicketQuery
from ticketing_core.records import Records
from ticketing_core.reservation import TicketDraft
from ticketing_core.subscription import Subscription
from ticketing_core.subscriptions import Subscriptions
from ticketing_core.sums import DaySums, Sums
from ticketing_core.ticket import (
    TRANSITIONS,
    Checkout,
    IdempotencyKey,
    IllegalTransition,
    Ticket,
    TicketStatus,
)
from ticketing_core.use_cases.deliver_due import Deliveries
from ticketing_core.use_cases.edit_event import Cancellation
from ticketing_core.use_cases.erase_buyer import Erased
from ticketing_core.use_cases.event_lists import DisputesPage, TicketsPage, WholeStory
from ticketing_core.use_cases.event_report import EventReport, HourSums
from ticketing_core.use_cases.lookup import TicketStory
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
from ticketing_core.use_cases.sync import JournalEntry, SyncResult

__all__ = [
    "TRANSITIONS",
    "Admission",
    "AdmissionClaims",
    "AnotherAccount",
    "Attendance",
    "BackOffice",
    "BoxOffice",
    "Cancellation",
    "Checkout",
    "Compared",
    "DaySums",
    "Deliveries",
    "Difference",
    "DisputesPage",
    "Erased",
    "Event",
    "EventDraft",
    "EventRecords",
    "EventReport",
    "Finding",
    "Gate",
    "HourSums",
    "IdempotencyKey",
    "IllegalTransition",
    "Issued",
    "JournalEntry",
    "LeftForPerson",
    "LeftOpen",
    "Message",
    "MessageKind",
    "Money",
    "NewsRead",
    "Organizer",
    "PrivacyOffice",
    "Purchase",
    "Records",
    "RestoreStep",
    "Settlement",
    "StepDone",
    "Subscription",
    "Subscriptions",
    "Sums",
    "SyncResult",
    "Tally",
    "Ticket",
    "TicketDraft",
    "TicketQuery",
    "TicketStatus",
    "TicketStory",
    "TicketsPage",
    "ToPay",
    "WholeStory",
    "__version__",
]
