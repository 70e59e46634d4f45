"""The store on SQLite or PostgreSQL, with SQLAlchemy Core tables."""

from ticketing_adapters.sql.admissions import SqlAdmissions
from ticketing_adapters.sql.authors import SqlAuthors
from ticketing_adapters.sql.backup import Backup, BackupFailed, back_up_sqlite
from ticketing_adapters.sql.cache import EventCache
from ticketing_adapters.sql.clock import DatabaseClock, origin_in
from ticketing_adapters.sql.engine import DEFAULT_POOL_SIZE, engine_for
from ticketing_adapters.sql.events import SqlEvents
from ticketing_adapters.sql.failures import lacks_right
from ticketing_adapters.sql.figures import Figure, SqlFigures
from ticketing_adapters.sql.installation import SqlInstallation
from ticketing_adapters.sql.leases import SqlLeases
from ticketing_adapters.sql.observer import TicketObserver
from ticketing_adapters.sql.outbox import SqlOutbox
from ticketing_adapters.sql.pace import SqlPace
from ticketing_adapters.sql.public_keys import KeyRevoked, SqlPublicKeys
from ticketing_adapters.sql.schema import (
    SchemaTooNew,
    TablesTaken,
    installation_id,
    is_empty,
    is_usable,
    migrate,
    try_to_write,
    unknown_version,
)
from ticketing_adapters.sql.strays import SqlStrays
from ticketing_adapters.sql.tickets import SqlTickets

__all__ = [
    "DEFAULT_POOL_SIZE",
    "Backup",
    "BackupFailed",
    "DatabaseClock",
    "EventCache",
    "Figure",
    "KeyRevoked",
    "SchemaTooNew",
    "SqlAdmissions",
    "SqlAuthors",
    "SqlEvents",
    "SqlFigures",
    "SqlInstallation",
    "SqlLeases",
    "SqlOutbox",
    "SqlPace",
    "SqlPublicKeys",
    "SqlStrays",
    "SqlTickets",
    "TablesTaken",
    "TicketObserver",
    "back_up_sqlite",
    "engine_for",
    "installation_id",
    "is_empty",
    "is_usable",
    "lacks_right",
    "migrate",
    "origin_in",
    "try_to_write",
    "unknown_version",
]
