"""The check of the database's address. No mistake shows the address: it may hold a password."""

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from ticketing_service.settings_checks.mistakes import Mistakes

_NAME = "DATABASE_URL"
_SQLITE = ("sqlite", "sqlite+pysqlite")
_POSTGRESQL = ("postgresql", "postgresql+psycopg")


def sqlite_file(url: str, mistakes: Mistakes) -> Path | None:
    """Return the file of a SQLite database, or None for PostgreSQL."""
    dialect, _, rest = url.partition("://")
    if rest and dialect in _POSTGRESQL:
        # The password, which ends at the last `@`, may hold any character.
        _check_postgresql(rest.rpartition("@")[2], mistakes)
        return None
    if not rest or dialect not in _SQLITE:
        mistakes.add(_NAME, "must begin with sqlite:/// or postgresql://")
        return None
    file = rest.removeprefix("/")
    if file in ("", ":memory:") or "?" in file or not rest.startswith("/"):
        mistakes.add(
            _NAME, "must name a file and have no parameters, such as sqlite:///ticketing.db"
        )
        return None
    if not Path(file).parent.is_dir():
        mistakes.add(_NAME, f"names a folder that does not exist: {Path(file).parent}")
    return Path(file)


def _check_postgresql(address: str, mistakes: Mistakes) -> None:
    # Only a service with PostgreSQL loads its driver.
    from psycopg import ProgrammingError  # noqa: PLC0415 - as above
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415 - as above

    try:
        # Reading the port checks it.
        usable = urlsplit(f"//{address}").port != 0
    except ValueError:
        usable = False
    if not usable:
        mistakes.add(_NAME, "has an impossible host or port")
    for name, value in parse_qsl(address.partition("?")[2], keep_blank_values=True):
        try:
            make_conninfo(**{name: value})
        except ProgrammingError:
            mistakes.add(_NAME, f"has a parameter that PostgreSQL does not know: {name}")
