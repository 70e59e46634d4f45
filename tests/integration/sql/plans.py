"""How a database would run the queries of a step."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection, Engine, event, text

from ticketing_adapters.sql.sqlite_statements import DirectStatement

READS_ALL = r"Seq Scan|SCAN (tickets|admissions|outbox|earlier)(?! USING (COVERING )?INDEX)"


def queries(engine: Engine, call: Callable[[], object]) -> list[tuple[str, Any]]:
    """Return the queries that the call runs, with their parameters."""
    ran = []

    def note(_c: object, _cursor: object, statement: str, *arguments: Any) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            parameters, _context, many = arguments
            ran.append((statement, parameters[0] if many else parameters))

    def note_direct(direct: DirectStatement, execute: Any, values: Any) -> Any:
        statement, _ = direct._compiled  # noqa: SLF001 - what SQLite gets
        for first in values[:1] if execute.__name__ == "executemany" else [values]:
            note(None, None, statement, tuple(first), None, False)
        return run(direct, execute, values)

    run = DirectStatement._run  # noqa: SLF001 - SQLAlchemy does not see these statements
    event.listen(engine, "before_cursor_execute", note)
    try:
        with patch.object(DirectStatement, "_run", note_direct):
            call()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return ran


def plan(engine: Engine, statement: str, parameters: Any) -> str:
    """Return how the database would run a query, also as a prepared statement."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            return "\n".join(row[-1] for row in rows)
        return _generic_plan(connection, statement, parameters)


def _generic_plan(connection: Connection, statement: str, parameters: Mapping[str, Any]) -> str:
    """Return the plan that PostgreSQL makes without the values, as it does for each process."""
    numbers = {name: f"${n}" for n, name in enumerate(parameters, start=1)}
    numbered = re.sub(r"%\((\w+)\)s", lambda found: numbers[found[1]], statement)
    values = ", ".join("NULL" if v is None else f"'{v}'" for v in parameters.values())
    execute = f"EXECUTE query ({values})" if values else "EXECUTE query"
    connection.execute(text("SET LOCAL plan_cache_mode = force_generic_plan"))
    connection.exec_driver_sql(f"PREPARE query AS {numbered}")
    rows = connection.exec_driver_sql(f"EXPLAIN {execute}")
    found = "\n".join(row[0] for row in rows)
    connection.exec_driver_sql("DEALLOCATE query")
    return found
