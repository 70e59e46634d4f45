"""The tables that are about the installation as a whole, not about one ticket or event."""

from sqlalchemy import JSON, BigInteger, Column, Integer, Table, Text, Uuid, text

from ticketing_adapters.sql.declarations import Instant, check
from ticketing_adapters.sql.tables import CHECKOUT_ID_RULE, CURRENCY_RULE, metadata

installation = Table(
    "installation",
    metadata,
    Column("only_row", Integer, primary_key=True, autoincrement=False),
    Column("installation_id", Uuid, nullable=False),
    # Up to where the news was read, by the gateway's clock.
    Column("news_position", Instant),
    # Since when a restored database is being brought in line with the gateway. Each hold reads it.
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
    check("checkout_id_length", CHECKOUT_ID_RULE),
    check("amount_not_negative", "amount_minor >= 0"),
    check("currency_code", CURRENCY_RULE),
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
