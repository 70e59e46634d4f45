"""The tables, with a constraint for each rule of the core that a row can break.

The migrations in `migrations/versions` make them; a test compares the two.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    literal_column,
    text,
)

from ticketing_adapters.sql.declarations import (
    NAMES,
    Id,
    Instant,
    by_code_point,
    check,
    partial_index,
)
from ticketing_core.event import LONGEST_NAME, LONGEST_VENUE
from ticketing_core.money import LARGEST_AMOUNT_MINOR
from ticketing_core.ticket import (
    KEEPS_ADMITTED_PLACES,
    KEEPS_ALL_PLACES,
    LONGEST_BUYER,
    LONGEST_CHECKOUT_ID,
    LONGEST_KEY,
    LONGEST_NOTE,
    UNPAID,
    TicketStatus,
)

metadata = MetaData(naming_convention=NAMES)


def _values(statuses: frozenset[TicketStatus]) -> list[str]:
    return [status.value for status in TicketStatus if status in statuses]


def _listed(statuses: frozenset[TicketStatus]) -> str:
    return ", ".join(f"'{value}'" for value in _values(statuses))


_STATUS_RULE = f"status IN ({_listed(frozenset(TicketStatus))})"
_WAITING = _listed(UNPAID | {TicketStatus.REFUNDING})
CURRENCY_RULE = "length(currency) = 3 AND currency = lower(currency)"
CHECKOUT_ID_RULE = f"length(checkout_id) BETWEEN 1 AND {LONGEST_CHECKOUT_ID}"

# Written out, without parameters: a prepared statement uses a partial index only if its own text
# implies the condition of the index.
KEEPS_PLACES: Final = f"status IN ({_listed(KEEPS_ALL_PLACES | KEEPS_ADMITTED_PLACES)})"
KEEPS_ALL: Final = f"status IN ({_listed(KEEPS_ALL_PLACES)})"
KEEPS_UNPAID_PLACES: Final = f"status IN ({_listed(UNPAID)})"
NOTED: Final = "look_at IS NOT NULL"
HAS_CHECKOUT: Final = "checkout_id IS NOT NULL"
GIVEN_UP: Final = (
    f"status IN ({_listed(frozenset(TicketStatus) - KEEPS_ALL_PLACES - KEEPS_ADMITTED_PLACES)})"
)
IS_UNWINDING: Final = "cancelled_at IS NOT NULL AND unwound_at IS NULL"
HAS_EXCESS: Final = "excess > 0"
IS_DISPUTED: Final = "disputed"
OWES_REFUND: Final = f"status = '{TicketStatus.REFUNDING.value}'"

events = Table(
    "events",
    metadata,
    # Given by the database unless the draft names one; never given twice.
    Column("event_id", Id, Identity(), primary_key=True),
    Column("name", Text, nullable=False),
    Column("price_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("kept", Integer, nullable=False),
    Column("opens_at", Instant),
    Column("closes_at", Instant),
    Column("max_per_order", Integer, nullable=False),
    Column("max_per_buyer", Integer),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("starts_at", Instant),
    Column("ends_at", Instant),
    Column("doors_at", Instant),
    Column("venue", Text),
    Column("time_zone", Text, nullable=False, server_default=text("'UTC'")),
    Column("cancelled_at", Instant),
    Column("unwound_at", Instant),
    check("event_id_positive", "event_id >= 1"),
    check("name_length", f"length(name) BETWEEN 1 AND {LONGEST_NAME}"),
    check("price_in_range", f"price_minor BETWEEN 0 AND {LARGEST_AMOUNT_MINOR}"),
    check("currency_code", CURRENCY_RULE),
    check("capacity_positive", "capacity >= 1"),
    check("kept_within_capacity", "0 <= kept AND kept <= capacity"),
    check("closes_after_opening", "closes_at >= opens_at"),
    check("max_per_order_positive", "max_per_order >= 1"),
    check("max_per_buyer_positive", "max_per_buyer >= 1"),
    check("version_positive", "version >= 1"),
    check("starts_after_doors", "starts_at >= doors_at"),
    check("ends_after_start", "ends_at > starts_at"),
    check("ends_after_doors", "ends_at > doors_at"),
    check("venue_length", f"length(venue) BETWEEN 1 AND {LONGEST_VENUE}"),
    check("time_zone_not_empty", "length(time_zone) >= 1"),
    check("unwound_after_cancelling", "unwound_at IS NULL OR cancelled_at IS NOT NULL"),
    sqlite_autoincrement=True,
)

# The few events whose tickets are being given back.
partial_index("ix_events_unwinding", events.c.event_id, where=IS_UNWINDING)

event_history = Table(
    "event_history",
    metadata,
    Column("event_id", ForeignKey(events.c.event_id), nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("why", Text, nullable=False),
    Column("by", Text, nullable=False),
    PrimaryKeyConstraint("event_id", "version"),
    check("version_positive", "version >= 1"),
)

tickets = Table(
    "tickets",
    metadata,
    Column("ticket_id", Id, Identity(), primary_key=True),
    Column("ticket_code", Uuid, nullable=False),
    Column("event_id", ForeignKey(events.c.event_id), nullable=False),
    Column("buyer", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("held_until", Instant),
    Column("checkout_id", Text),
    Column("checkout_url", Text),
    Column("checkout_ends_at", Instant),
    Column("admitted", Integer, nullable=False),
    Column("refunded_minor", BigInteger, nullable=False),
    Column("disputed", Boolean, nullable=False),
    Column("refund_attempt", Integer, nullable=False),
    Column("refund_problem", Text),
    Column("idempotency_key", Text),
    Column("idempotency_fingerprint", Text),
    # The schedule: when the ticket is to be settled next, and the number of claims since it last
    # changed.
    Column("next_try_at", Instant),
    Column("tries", Integer, nullable=False),
    # What the gateway reported about the payment, and what a person did about the refund.
    Column("payment_id", Text),
    Column("charged_back_minor", BigInteger, nullable=False),
    Column("owed_since", Instant),
    Column("failed_refunds", Integer, nullable=False),
    Column("refund_failures", Integer, nullable=False),
    Column("paid_back_minor", BigInteger, nullable=False),
    Column("paid_back_otherwise", Text),
    # The note that the payment has to be looked at. A change of the ticket leaves it.
    Column("look_at", Instant),
    Column("excess", Integer, nullable=False, server_default=text("0")),
    UniqueConstraint("ticket_code"),
    UniqueConstraint("checkout_id"),
    check("ticket_id_positive", "ticket_id >= 1"),
    check("buyer_length", f"length(buyer) BETWEEN 1 AND {LONGEST_BUYER}"),
    check("quantity_positive", "quantity >= 1"),
    check("total_not_negative", "total_minor >= 0"),
    check("currency_code", CURRENCY_RULE),
    check("status_known", _STATUS_RULE),
    check("version_positive", "version >= 1"),
    check("held_while_unpaid", "status NOT IN ('reserved', 'paying') OR held_until IS NOT NULL"),
    check("checkout_while_paying", "status <> 'paying' OR checkout_id IS NOT NULL"),
    check("checkout_id_length", CHECKOUT_ID_RULE),
    check(
        "checkout_complete",
        "(checkout_id IS NULL) = (checkout_url IS NULL)"
        " AND (checkout_id IS NULL) = (checkout_ends_at IS NULL)",
    ),
    check("admitted_within_quantity", "0 <= admitted AND admitted <= quantity"),
    check("excess_not_negative", "excess >= 0"),
    check("excess_beyond_quantity", "status <> 'issued' OR excess = 0 OR admitted = quantity"),
    check("disputed_known", "disputed IN (false, true)"),
    check("refunded_not_negative", "refunded_minor >= 0"),
    check("refund_attempt_not_negative", "refund_attempt >= 0"),
    check("key_length", f"length(idempotency_key) BETWEEN 1 AND {LONGEST_KEY}"),
    check("key_complete", "(idempotency_key IS NULL) = (idempotency_fingerprint IS NULL)"),
    check("scheduled_while_waiting", f"(next_try_at IS NOT NULL) = (status IN ({_WAITING}))"),
    check("tries_not_negative", "tries >= 0"),
    check("payment_id_not_empty", "length(payment_id) >= 1"),
    check("charged_back_not_negative", "charged_back_minor >= 0"),
    check("owed_while_refunding", "status <> 'refunding' OR owed_since IS NOT NULL"),
    check("failed_refunds_not_negative", "failed_refunds >= 0"),
    check("refund_failures_not_negative", "refund_failures >= 0"),
    check("paid_back_not_negative", "paid_back_minor >= 0"),
    check("paid_back_explained", "paid_back_minor = 0 OR paid_back_otherwise IS NOT NULL"),
    check("paid_back_length", f"length(paid_back_otherwise) BETWEEN 1 AND {LONGEST_NOTE}"),
    sqlite_autoincrement=True,
)

# Most tickets have no key.
partial_index(
    "uq_tickets_buyer_idempotency_key",
    tickets.c.buyer,
    tickets.c.idempotency_key,
    where="idempotency_key IS NOT NULL",
    unique=True,
)
partial_index(
    "uq_tickets_payment_id", tickets.c.payment_id, where="payment_id IS NOT NULL", unique=True
)
# A buyer's tickets at one event, for the limits and the open checkout. Those that were given up are
# left out: somebody may have thousands, and all buyers wait while they are read.
partial_index("ix_tickets_kept_by_buyer", tickets.c.event_id, tickets.c.buyer, where=KEEPS_PLACES)
# A buyer's tickets, page by page.
Index(None, tickets.c.buyer, tickets.c.ticket_id)
# What the daily comparison reads.
Index(None, tickets.c.created_at)
# The few tickets of millions that have to be settled: two queues, so that neither waits for the
# other.
partial_index(
    "ix_tickets_places_due",
    tickets.c.next_try_at,
    tickets.c.ticket_id,
    where=KEEPS_UNPAID_PLACES,
)
partial_index(
    "ix_tickets_refunds_due", tickets.c.next_try_at, tickets.c.ticket_id, where=OWES_REFUND
)
partial_index(None, tickets.c.look_at, where=NOTED)
# The newest checkout, however many free tickets are newer.
partial_index("ix_tickets_with_checkout", tickets.c.ticket_id, where=HAS_CHECKOUT)
# What a gate has to know, with those of `ix_tickets_kept_by_buyer`.
partial_index("ix_tickets_given_up", tickets.c.event_id, tickets.c.ticket_id, where=GIVEN_UP)
partial_index("ix_tickets_over", tickets.c.event_id, tickets.c.ticket_id, where=HAS_EXCESS)
# What organizers list of an event: by id, by how the buyer begins, and the few disputes. With the
# status in front one index serves all lists, as each sale writes to it at every change.
Index("ix_tickets_of_event", tickets.c.event_id, tickets.c.status, tickets.c.ticket_id)
Index(
    "ix_tickets_of_event_by_buyer",
    tickets.c.event_id,
    tickets.c.status,
    by_code_point(tickets.c.buyer),
    tickets.c.ticket_id,
)
partial_index("ix_tickets_disputed", tickets.c.event_id, tickets.c.ticket_id, where=IS_DISPUTED)

ticket_history = Table(
    "ticket_history",
    metadata,
    Column("ticket_id", ForeignKey(tickets.c.ticket_id), nullable=False),
    Column("version", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("why", Text, nullable=False),
    Column("by", Text, nullable=False),
    PrimaryKeyConstraint("ticket_id", "version"),
    check("version_positive", "version >= 1"),
    check("status_known", _STATUS_RULE),
)

# Written out, too: in a rush this is run for every step, and parameters in lists cost much of it.
PLACES: Final = literal_column(
    f"CASE WHEN status IN ({_listed(KEEPS_ALL_PLACES)}) THEN quantity"
    f" WHEN status IN ({_listed(KEEPS_ADMITTED_PLACES)}) THEN admitted ELSE 0 END",
    Integer,
)
"""`Ticket.places` in SQL."""

UNPAID_PLACES: Final = literal_column(
    f"CASE WHEN {KEEPS_UNPAID_PLACES} THEN quantity ELSE 0 END", Integer
)
"""The places of a ticket that is not paid yet."""
