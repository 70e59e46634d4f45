"""The check of the database's address. No mistake shows the address: it may hold a password."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, unquote

from ticketing_service.settings_checks.mistakes import Mistakes

_NAME = "DATABASE_URL"
_SQLITE = ("sqlite", "sqlite+pysqlite")
_POSTGRESQL = ("postgresql", "postgresql+psycopg", "postgres")
"""Hosts of databases hand out the last one."""

_WHOLE_NUMBERS = frozenset(
    (
        "connect_timeout keepalives keepalives_count keepalives_idle keepalives_interval "
        "tcp_user_timeout"
    ).split()
)
"""Parameters of libpq that are read only once it connects."""

_IMPOSSIBLE = "has an impossible host or port"

_NOBODY: dict[str, Any] = {"host": "/", "hostaddr": "", "port": 5432}
"""No server has its socket in the root folder."""


def sqlite_file(url: str, mistakes: Mistakes) -> Path | None:
    """Return the file of a SQLite database, or None for PostgreSQL."""
    dialect, _, rest = url.partition("://")
    if rest and dialect in _POSTGRESQL:
        if url.count("@") > 1:
            # Read on, a part of the password would be a host's name.
            mistakes.add(_NAME, "has more than one @: percent-encode the password, with %40 for @")
        else:
            _check_postgresql(rest, mistakes)
        return None
    if not rest or dialect not in _SQLITE:
        mistakes.add(_NAME, "must begin with sqlite:/// or postgresql://")
        return None
    file = unquote(rest.removeprefix("/"))
    if file in ("", ":memory:") or "?" in rest or not rest.startswith("/"):
        mistakes.add(
            _NAME, "must name a file and have no parameters, such as sqlite:///ticketing.db"
        )
        return None
    if not Path(file).parent.is_dir():
        mistakes.add(_NAME, f"names a folder that does not exist: {Path(file).parent}")
    return Path(file)


def _check_postgresql(address: str, mistakes: Mistakes) -> None:
    """Read the address as the engine does, and its parameters as the driver does."""
    # Only a service with PostgreSQL loads them.
    from sqlalchemy import make_url  # noqa: PLC0415 - as above
    from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg  # noqa: PLC0415 - as above
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415 - as above

    try:
        url = make_url(f"postgresql+psycopg://{address}")
        # SQLAlchemy's own signature has no types.
        parameters: dict[str, Any] = PGDialect_psycopg().create_connect_args(url)[1]  # type: ignore[no-untyped-call]
    except (ArgumentError, ValueError):
        mistakes.add(_NAME, _IMPOSSIBLE)
        return
    # SQLAlchemy drops a port of 0.
    parameters["port"] = parameters.get("port", "" if url.port is None else url.port)
    # Not of the address: SQLAlchemy's own.
    parameters.pop("context", None)
    given = parse_qsl(address.rpartition("@")[2].partition("?")[2], keep_blank_values=True)
    # SQLAlchemy drops parameters without a value.
    empty = {name: "" for name, value in given if not value}
    for name, value in (empty | parameters).items():
        fault = _fault(name, value)
        if fault:
            mistakes.add(_NAME, fault)


def _is_host(text: str) -> bool:
    try:
        # As it is looked up.
        text.encode("idna")
    except UnicodeError:
        return False
    return "\0" not in text


def _is_port(text: str) -> bool:
    return not text or (text.isdecimal() and 0 < int(text) < 2**16)


_IS_POSSIBLE: Mapping[str, Callable[[str], bool]] = MappingProxyType(
    {"host": _is_host, "port": _is_port}
)


def _fault(name: str, value: object) -> str | None:
    """Return what is wrong with a parameter of the connection, or None."""
    from psycopg import ProgrammingError  # noqa: PLC0415 - see above
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415 - see above
    from psycopg.pq import PGconn  # noqa: PLC0415 - see above

    if name in ("host", "port"):
        parts = str(value).split(",")
        return None if all(map(_IS_POSSIBLE[name], parts)) else _IMPOSSIBLE
    if not isinstance(value, str):
        # The engine joins the values of `options`.
        return None if name == "options" else f"has the parameter {name} twice"
    if "\0" in value:
        return f"has a NUL in {name}"
    if name in _WHOLE_NUMBERS and not value.isdecimal():
        return f"has a parameter that must be a whole number: {name}"
    try:
        alone = make_conninfo(**{name: value})
        checked = make_conninfo(alone, **_NOBODY)
    except ProgrammingError:
        return f"has a parameter that PostgreSQL does not know: {name}"
    refusal = PGconn.connect_start(checked.encode()).error_message.decode(errors="replace")
    # Where it got as far as to look for the socket, nothing is wrong with the parameter.
    return None if ".s.PGSQL." in refusal else f"has a wrong value for the parameter {name}"
