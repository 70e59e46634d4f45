"""The tables, with a constraint for each rule of the core that a row can break.

The migrations in `migrations/versions` make them; a test compares the two.
"""

from typing import Final

from sqlalchemy import (
    JSON,
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
    check,
    partial_index,
)
from ticketing_core.event import LONGEST_NAME
from ticketing_core.money import LARGEST_AMOUNT_MINOR
from ticketing_core.ticket import (
    KEEPS_ADMITTED_PLACES,
    KEEPS_ALL_PLACES,
    LONGEST_BUYER,
    LONGEST_CHECKOUT_ID,
    LONGEST_KEY,
    LONGEST_NOTE,
    TicketStatus,
)

metadata = MetaData(naming_convention=NAMES)


def _values(statuses: frozenset[TicketStatus]) -> list[str]:
    return [status.value for status in TicketStatus if status in statuses]


def _listed(statuses: frozenset[TicketStatus]) -> str:
    return ", ".join(f"'{value}'" for value in _values(statuses))


_STATUS_RULE = f"status IN ({_listed(frozenset(TicketStatus))})"
_UNPAID = frozenset({TicketStatus.RESERVED, TicketStatus.PAYING})
_WAITING = _listed(_UNPAID | {TicketStatus.REFUNDING})
_CURRENCY_RULE = "length(currency) = 3 AND currency = lower(currency)"
_CHECKOUT_ID_RULE = f"length(checkout_id) BETWEEN 1 AND {LONGEST_CHECKOUT_ID}"

# Written out, without parameters: a prepared statement uses a partial index only if its own text
# implies the condition of the index.
KEEPS_PLACES: Final = f"status IN ({_listed(KEEPS_ALL_PLACES | KEEPS_ADMITTED_PLACES)})"
KEEPS_UNPAID_PLACES: Final = f"status IN ({_listed(_UNPAID)})"
NOTED: Final = "look_at IS NOT NULL"
HAS_CHECKOUT: Final = "checkout_id IS NOT NULL"
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
    check("event_id_positive", "event_id >= 1"),
    check("name_length", f"length(name) BETWEEN 1 AND {LONGEST_NAME}"),
    check("price_in_range", f"price_minor BETWEEN 0 AND {LARGEST_AMOUNT_MINOR}"),
    check("currency_code", _CURRENCY_RULE),
    check("capacity_positive", "capacity >= 1"),
    check("kept_within_capacity", "0 <= kept AND kept <= capacity"),
    check("closes_after_opening", "closes_at > opens_at"),
    check("max_per_order_positive", "max_per_order >= 1"),
    check("max_per_buyer_positive", "max_per_buyer >= 1"),
    sqlite_autoincrement=True,
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
    UniqueConstraint("ticket_code"),
    UniqueConstraint("checkout_id"),
    check("ticket_id_positive", "ticket_id >= 1"),
    check("buyer_length", f"length(buyer) BETWEEN 1 AND {LONGEST_BUYER}"),
    check("quantity_positive", "quantity >= 1"),
    check("total_not_negative", "total_minor >= 0"),
    check("currency_code", _CURRENCY_RULE),
    check("status_known", _STATUS_RULE),
    check("version_positive", "version >= 1"),
    check("held_while_unpaid", "status NOT IN ('reserved', 'paying') OR held_until IS NOT NULL"),
    check("checkout_while_paying", "status <> 'paying' OR checkout_id IS NOT NULL"),
    check("checkout_id_length", _CHECKOUT_ID_RULE),
    check(
        "checkout_complete",
        "(checkout_id IS NULL) = (checkout_url IS NULL)"
        " AND (checkout_id IS NULL) = (checkout_ends_at IS NULL)",
    ),
    check("admitted_within_quantity", "0 <= admitted AND admitted <= quantity"),
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

installation = Table(
    "installation",
    metadata,
    Column("only_row", Integer, primary_key=True, autoincrement=False),
    Column("installation_id", Uuid, nullable=False),
    # Up to where the news was read, by the gateway's clock.
    Column("news_position", Instant),
    # Since when a restored database and the gateway are brought together. Each hold reads it.
    Column("restoring_since", Instant),
    # Rises with each restore.
    Column("epoch", Integer, nullable=False, server_default=text("1")),
    check("only_row", "only_row = 1"),
    check("epoch_positive", "epoch >= 1"),
)

# Money that belongs to no ticket, or a ticket's second payment.
strays = Table(
    "strays",
    metadata,
    Column("checkout_id", Text, primary_key=True),
    Column("ticket_code", Uuid, nullable=False),
    Column("payment_id", Text),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("settled_at", Instant),
    Column("how", Text),
    check("checkout_id_length", _CHECKOUT_ID_RULE),
    check("amount_not_negative", "amount_minor >= 0"),
    check("currency_code", _CURRENCY_RULE),
    check("settled_complete", "(settled_at IS NULL) = (how IS NULL)"),
)

# When the next call of the gateway may start, for each of its operations and all together.
pace = Table(
    "pace",
    metadata,
    Column("operation", Text, primary_key=True),
    Column("next_at", Instant, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("held_until", Instant, nullable=False),
)

public_keys = Table(
    "public_keys",
    metadata,
    Column("kid", Text, primary_key=True),
    Column("jwk", JSON, nullable=False),
    Column("revoked_at", Instant),
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
