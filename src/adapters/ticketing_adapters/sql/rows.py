"""Maps rows to the core's classes and back."""

from typing import Any

from sqlalchemy import ColumnElement, Row, true

from ticketing_core.changes import HistoryEntry
from ticketing_core.event import TERMS, Event, EventDraft, EventHistoryEntry
from ticketing_core.money import Money
from ticketing_core.scan import ScanKind, StoredScan
from ticketing_core.schedule import due_at
from ticketing_core.ticket import Checkout, IdempotencyKey, Ticket, TicketStatus
from ticketing_core.validators import LARGEST_ID

AnyRow = Row[*tuple[Any, ...]]


def event_of(row: AnyRow) -> Event:
    """Return the event of a row of `events`."""
    return Event(
        event_id=row.event_id,
        name=row.name,
        price=Money(row.price_minor, row.currency),
        capacity=row.capacity,
        version=row.version,
        kept=row.kept,
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        max_per_order=row.max_per_order,
        max_per_buyer=row.max_per_buyer,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        doors_at=row.doors_at,
        venue=row.venue,
        time_zone=row.time_zone,
        cancelled_at=row.cancelled_at,
        unwound_at=row.unwound_at,
    )


def event_values(event: EventDraft | Event) -> dict[str, Any]:
    """Return what an organizer has decided, as the columns of `events` hold it."""
    terms = {name: getattr(event, name) for name in TERMS - {"price"}}
    price = {"price_minor": event.price.amount_minor, "currency": event.price.currency}
    return terms | price


def version_values(event: Event) -> dict[str, Any]:
    """Return the columns that hold a version of an event, which are all but its id and `kept`."""
    return event_values(event) | {
        "version": event.version,
        "cancelled_at": event.cancelled_at,
        "unwound_at": event.unwound_at,
    }


def history_entry_of(row: AnyRow) -> HistoryEntry:
    """Return the entry of a row of `ticket_history`."""
    return HistoryEntry(
        version=row.version, status=TicketStatus(row.status), at=row.at, why=row.why, by=row.by
    )


def event_history_entry_of(row: AnyRow) -> EventHistoryEntry:
    """Return the entry of a row of `event_history`."""
    return EventHistoryEntry(version=row.version, at=row.at, why=row.why, by=row.by)


def scan_of(row: AnyRow) -> StoredScan:
    """Return the scan of a row of `admissions`."""
    return StoredScan(
        scan_id=row.scan_id,
        kind=ScanKind(row.kind),
        ticket_id=row.ticket_id,
        event_id=row.event_id,
        people=row.people,
        asked=row.asked,
        outcome=row.outcome,
        inside_after=row.inside_after,
        gate=row.gate,
        by=row.by,
        at=row.at,
        stored_at=row.stored_at,
        offline=row.offline,
    )


def ticket_of(row: AnyRow) -> Ticket:
    """Return the ticket of a row of `tickets`."""
    return Ticket(
        ticket_id=row.ticket_id,
        ticket_code=row.ticket_code,
        event_id=row.event_id,
        buyer=row.buyer,
        quantity=row.quantity,
        total=Money(row.total_minor, row.currency),
        status=TicketStatus(row.status),
        version=row.version,
        created_at=row.created_at,
        held_until=row.held_until,
        checkout=_checkout_of(row),
        admitted=row.admitted,
        excess=row.excess,
        payment_id=row.payment_id,
        refunded_minor=row.refunded_minor,
        charged_back_minor=row.charged_back_minor,
        disputed=row.disputed,
        owed_since=row.owed_since,
        refund_attempt=row.refund_attempt,
        refund_problem=row.refund_problem,
        failed_refunds=row.failed_refunds,
        refund_failures=row.refund_failures,
        paid_back_minor=row.paid_back_minor,
        paid_back_otherwise=row.paid_back_otherwise,
        key=_key_of(row),
    )


def _checkout_of(row: AnyRow) -> Checkout | None:
    if row.checkout_id is None:
        return None
    return Checkout(checkout_id=row.checkout_id, url=row.checkout_url, ends_at=row.checkout_ends_at)


def _key_of(row: AnyRow) -> IdempotencyKey | None:
    if row.idempotency_key is None:
        return None
    return IdempotencyKey(value=row.idempotency_key, fingerprint=row.idempotency_fingerprint)


def ticket_values(ticket: Ticket) -> dict[str, Any]:
    """Return the columns that hold the ticket, except its id, with a new schedule."""
    checkout, key = ticket.checkout, ticket.key
    return {
        "ticket_code": ticket.ticket_code,
        "event_id": ticket.event_id,
        "buyer": ticket.buyer,
        "quantity": ticket.quantity,
        "total_minor": ticket.total.amount_minor,
        "currency": ticket.total.currency,
        "status": ticket.status.value,
        "version": ticket.version,
        "created_at": ticket.created_at,
        "held_until": ticket.held_until,
        "checkout_id": None if checkout is None else checkout.checkout_id,
        "checkout_url": None if checkout is None else checkout.url,
        "checkout_ends_at": None if checkout is None else checkout.ends_at,
        "admitted": ticket.admitted,
        "excess": ticket.excess,
        "payment_id": ticket.payment_id,
        "refunded_minor": ticket.refunded_minor,
        "charged_back_minor": ticket.charged_back_minor,
        "disputed": ticket.disputed,
        "owed_since": ticket.owed_since,
        "refund_attempt": ticket.refund_attempt,
        "refund_problem": ticket.refund_problem,
        "failed_refunds": ticket.failed_refunds,
        "refund_failures": ticket.refund_failures,
        "paid_back_minor": ticket.paid_back_minor,
        "paid_back_otherwise": ticket.paid_back_otherwise,
        "idempotency_key": None if key is None else key.value,
        "idempotency_fingerprint": None if key is None else key.fingerprint,
        "next_try_at": due_at(ticket),
        "tries": 0,
    }


def is_storable_id(number: int) -> bool:
    """Return whether a row can have this id; drivers refuse numbers that no column can hold."""
    return 1 <= number <= LARGEST_ID


def is_storable_text(value: str) -> bool:
    """Return whether a row can hold this text.

    PostgreSQL stores no NUL character, and UTF-8 has no lone surrogate.
    """
    return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)


def storable(note: str) -> str:
    """Return the note as a row can hold it: odd text from a gateway must not block a change."""
    return note.encode(errors="replace").decode().replace("\0", "?")


def is_below(ids: ColumnElement[int], before: int | None) -> ColumnElement[bool]:
    """Return the condition for a page of falling ids; any number is allowed (`is_storable_id`)."""
    if before is None or before > LARGEST_ID:
        return true()
    return ids < max(before, 0)


def is_above(ids: ColumnElement[int], after: int) -> ColumnElement[bool]:
    """Return the condition for a page of rising ids; see `is_below`."""
    return ids > min(max(after, 0), LARGEST_ID)
