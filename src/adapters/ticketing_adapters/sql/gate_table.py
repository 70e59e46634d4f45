"""The table of scans at the gates. A row is never deleted, and only its author may change."""

from sqlalchemy import (
    Boolean,
    Column,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from ticketing_adapters.sql.declarations import Id, Instant, check, partial_index
from ticketing_adapters.sql.tables import metadata
from ticketing_core.scan import LONGEST_GATE, ScanKind
from ticketing_core.ticket import LONGEST_BUYER

_KINDS = ", ".join(f"'{kind}'" for kind in ScanKind)
IS_STRAY = f"kind = '{ScanKind.STRAY}'"
COUNTS = "people <> 0"
"""Both are SQL text, like the conditions in `tables`."""

admissions = Table(
    "admissions",
    metadata,
    # The order in which scans were stored. Clocks may show the same time, or disagree.
    Column("number", Id, Identity(), primary_key=True),
    Column("scan_id", Uuid, nullable=False),
    # The number of the row among those of its scan. The first one binds the scan to a ticket.
    Column("nth", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    # No foreign keys: strays belong to no ticket, and checking that of the event would lock a row
    # that all buyers wait for.
    Column("ticket_id", Id, nullable=False),
    Column("event_id", Id, nullable=False),
    Column("people", Integer, nullable=False),
    Column("asked", Integer),
    Column("outcome", Text, nullable=False),
    Column("inside_after", Integer, nullable=False),
    Column("gate", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("stored_at", Instant, nullable=False),
    Column("offline", Boolean, nullable=False),
    UniqueConstraint("scan_id", "nth"),
    check("kind_known", f"kind IN ({_KINDS})"),
    check(
        "people_of_kind",
        "CASE kind WHEN 'let_in' THEN people >= 1 WHEN 'undone' THEN people <= 0"
        " ELSE people = 0 END",
    ),
    check("nth_positive", "nth >= 1"),
    check("asked_positive", "asked >= 1"),
    check("inside_after_not_negative", "inside_after >= 0"),
    check("gate_length", f"length(gate) BETWEEN 1 AND {LONGEST_GATE}"),
    check("by_length", f'length("by") BETWEEN 1 AND {LONGEST_BUYER}'),
    check("offline_known", "offline IN (false, true)"),
)
Index(None, admissions.c.ticket_id, admissions.c.kind)
partial_index("ix_admissions_strays", admissions.c.event_id, admissions.c.number, where=IS_STRAY)
# It covers all columns that `by_gate` reads, scan by scan.
partial_index(
    "ix_admissions_by_gate",
    admissions.c.event_id,
    admissions.c.scan_id,
    admissions.c.gate,
    admissions.c.people,
    where=COUNTS,
)
