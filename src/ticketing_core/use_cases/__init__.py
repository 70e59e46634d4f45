"""The use cases: functions whose keyword arguments name every port that they may touch."""

from ticketing_core.use_cases.cancel import cancel
from ticketing_core.use_cases.forgotten_restore import notice_restore
from ticketing_core.use_cases.lookup import own_ticket
from ticketing_core.use_cases.news import read_news, settle_news
from ticketing_core.use_cases.purchase import open_checkout, purchase
from ticketing_core.use_cases.reconcile import reconcile
from ticketing_core.use_cases.refund import refund
from ticketing_core.use_cases.reserve import existing_event, reserve
from ticketing_core.use_cases.restore import restore
from ticketing_core.use_cases.settle import settle_ticket
from ticketing_core.use_cases.settle_due import settle_due
from ticketing_core.use_cases.verify import verify

__all__ = [
    "cancel",
    "existing_event",
    "notice_restore",
    "open_checkout",
    "own_ticket",
    "purchase",
    "read_news",
    "reconcile",
    "refund",
    "reserve",
    "restore",
    "settle_due",
    "settle_news",
    "settle_ticket",
    "verify",
]
