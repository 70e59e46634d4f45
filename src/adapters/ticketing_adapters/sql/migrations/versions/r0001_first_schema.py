"""The first schema: events, tickets and their history, the installation's id, leases, public keys.

Written out instead of taken from `tables`: what this did once must stay what it was.
"""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

STATUS_KNOWN = (
    "status IN ('reserved', 'paying', 'issued', 'cancelled', 'expired', 'refunding', 'refunded')"
)
CURRENCY_CODE = "length(currency) = 3 AND currency = lower(currency)"


def upgrade() -> None:
    """Make all tables, and the installation's id."""
    _create_events()
    _create_tickets()
    _create_ticket_indexes()
    _create_ticket_history()
    _create_installation()
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        _instant("held_until", nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
    op.create_table(
        "public_keys",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("jwk", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("kid", name="pk_public_keys"),
    )


def _instant(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _check(name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=name)


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("event_id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("price_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        _instant("opens_at"),
        _instant("closes_at"),
        sa.Column("max_per_order", sa.Integer(), nullable=False),
        sa.Column("max_per_buyer", sa.Integer()),
        sa.PrimaryKeyConstraint("event_id", name="pk_events"),
        _check("ck_events_event_id_positive", "event_id >= 1"),
        _check("ck_events_name_length", "length(name) BETWEEN 1 AND 200"),
        _check("ck_events_price_chargeable", "price_minor BETWEEN 0 AND 99999999"),
        _check("ck_events_currency_code", CURRENCY_CODE),
        _check("ck_events_capacity_positive", "capacity >= 1"),
        _check("ck_events_kept_within_capacity", "0 <= kept AND kept <= capacity"),
        _check("ck_events_closes_after_opening", "closes_at > opens_at"),
        _check("ck_events_max_per_order_positive", "max_per_order >= 1"),
        _check("ck_events_max_per_buyer_positive", "max_per_buyer >= 1"),
        sqlite_autoincrement=True,
    )


def _create_tickets() -> None:
    op.create_table(
        "tickets",
        sa.Column("ticket_id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("ticket_code", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("buyer", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _instant("created_at", nullable=False),
        _instant("held_until"),
        sa.Column("checkout_id", sa.Text()),
        sa.Column("checkout_url", sa.Text()),
        _instant("checkout_ends_at"),
        sa.Column("admitted", sa.Integer(), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("disputed", sa.Boolean(), nullable=False),
        sa.Column("refund_attempt", sa.Integer(), nullable=False),
        sa.Column("refund_problem", sa.Text()),
        sa.Column("idempotency_key", sa.Text()),
        sa.Column("idempotency_fingerprint", sa.Text()),
        _instant("next_try_at"),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_tickets"),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"], name="fk_tickets_event_id"),
        sa.UniqueConstraint("ticket_code", name="uq_tickets_ticket_code"),
        sa.UniqueConstraint("checkout_id", name="uq_tickets_checkout_id"),
        *_ticket_checks(),
        sqlite_autoincrement=True,
    )


def _ticket_checks() -> list[sa.CheckConstraint]:
    return [
        _check("ck_tickets_ticket_id_positive", "ticket_id >= 1"),
        _check("ck_tickets_buyer_length", "length(buyer) BETWEEN 1 AND 200"),
        _check("ck_tickets_quantity_positive", "quantity >= 1"),
        _check("ck_tickets_total_not_negative", "total_minor >= 0"),
        _check("ck_tickets_currency_code", CURRENCY_CODE),
        _check("ck_tickets_status_known", STATUS_KNOWN),
        _check("ck_tickets_version_positive", "version >= 1"),
        _check(
            "ck_tickets_held_while_unpaid",
            "status NOT IN ('reserved', 'paying') OR held_until IS NOT NULL",
        ),
        _check("ck_tickets_checkout_while_paying", "status <> 'paying' OR checkout_id IS NOT NULL"),
        _check("ck_tickets_checkout_id_length", "length(checkout_id) BETWEEN 1 AND 255"),
        _check(
            "ck_tickets_checkout_complete",
            "(checkout_id IS NULL) = (checkout_url IS NULL)"
            " AND (checkout_id IS NULL) = (checkout_ends_at IS NULL)",
        ),
        _check("ck_tickets_admitted_within_quantity", "0 <= admitted AND admitted <= quantity"),
        _check("ck_tickets_disputed_known", "disputed IN (false, true)"),
        _check("ck_tickets_refunded_not_negative", "refunded_minor >= 0"),
        _check("ck_tickets_refund_attempt_not_negative", "refund_attempt >= 0"),
        _check("ck_tickets_key_length", "length(idempotency_key) BETWEEN 1 AND 200"),
        _check(
            "ck_tickets_key_complete",
            "(idempotency_key IS NULL) = (idempotency_fingerprint IS NULL)",
        ),
        _check(
            "ck_tickets_scheduled_while_waiting",
            "(next_try_at IS NOT NULL) = (status IN ('reserved', 'paying', 'refunding'))",
        ),
        _check("ck_tickets_tries_not_negative", "tries >= 0"),
    ]


def _create_ticket_indexes() -> None:
    has_key = sa.text("idempotency_key IS NOT NULL")
    op.create_index(
        "uq_tickets_buyer_idempotency_key",
        "tickets",
        ["buyer", "idempotency_key"],
        unique=True,
        postgresql_where=has_key,
        sqlite_where=has_key,
    )
    op.create_index("ix_tickets_event_id_buyer", "tickets", ["event_id", "buyer"])
    op.create_index("ix_tickets_buyer_ticket_id", "tickets", ["buyer", "ticket_id"])
    is_waiting = sa.text("next_try_at IS NOT NULL")
    op.create_index(
        "ix_tickets_next_try_at",
        "tickets",
        ["next_try_at"],
        postgresql_where=is_waiting,
        sqlite_where=is_waiting,
    )


def _create_ticket_history() -> None:
    op.create_table(
        "ticket_history",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        _instant("at", nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", "version", name="pk_ticket_history"),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.ticket_id"], name="fk_ticket_history_ticket_id"
        ),
        _check("ck_ticket_history_version_positive", "version >= 1"),
        _check("ck_ticket_history_status_known", STATUS_KNOWN),
    )


def _create_installation() -> None:
    installation = op.create_table(
        "installation",
        sa.Column("only_row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("installation_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("only_row", name="pk_installation"),
        _check("ck_installation_only_row", "only_row = 1"),
    )
    op.bulk_insert(installation, [{"only_row": 1, "installation_id": uuid4()}])
