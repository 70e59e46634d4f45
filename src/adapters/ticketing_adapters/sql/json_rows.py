"""Rows and values as JSON, so that one prepared statement takes any number of them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Select,
    TableValuedAlias,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
)


def as_text(**parameters: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return rows as JSON for `records`, with instants and codes as PostgreSQL reads them."""
    return {
        # A column that is left out becomes NULL.
        parameter: json.dumps(
            [{name: value for name, value in row.items() if value is not None} for row in rows],
            default=str,
        )
        for parameter, rows in parameters.items()
    }


def records(parameter: str, columns: Iterable[Column[Any]]) -> TableValuedAlias:
    """Return the table of the rows that the parameter holds as JSON, for PostgreSQL."""
    rows = cast(bindparam(parameter, type_=Text), JSON)
    declared = [column(each.name, each.type) for each in columns]
    named = func.json_to_recordset(rows).table_valued(*declared)
    return named.render_derived(name=parameter, with_types=True)


def each_of(parameter: str) -> Select[*tuple[Any, ...]]:
    """Return a query for the values of a list, which the parameter is, for SQLite."""
    return select(func.json_each(bindparam(parameter, type_=JSON)).table_valued("value").c.value)
