"""What the declarations of all tables share: names of constraints, ids, checks, partial indexes."""

from typing import Any, Final

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, text

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


def check(name: str, rule: str) -> CheckConstraint:
    """Return a constraint that each row has to satisfy."""
    return CheckConstraint(rule, name=name)


def partial_index(
    name: str | None, *columns: Column[Any], where: str, unique: bool = False
) -> Index:
    """Return an index of the rows that satisfy a condition."""
    condition = text(where)
    return Index(name, *columns, unique=unique, postgresql_where=condition, sqlite_where=condition)
