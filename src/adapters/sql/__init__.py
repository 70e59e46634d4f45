"""The store on SQLite or PostgreSQL: SQLAlchemy Core tables, mapped by hand to the core."""

from adapters.sql.engine import engine_for
from adapters.sql.events import SqlEvents
from adapters.sql.leases import SqlLeases
from adapters.sql.public_keys import SqlPublicKeys
from adapters.sql.reports import Reports
from adapters.sql.schema import clock_difference, installation_id, is_current, is_empty, migrate
from adapters.sql.tickets import SqlTickets

__all__ = [
    "Reports",
    "SqlEvents",
    "SqlLeases",
    "SqlPublicKeys",
    "SqlTickets",
    "clock_difference",
    "engine_for",
    "installation_id",
    "is_current",
    "is_empty",
    "migrate",
]
