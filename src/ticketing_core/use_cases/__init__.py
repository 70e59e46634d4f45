"""The use cases: functions whose keyword arguments name every port that they may touch."""

from ticketing_core.use_cases.cancel import cancel
from ticketing_core.use_cases.check_in import check_in, own_gate, undo
from ticketing_core.use_cases.deliver_due import deliver_due
from ticketing_core.use_cases.edit_event import (
    cancel_event,
    change_event,
    close_sale,
    create_event,
    own_event,
    preview_cancellation,
)
from ticketing_core.use_cases.erase_buyer import erase_buyer
from ticketing_core.use_cases.event_lists import (
    event_tickets,
    open_disputes,
    owed_refunds,
    own_story,
)
from ticketing_core.use_cases.event_report import event_report
from ticketing_core.use_cases.forgotten_restore import notice_restore
from ticketing_core.use_cases.lookup import own_ticket, ticket_story
from ticketing_core.use_cases.news import read_news, settle_news
from ticketing_core.use_cases.purchase import open_checkout, purchase
from ticketing_core.use_cases.reconcile import reconcile
from ticketing_core.use_cases.refund import refund
from ticketing_core.use_cases.report import report
from ticketing_core.use_cases.reserve import existing_event, reserve
from ticketing_core.use_cases.restore import restore
from ticketing_core.use_cases.settle import settle_ticket
from ticketing_core.use_cases.settle_due import settle_due
from ticketing_core.use_cases.subscriptions import (
    abandoned_messages,
    change_subscription,
    prune,
    replay,
    subscribe,
    unsubscribe,
)
from ticketing_core.use_cases.sync import sync
from ticketing_core.use_cases.unwind import unwind
from ticketing_core.use_cases.verify import verify

__all__ = [
    "abandoned_messages",
    "cancel",
    "cancel_event",
    "change_event",
    "change_subscription",
    "check_in",
    "close_sale",
    "create_event",
    "deliver_due",
    "erase_buyer",
    "event_report",
    "event_tickets",
    "existing_event",
    "notice_restore",
    "open_checkout",
    "open_disputes",
    "owed_refunds",
    "own_event",
    "own_gate",
    "own_story",
    "own_ticket",
    "preview_cancellation",
    "prune",
    "purchase",
    "read_news",
    "reconcile",
    "refund",
    "replay",
    "report",
    "reserve",
    "restore",
    "settle_due",
    "settle_news",
    "settle_ticket",
    "subscribe",
    "sync",
    "ticket_story",
    "undo",
    "unsubscribe",
    "unwind",
    "verify",
]
