"""The store on SQLite or PostgreSQL, with SQLAlchemy Core tables."""

from ticketing_adapters.sql.cache import EventCache
from ticketing_adapters.sql.clock import DatabaseClock, origin_in
from ticketing_adapters.sql.engine import engine_for
from ticketing_adapters.sql.events import SqlEvents
from ticketing_adapters.sql.leases import SqlLeases
from ticketing_adapters.sql.pace import SqlPace
from ticketing_adapters.sql.public_keys import SqlPublicKeys
from ticketing_adapters.sql.schema import (
    installation_id,
    is_current,
    is_empty,
    migrate,
    try_to_write,
)
from ticketing_adapters.sql.tickets import SqlTickets

__all__ = [
    "DatabaseClock",
    "EventCache",
    "SqlEvents",
    "SqlLeases",
    "SqlPace",
    "SqlPublicKeys",
    "SqlTickets",
    "engine_for",
    "installation_id",
    "is_current",
    "is_empty",
    "migrate",
    "origin_in",
    "try_to_write",
]
