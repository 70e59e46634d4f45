"""A real PgBouncer in front of the PostgreSQL of the tests."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from attrs import frozen
from sqlalchemy import URL, make_url

from tests.support.ports import free_ports
from tests.support.postgres import PostgresServer

# Debian puts it where only root's PATH leads.
_FOLDERS = f"{os.environ.get('PATH', '')}:/usr/sbin"

_START_SECONDS = 30.0
_STOP_SECONDS = 30.0


def pgbouncer_path() -> str | None:
    """Return the path of the installed PgBouncer, or None."""
    return shutil.which("pgbouncer", path=_FOLDERS)


@frozen(kw_only=True)
class PgBouncer:
    """A running PgBouncer."""

    port: int

    def url(self, direct: str) -> str:
        """Return the URL of a database through it, from its own."""
        name = make_url(direct).database
        through = URL.create(
            "postgresql", username="any", host="127.0.0.1", port=self.port, database=name
        )
        return through.render_as_string(hide_password=False)


@contextmanager
def running_pgbouncer(
    program: str, server: PostgresServer, *, mode: str, pool_size: int = 5, more: str = ""
) -> Iterator[PgBouncer]:
    """Run a PgBouncer as it comes, apart from the addresses and these options.

    Args:
        program: Its path.
        server: Where it connects to.
        mode: Its ``pool_mode``: session or transaction.
        pool_size: Its connections to each database.
        more: Further lines of its configuration.
    """
    [port] = free_ports(1)
    folder = Path(tempfile.mkdtemp(prefix="ticketing-pgb-", dir="/tmp"))
    configuration = folder / "pgbouncer.ini"
    configuration.write_text(f"""
[databases]
* = {_server(server.admin_url)}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {pool_size}
max_client_conn = 500
{more}
""")
    command = [program, str(configuration)]
    if os.geteuid() == 0:
        # It refuses to run as root. Every Unix has this user, which owns nothing.
        account = pwd.getpwnam("nobody")
        for path in (folder, configuration):
            os.chown(path, account.pw_uid, account.pw_gid)
        command += ["--user", account.pw_name]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait_until_ready(process, port=port, log=folder / "log")
        yield PgBouncer(port=port)
    finally:
        process.terminate()
        process.wait(_STOP_SECONDS)
        shutil.rmtree(folder)


def _server(url: URL) -> str:
    """Return the server and the user as PgBouncer writes them."""
    values = {
        "host": url.query.get("host", url.host),
        "port": url.query.get("port", url.port),
        "user": url.username,
        "password": url.password,
    }
    return " ".join(f"{name}={value}" for name, value in values.items() if value is not None)


def _wait_until_ready(process: "subprocess.Popen[bytes]", *, port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        try:
            psycopg.connect(f"host=127.0.0.1 port={port} user=any dbname=postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
