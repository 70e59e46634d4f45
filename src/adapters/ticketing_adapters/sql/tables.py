"""The tables, with a constraint for each rule of the core that a row can break.

The migrations in `migrations/versions` make them; a test compares the two.
"""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
    case,
    text,
)

from ticketing_core.event import LONGEST_NAME
from ticketing_core.ticket import (
    KEEPS_ADMITTED_PLACES,
    KEEPS_ALL_PLACES,
    LONGEST_BUYER,
    LONGEST_CHECKOUT_ID,
    LONGEST_KEY,
    TicketStatus,
)


class Instant(TypeDecorator[datetime]):
    """An aware instant, to the microsecond, stored and read back in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC. SQLite stores text that sorts by time."""
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Add the zone, or convert to UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


NAMES: Final = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}
"""Every constraint has a name with its table in it, so that a migration can change it."""

metadata = MetaData(naming_convention=NAMES)


def _check(name: str, rule: str) -> CheckConstraint:
    return CheckConstraint(rule, name=name)


def _values(statuses: frozenset[TicketStatus]) -> list[str]:
    return [status.value for status in TicketStatus if status in statuses]


def _listed(statuses: frozenset[TicketStatus]) -> str:
    return ", ".join(f"'{value}'" for value in _values(statuses))


_LARGEST_PRICE = 99_999_999
"""Of the first schema. Prices in rupiah need more."""

_STATUS_RULE = f"status IN ({_listed(frozenset(TicketStatus))})"
_WAITING = _listed(frozenset({TicketStatus.RESERVED, TicketStatus.PAYING, TicketStatus.REFUNDING}))

events = Table(
    "events",
    metadata,
    # Given by the database unless the draft names one; never given twice.
    Column("event_id", Integer, Identity(), primary_key=True),
    Column("name", Text, nullable=False),
    Column("price_minor", Integer, nullable=False),
    Column("currency", Text, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("kept", Integer, nullable=False),
    Column("opens_at", Instant),
    Column("closes_at", Instant),
    Column("max_per_order", Integer, nullable=False),
    Column("max_per_buyer", Integer),
    _check("event_id_positive", "event_id >= 1"),
    _check("name_length", f"length(name) BETWEEN 1 AND {LONGEST_NAME}"),
    _check("price_chargeable", f"price_minor BETWEEN 0 AND {_LARGEST_PRICE}"),
    _check("currency_code", "length(currency) = 3 AND currency = lower(currency)"),
    _check("capacity_positive", "capacity >= 1"),
    _check("kept_within_capacity", "0 <= kept AND kept <= capacity"),
    _check("closes_after_opening", "closes_at > opens_at"),
    _check("max_per_order_positive", "max_per_order >= 1"),
    _check("max_per_buyer_positive", "max_per_buyer >= 1"),
    sqlite_autoincrement=True,
)

tickets = Table(
    "tickets",
    metadata,
    Column("ticket_id", Integer, Identity(), primary_key=True),
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
    UniqueConstraint("ticket_code"),
    UniqueConstraint("checkout_id"),
    _check("ticket_id_positive", "ticket_id >= 1"),
    _check("buyer_length", f"length(buyer) BETWEEN 1 AND {LONGEST_BUYER}"),
    _check("quantity_positive", "quantity >= 1"),
    _check("total_not_negative", "total_minor >= 0"),
    _check("currency_code", "length(currency) = 3 AND currency = lower(currency)"),
    _check("status_known", _STATUS_RULE),
    _check("version_positive", "version >= 1"),
    _check("held_while_unpaid", "status NOT IN ('reserved', 'paying') OR held_until IS NOT NULL"),
    _check("checkout_while_paying", "status <> 'paying' OR checkout_id IS NOT NULL"),
    _check("checkout_id_length", f"length(checkout_id) BETWEEN 1 AND {LONGEST_CHECKOUT_ID}"),
    _check(
        "checkout_complete",
        "(checkout_id IS NULL) = (checkout_url IS NULL)"
        " AND (checkout_id IS NULL) = (checkout_ends_at IS NULL)",
    ),
    _check("admitted_within_quantity", "0 <= admitted AND admitted <= quantity"),
    _check("disputed_known", "disputed IN (false, true)"),
    _check("refunded_not_negative", "refunded_minor >= 0"),
    _check("refund_attempt_not_negative", "refund_attempt >= 0"),
    _check("key_length", f"length(idempotency_key) BETWEEN 1 AND {LONGEST_KEY}"),
    _check("key_complete", "(idempotency_key IS NULL) = (idempotency_fingerprint IS NULL)"),
    _check("scheduled_while_waiting", f"(next_try_at IS NOT NULL) = (status IN ({_WAITING}))"),
    _check("tries_not_negative", "tries >= 0"),
    sqlite_autoincrement=True,
)

Index(
    "uq_tickets_buyer_idempotency_key",
    tickets.c.buyer,
    tickets.c.idempotency_key,
    unique=True,
    # Most tickets have no key.
    postgresql_where=text("idempotency_key IS NOT NULL"),
    sqlite_where=text("idempotency_key IS NOT NULL"),
)
# A buyer's tickets at one event, for the limit and the open checkout.
Index(None, tickets.c.event_id, tickets.c.buyer)
# A buyer's tickets, page by page.
Index(None, tickets.c.buyer, tickets.c.ticket_id)
# The few tickets of millions that have to be settled.
Index(
    None,
    tickets.c.next_try_at,
    postgresql_where=text("next_try_at IS NOT NULL"),
    sqlite_where=text("next_try_at IS NOT NULL"),
)

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
    _check("version_positive", "version >= 1"),
    _check("status_known", _STATUS_RULE),
)

installation = Table(
    "installation",
    metadata,
    Column("only_row", Integer, primary_key=True, autoincrement=False),
    Column("installation_id", Uuid, nullable=False),
    _check("only_row", "only_row = 1"),
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
)

PLACES = case(
    (tickets.c.status.in_(_values(KEEPS_ALL_PLACES)), tickets.c.quantity),
    (tickets.c.status.in_(_values(KEEPS_ADMITTED_PLACES)), tickets.c.admitted),
    else_=0,
)
"""`Ticket.places` in SQL."""
