"""Runs the statements of a sale by SQLite's driver directly.

SQLAlchemy only compiles them, once, and converts values: to execute them takes it several times as
long as SQLite.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from attrs import make_class
from sqlalchemy import Connection, Insert, Select, Update
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError

_DIALECT: Final = sqlite.dialect()

_Convert = Callable[[Any], Any] | None


class DirectStatement:
    """A statement for SQLite, compiled at its first use.

    Args:
        statement: All of its values are named parameters, or a part of its text.
        columns: Those that an INSERT fills; None for all.
    """

    def __init__(
        self,
        statement: Insert | Update | Select[*tuple[Any, ...]],
        *,
        columns: Sequence[str] | None = None,
    ) -> None:
        self._statement = statement
        self._columns = columns

    def write(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute it for each of the rows.

        Raises:
            DBAPIError: As SQLAlchemy would raise it.
        """
        driver: Any = connection.connection.dbapi_connection
        self._run(driver.executemany, [self._values(row) for row in rows])

    def rows(self, connection: Connection, parameters: Mapping[str, Any]) -> Sequence[Any]:
        """Return the rows that it finds, with the columns as attributes.

        Raises:
            DBAPIError: As SQLAlchemy would raise it.
        """
        driver: Any = connection.connection.dbapi_connection
        make, converts = self._reader
        return [
            make(
                *[
                    value if convert is None else convert(value)
                    for value, convert in zip(row, converts, strict=True)
                ]
            )
            for row in self._run(driver.execute, self._values(parameters))
        ]

    def _run(self, execute: Callable[..., sqlite3.Cursor], values: Sequence[Any]) -> list[Any]:
        text, _ = self._compiled
        try:
            return execute(text, values).fetchall()
        except sqlite3.Error as error:
            raise DBAPIError.instance(text, None, error, sqlite3.Error) from error

    def _values(self, parameters: Mapping[str, Any]) -> Sequence[Any]:
        _, names = self._compiled
        return [
            parameters[name] if convert is None else convert(parameters[name])
            for name, convert in names
        ]

    @cached_property
    def _compiled(self) -> tuple[str, Sequence[tuple[str, _Convert]]]:
        compiled: Any = self._statement.compile(dialect=_DIALECT, column_keys=self._columns)
        types = {name: each.type.dialect_impl(_DIALECT) for name, each in compiled.binds.items()}
        names = [(name, types[name].bind_processor(_DIALECT)) for name in compiled.positiontup]
        return str(compiled), names

    @cached_property
    def _reader(self) -> tuple[Callable[..., Any], Sequence[_Convert]]:
        columns: Any = self._statement.exported_columns
        types = [each.type.dialect_impl(_DIALECT) for each in columns]
        converts = [each.result_processor(_DIALECT, None) for each in types]
        return make_class("Row", columns.keys()), converts
