"""What the declarations of all tables share: names, types, checks, partial indexes."""

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

NAMES: Final = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}
"""Every constraint has a name with its table in it, so that a migration can change it."""

Id: Final = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits on both databases. SQLite makes ids only for a column that is declared ``INTEGER``
(sqlite.org/autoinc.html)."""


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


class by_code_point(FunctionElement[str]):  # noqa: N801 - used as SQLAlchemy's functions are
    """A text in the order of its code points, whatever the order of the database.

    So a text that begins with another one lies in a range of an index.
    """

    type = Text()
    inherit_cache = True


@compiles(by_code_point)
def _plain(element: by_code_point, compiler: SQLCompiler, **options: Any) -> str:
    # SQLite compares bytes, and UTF-8 sorts by code point.
    return compiler.process(element.clauses, **options)


@compiles(by_code_point, "postgresql")
def _collated(element: by_code_point, compiler: SQLCompiler, **options: Any) -> str:
    return f'{_plain(element, compiler, **options)} COLLATE "C"'


def check(name: str, rule: str) -> CheckConstraint:
    """Return a constraint that each row has to satisfy."""
    return CheckConstraint(rule, name=name)


def partial_index(
    name: str | None, *columns: Column[Any], where: str, unique: bool = False
) -> Index:
    """Return an index of the rows that satisfy a condition."""
    condition = text(where)
    return Index(name, *columns, unique=unique, postgresql_where=condition, sqlite_where=condition)
