"""Whose money a payment is by now, larger ids and amounts, and what restore, pacing and gates need.

PostgreSQL rewrites `tickets` and `ticket_history` once, since a wider id does not fit into its old
place. SQLite makes `events` and `tickets` anew, since it can add no constraint to a table.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0002"
down_revision = "0001"

_LARGEST_ID = sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name")
_FORGET_LARGEST_ID = sa.text("DELETE FROM sqlite_sequence WHERE name = :name")
_REMEMBER_LARGEST_ID = sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :largest)")

_CURRENCY_CODE = "length(currency) = 3 AND currency = lower(currency)"
_WIDE_PRICE = ("ck_events_price_in_range", "price_minor BETWEEN 0 AND 9007199254740991")
_NARROW_PRICE = ("ck_events_price_chargeable", "price_minor BETWEEN 0 AND 99999999")

_COUNTS = {
    "charged_back_minor": sa.BigInteger(),
    "failed_refunds": sa.Integer(),
    "refund_failures": sa.Integer(),
    "paid_back_minor": sa.BigInteger(),
}
"""These are zero in all rows that are there."""

_CHECKS = {
    "payment_id_not_empty": "length(payment_id) >= 1",
    "charged_back_not_negative": "charged_back_minor >= 0",
    "owed_while_refunding": "status <> 'refunding' OR owed_since IS NOT NULL",
    "failed_refunds_not_negative": "failed_refunds >= 0",
    "refund_failures_not_negative": "refund_failures >= 0",
    "paid_back_not_negative": "paid_back_minor >= 0",
    "paid_back_explained": "paid_back_minor = 0 OR paid_back_otherwise IS NOT NULL",
    "paid_back_length": "length(paid_back_otherwise) BETWEEN 1 AND 200",
    "excess_not_negative": "excess >= 0",
    "excess_beyond_quantity": "status <> 'issued' OR excess = 0 OR admitted = quantity",
}
_INDEXES: Sequence[tuple[str, list[str], str | None]] = [
    ("uq_tickets_payment_id", ["payment_id"], "payment_id IS NOT NULL"),
    ("ix_tickets_created_at", ["created_at"], None),
    (
        "ix_tickets_kept_by_buyer",
        ["event_id", "buyer"],
        "status IN ('reserved', 'paying', 'issued', 'refunding', 'refunded')",
    ),
    (
        "ix_tickets_places_due",
        ["next_try_at", "ticket_id"],
        "status IN ('reserved', 'paying')",
    ),
    ("ix_tickets_refunds_due", ["next_try_at", "ticket_id"], "status = 'refunding'"),
    ("ix_tickets_look_at", ["look_at"], "look_at IS NOT NULL"),
    ("ix_tickets_with_checkout", ["ticket_id"], "checkout_id IS NOT NULL"),
    ("ix_tickets_given_up", ["event_id", "ticket_id"], "status IN ('cancelled', 'expired')"),
    ("ix_tickets_over", ["event_id", "ticket_id"], "excess > 0"),
]
_OLD_INDEXES: Sequence[tuple[str, list[str], str | None]] = [
    ("ix_tickets_next_try_at", ["next_try_at"], "next_try_at IS NOT NULL"),
    ("ix_tickets_event_id_buyer", ["event_id", "buyer"], None),
]


def upgrade() -> None:
    """Add the columns, tables and indexes."""
    for name, _, _ in _OLD_INDEXES:
        op.drop_index(name, "tickets")
    _resize_ids(sa.BigInteger())
    _set_price_bounds(sa.BigInteger(), old=_NARROW_PRICE, new=_WIDE_PRICE)
    for column in _ticket_columns():
        op.add_column("tickets", column)
    op.execute("UPDATE tickets SET owed_since = created_at WHERE status = 'refunding'")
    with _remade("tickets") as tickets:
        for name, type_ in _COUNTS.items():
            tickets.alter_column(name, existing_type=type_, server_default=None)
        for name, rule in _CHECKS.items():
            tickets.create_check_constraint(f"ck_tickets_{name}", sa.text(rule))
    for index in _INDEXES:
        _create_index(*index)
    with _remade("installation", gives_ids=False) as installation:
        installation.add_column(_instant("news_position"))
        installation.add_column(_instant("restoring_since"))
        installation.add_column(
            sa.Column("epoch", sa.Integer(), nullable=False, server_default=sa.text("1"))
        )
        installation.create_check_constraint(
            "ck_installation_epoch_positive", sa.text("epoch >= 1")
        )
    op.add_column("public_keys", _instant("revoked_at"))
    _create_strays()
    _create_admissions()
    op.create_table(
        "pace",
        sa.Column("operation", sa.Text(), nullable=False),
        _instant("next_at", nullable=False),
        sa.PrimaryKeyConstraint("operation", name="pk_pace"),
    )


def downgrade() -> None:
    """Take all of it away. Larger ids and prices than version 0001 can hold are an error."""
    op.drop_table("pace")
    op.drop_table("admissions")
    op.drop_table("strays")
    with _remade("public_keys", gives_ids=False) as public_keys:
        # The old version takes the tokens of revoked keys for genuine.
        public_keys.drop_column("revoked_at")
    with _remade("installation", gives_ids=False) as installation:
        installation.drop_constraint("ck_installation_epoch_positive", type_="check")
        for name in ("news_position", "restoring_since", "epoch"):
            installation.drop_column(name)
    for name, _, _ in _INDEXES:
        op.drop_index(name, "tickets")
    with _remade("tickets") as tickets:
        for name in _CHECKS:
            tickets.drop_constraint(f"ck_tickets_{name}", type_="check")
        for column in _ticket_columns():
            tickets.drop_column(column.name)
    _set_price_bounds(sa.Integer(), old=_WIDE_PRICE, new=_NARROW_PRICE)
    _resize_ids(sa.Integer())
    for index in _OLD_INDEXES:
        _create_index(*index)


def _is_sqlite() -> bool:
    return op.get_context().dialect.name == "sqlite"


def _instant(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _ticket_columns() -> Sequence[sa.Column[Any]]:
    counts = {
        name: sa.Column(name, type_, nullable=False, server_default="0")
        for name, type_ in _COUNTS.items()
    }
    return [
        sa.Column("payment_id", sa.Text()),
        counts["charged_back_minor"],
        _instant("owed_since"),
        counts["failed_refunds"],
        counts["refund_failures"],
        counts["paid_back_minor"],
        sa.Column("paid_back_otherwise", sa.Text()),
        _instant("look_at"),
        sa.Column("excess", sa.Integer(), nullable=False, server_default=sa.text("0")),
    ]


def _create_index(name: str, columns: list[str], where: str | None) -> None:
    condition = None if where is None else sa.text(where)
    op.create_index(
        name,
        "tickets",
        columns,
        unique=name.startswith("uq_"),
        postgresql_where=condition,
        sqlite_where=condition,
    )


@contextmanager
def _remade(table: str, *, gives_ids: bool = True) -> Iterator[BatchOperations]:
    """Change a table: on SQLite in a copy, which then takes its name and gives the same ids."""
    largest = None
    if gives_ids and _is_sqlite():
        largest = op.get_bind().scalar(_LARGEST_ID, {"name": table})
    with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": gives_ids}) as changes:
        yield changes
    if largest is not None:
        # The copy knows only the ids of the rows that are left.
        op.get_bind().execute(_FORGET_LARGEST_ID, {"name": table})
        op.get_bind().execute(_REMEMBER_LARGEST_ID, {"name": table, "largest": largest})


def _resize_ids(type_: sa.Integer) -> None:
    """Change the size of all ids on PostgreSQL. On SQLite they have 64 bits already.

    One statement for each table: each of them rewrites it. The foreign keys are checked once, at
    the end.
    """
    if _is_sqlite():
        return
    op.drop_constraint("fk_tickets_event_id", "tickets")
    op.drop_constraint("fk_ticket_history_ticket_id", "ticket_history")
    for table, columns in (
        ("events", ["event_id"]),
        ("tickets", ["ticket_id", "event_id"]),
        ("ticket_history", ["ticket_id"]),
    ):
        changes = ", ".join(f"ALTER COLUMN {column} TYPE {type_}" for column in columns)
        op.execute(f"ALTER TABLE {table} {changes}")
    op.create_foreign_key("fk_tickets_event_id", "tickets", "events", ["event_id"], ["event_id"])
    op.create_foreign_key(
        "fk_ticket_history_ticket_id", "ticket_history", "tickets", ["ticket_id"], ["ticket_id"]
    )


def _set_price_bounds(type_: sa.Integer, *, old: tuple[str, str], new: tuple[str, str]) -> None:
    name, rule = new
    with _remade("events") as events:
        events.drop_constraint(old[0], type_="check")
        events.alter_column("price_minor", existing_nullable=False, type_=type_)
        events.create_check_constraint(name, sa.text(rule))


def _create_strays() -> None:
    op.create_table(
        "strays",
        sa.Column("checkout_id", sa.Text(), nullable=False),
        sa.Column("ticket_code", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Text()),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        _instant("first_seen_at", nullable=False),
        _instant("settled_at"),
        sa.Column("how", sa.Text()),
        sa.PrimaryKeyConstraint("checkout_id", name="pk_strays"),
        *(
            sa.CheckConstraint(rule, name=f"ck_strays_{name}")
            for name, rule in (
                ("checkout_id_length", "length(checkout_id) BETWEEN 1 AND 255"),
                ("amount_not_negative", "amount_minor >= 0"),
                ("currency_code", _CURRENCY_CODE),
                ("settled_complete", "(settled_at IS NULL) = (how IS NULL)"),
            )
        ),
    )


def _create_admissions() -> None:
    checks = {
        "kind_known": "kind IN ('refused', 'let_in', 'undone', 'stray')",
        "people_of_kind": "CASE kind WHEN 'let_in' THEN people >= 1 WHEN 'undone' THEN people <= 0"
        " ELSE people = 0 END",
        "nth_positive": "nth >= 1",
        "asked_positive": "asked >= 1",
        "inside_after_not_negative": "inside_after >= 0",
        "gate_length": "length(gate) BETWEEN 1 AND 60",
        "by_length": 'length("by") BETWEEN 1 AND 200',
        "offline_known": "offline IN (false, true)",
    }
    id_ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "admissions",
        sa.Column("number", id_, sa.Identity(), nullable=False),
        sa.Column("scan_id", sa.Uuid(), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ticket_id", id_, nullable=False),
        sa.Column("event_id", id_, nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("asked", sa.Integer()),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("inside_after", sa.Integer(), nullable=False),
        sa.Column("gate", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        _instant("at", nullable=False),
        _instant("stored_at", nullable=False),
        sa.Column("offline", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_admissions"),
        sa.UniqueConstraint("scan_id", "nth", name="uq_admissions_scan_id_nth"),
        *(sa.CheckConstraint(rule, name=f"ck_admissions_{name}") for name, rule in checks.items()),
    )
    op.create_index("ix_admissions_ticket_id_kind", "admissions", ["ticket_id", "kind"])
    is_stray = sa.text("kind = 'stray'")
    op.create_index(
        "ix_admissions_strays",
        "admissions",
        ["event_id", "number"],
        postgresql_where=is_stray,
        sqlite_where=is_stray,
    )
