"""The tables of subscriptions and of their messages."""

from typing import Final

from sqlalchemy import (
    JSON,
    Column,
    Identity,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from ticketing_adapters.sql.declarations import Id, Instant, check, partial_index
from ticketing_adapters.sql.tables import metadata

IS_WAITING: Final = "delivered_at IS NULL AND abandoned_at IS NULL"
IS_DELIVERED: Final = "delivered_at IS NOT NULL"
IS_ABANDONED: Final = "abandoned_at IS NOT NULL"
"""SQL text, like the conditions in `tables`."""

subscriptions = Table(
    "subscriptions",
    metadata,
    # Ids are never reused: a new subscription must not get the messages of a removed one.
    Column("subscription_id", Id, Identity(), primary_key=True),
    Column("name", Text, nullable=False),
    Column("url", Text),
    # The kinds, with a comma before and after each; empty for all.
    Column("kinds", Text, nullable=False),
    Column("secret", Text),
    Column("previous_secret", Text),
    Column("previous_until", Instant),
    Column("paused_until", Instant),
    Column("failing_since", Instant),
    Column("disabled_at", Instant),
    UniqueConstraint("name"),
    check("name_length", "length(name) BETWEEN 1 AND 64"),
    sqlite_autoincrement=True,
)

outbox = Table(
    "outbox",
    metadata,
    # No foreign key: a sale would lock the subscription's row, and fail if it is removed meanwhile.
    Column("subscription_id", Id, nullable=False),
    Column("subject", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("data", JSON, nullable=False),
    # Since the change, or since it was made due again.
    Column("waiting_since", Instant, nullable=False),
    Column("next_try_at", Instant, nullable=False),
    # The number of claims in a row.
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("refused_since", Instant),
    Column("delivered_at", Instant),
    Column("abandoned_at", Instant),
    PrimaryKeyConstraint("subscription_id", "subject", "epoch", "version"),
    check("version_positive", "version >= 1"),
    check("epoch_positive", "epoch >= 1"),
    check("tries_not_negative", "tries >= 0"),
    check("ends_once", "delivered_at IS NULL OR abandoned_at IS NULL"),
)

_O = outbox.c
partial_index("ix_outbox_due", _O.subscription_id, _O.next_try_at, where=IS_WAITING)
partial_index("ix_outbox_waiting", _O.subscription_id, _O.waiting_since, where=IS_WAITING)
# For pruning, and for the list of abandoned messages.
partial_index("ix_outbox_delivered", _O.subscription_id, _O.delivered_at, where=IS_DELIVERED)
partial_index("ix_outbox_abandoned", _O.subscription_id, _O.abandoned_at, where=IS_ABANDONED)
