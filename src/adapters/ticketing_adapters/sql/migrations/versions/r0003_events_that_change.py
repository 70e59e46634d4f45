"""Events that change, with their history; lists of an event's tickets; and the outbox.

Sales need not stop for it, since there are few events.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0003"
down_revision = "0002"

_LARGEST_ID = sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'events'")
_FORGET_LARGEST_ID = sa.text("DELETE FROM sqlite_sequence WHERE name = 'events'")
_REMEMBER_LARGEST_ID = sa.text(
    "INSERT INTO sqlite_sequence (name, seq) VALUES ('events', :largest)"
)

_INSTANTS = ("starts_at", "ends_at", "doors_at", "cancelled_at", "unwound_at")
_CHECKS = {
    "closes_after_opening": "closes_at >= opens_at",
    "version_positive": "version >= 1",
    "starts_after_doors": "starts_at >= doors_at",
    "ends_after_start": "ends_at > starts_at",
    "ends_after_doors": "ends_at > doors_at",
    "venue_length": "length(venue) BETWEEN 1 AND 200",
    "time_zone_not_empty": "length(time_zone) >= 1",
    "unwound_after_cancelling": "unwound_at IS NULL OR cancelled_at IS NOT NULL",
}
_WAITING = "delivered_at IS NULL AND abandoned_at IS NULL"
_OUTBOX_INDEXES = {
    "due": ("next_try_at", _WAITING),
    "waiting": ("waiting_since", _WAITING),
    "delivered": ("delivered_at", "delivered_at IS NOT NULL"),
    "abandoned": ("abandoned_at", "abandoned_at IS NOT NULL"),
}
_OLD_CHECK = ("ck_events_closes_after_opening", "closes_at > opens_at")

_INDEXES = {
    "ix_tickets_of_event": "tickets (event_id, status, ticket_id)",
    "ix_tickets_of_event_by_buyer": 'tickets (event_id, status, buyer COLLATE "C", ticket_id)',
    "ix_tickets_disputed": "tickets (event_id, ticket_id) WHERE disputed",
    "ix_admissions_by_gate": "admissions (event_id, scan_id, gate, people) WHERE people <> 0",
}


def beforehand(connection: sa.Connection) -> None:
    """Build the indexes of tickets and scans, while people buy and go in."""
    for name, of in _INDEXES.items():
        connection.exec_driver_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        connection.exec_driver_sql(f"CREATE INDEX CONCURRENTLY {name} ON {of}")


def upgrade() -> None:
    """Add the columns, the history and its first entries."""
    if op.get_context().dialect.name == "sqlite":
        for name, of in _INDEXES.items():
            plain = of.replace(' COLLATE "C"', "")
            op.execute(f"CREATE INDEX {name} ON {plain}")
    with _remade_events() as events:
        events.add_column(
            sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1"))
        )
        for name in _INSTANTS[:3]:
            events.add_column(sa.Column(name, sa.DateTime(timezone=True)))
        events.add_column(sa.Column("venue", sa.Text()))
        events.add_column(
            sa.Column("time_zone", sa.Text(), nullable=False, server_default=sa.text("'UTC'"))
        )
        for name in _INSTANTS[3:]:
            events.add_column(sa.Column(name, sa.DateTime(timezone=True)))
        events.drop_constraint(_OLD_CHECK[0], type_="check")
        for name, rule in _CHECKS.items():
            events.create_check_constraint(f"ck_events_{name}", sa.text(rule))
    unwinding = sa.text("cancelled_at IS NOT NULL AND unwound_at IS NULL")
    op.create_index(
        "ix_events_unwinding",
        "events",
        ["event_id"],
        postgresql_where=unwinding,
        sqlite_where=unwinding,
    )
    op.create_table(
        "event_history",
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.event_id"], name="fk_event_history_event_id"
        ),
        sa.PrimaryKeyConstraint("event_id", "version", name="pk_event_history"),
        sa.CheckConstraint("version >= 1", name="ck_event_history_version_positive"),
    )
    op.execute(
        'INSERT INTO event_history (event_id, version, at, why, "by")'
        " SELECT event_id, 1, CURRENT_TIMESTAMP, 'added before this was noted', 'migration'"
        " FROM events"
    )
    _add_outbox()


def downgrade() -> None:
    """Take all of it away. An event whose sale ends as it begins is an error."""
    op.drop_table("outbox")
    op.drop_table("subscriptions")
    for name in _INDEXES:
        op.drop_index(name)
    op.drop_table("event_history")
    op.drop_index("ix_events_unwinding", "events")
    with _remade_events() as events:
        for name in _CHECKS:
            events.drop_constraint(f"ck_events_{name}", type_="check")
        for name in (*_INSTANTS, "version", "venue", "time_zone"):
            events.drop_column(name)
        name, rule = _OLD_CHECK
        events.create_check_constraint(name, sa.text(rule))


@contextmanager
def _remade_events() -> Iterator[BatchOperations]:
    """Change the table: on SQLite in a copy, which then takes its name and gives the same ids."""
    is_sqlite = op.get_context().dialect.name == "sqlite"
    largest = op.get_bind().scalar(_LARGEST_ID) if is_sqlite else None
    with op.batch_alter_table("events", table_kwargs={"sqlite_autoincrement": True}) as changes:
        yield changes
    if largest is not None:
        # The copy knows only the ids of the rows that are left.
        op.get_bind().execute(_FORGET_LARGEST_ID)
        op.get_bind().execute(_REMEMBER_LARGEST_ID, {"largest": largest})


def _add_outbox() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "subscriptions",
        sa.Column("subscription_id", number, sa.Identity(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text()),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text()),
        sa.Column("previous_secret", sa.Text()),
        sa.Column("previous_until", instant),
        sa.Column("paused_until", instant),
        sa.Column("failing_since", instant),
        sa.Column("disabled_at", instant),
        sa.PrimaryKeyConstraint("subscription_id", name="pk_subscriptions"),
        sa.UniqueConstraint("name", name="uq_subscriptions_name"),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 64", name="ck_subscriptions_name_length"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "outbox",
        sa.Column("subscription_id", number, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("waiting_since", instant, nullable=False),
        sa.Column("next_try_at", instant, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("refused_since", instant),
        sa.Column("delivered_at", instant),
        sa.Column("abandoned_at", instant),
        sa.PrimaryKeyConstraint("subscription_id", "subject", "epoch", "version", name="pk_outbox"),
        sa.CheckConstraint("version >= 1", name="ck_outbox_version_positive"),
        sa.CheckConstraint("epoch >= 1", name="ck_outbox_epoch_positive"),
        sa.CheckConstraint("tries >= 0", name="ck_outbox_tries_not_negative"),
        sa.CheckConstraint(
            "delivered_at IS NULL OR abandoned_at IS NULL", name="ck_outbox_ends_once"
        ),
    )
    for name, (column, rule) in _OUTBOX_INDEXES.items():
        of_these = sa.text(rule)
        op.create_index(
            f"ix_outbox_{name}",
            "outbox",
            ["subscription_id", column],
            postgresql_where=of_these,
            sqlite_where=of_these,
        )
