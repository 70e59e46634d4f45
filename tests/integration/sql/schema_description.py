"""A description of a database's schema, to compare two of them."""

from typing import Any

from sqlalchemy import Engine, inspect


def described(engine: Engine) -> dict[str, dict[str, Any]]:
    """Return the columns, keys, checks and indexes of each table."""
    inspector = inspect(engine)
    return {
        table: {
            "columns": [
                {name: str(value) for name, value in column.items()}
                for column in inspector.get_columns(table)
            ],
            "primary key": inspector.get_pk_constraint(table),
            "foreign keys": _by_name(inspector.get_foreign_keys(table)),
            "uniques": _by_name(inspector.get_unique_constraints(table)),
            "checks": _by_name(inspector.get_check_constraints(table)),
            "indexes": _by_name(inspector.get_indexes(table)),
        }
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def _by_name(found: list[Any]) -> list[str]:
    return sorted(_text(constraint) for constraint in found)


def _text(value: Any) -> str:
    # An index's condition is an object that equals only itself.
    if isinstance(value, dict):
        return str({key: _text(value[key]) for key in sorted(value)})
    return str(value)
