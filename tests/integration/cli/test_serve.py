"""`ticketing serve` in real processes: it starts only if everything fits, and stops in order."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import update

from tests.integration.cli.databases import database, hold_long_ago
from tests.integration.cli.keys import private_pem
from tests.integration.cli.processes import (
    SECRET,
    answers,
    call,
    children,
    environment,
    free_port,
    listens,
    lives,
    run,
    started,
    wait_until,
)
from tests.support.ports import free_ports
from tests.support.sandbox import checked_sandbox
from ticketing_adapters.sql import SqlTickets
from ticketing_adapters.sql.engine import writing
from ticketing_adapters.sql.tables import tickets
from ticketing_service.sandbox import Fault

Process = subprocess.Popen[str]

ADD = ["event", "add", "--name", "Concert", "--price", "25", "--capacity", "10"]


@contextmanager
def serving(
    cwd: Path, *options: str, env: Mapping[str, str] | None = None
) -> Iterator[tuple[str, Process]]:
    """Run a service; give its address and its process once it is ready."""
    [port] = free_ports(1)
    env = env or environment(jwt_secret=SECRET)
    url = f"http://127.0.0.1:{port}"
    with started("serve", "--port", str(port), *options, env=env, cwd=cwd) as process:
        wait_until(
            lambda: process.poll() is not None or answers(f"{url}/readyz"), what="it is ready"
        )
        assert process.poll() is None, process.communicate()[1]
        yield url, process


def stop(process: Process, by: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
    """Send a signal; return the exit code and the log."""
    process.send_signal(by)
    output, log = process.communicate(timeout=30)
    assert output == ""
    return process.returncode, log


def token(env: Mapping[str, str], cwd: Path) -> str:
    """Make an access token of buyer 42."""
    return run("token", "--user", "42", env=env, cwd=cwd).stdout.strip()


def test_serves_on_an_empty_folder_and_stops_in_order(tmp_path: Path) -> None:
    """It makes a database and a signing key, publishes the key, and exits with 0 on SIGTERM."""
    env = environment(jwt_secret=SECRET)
    with serving(tmp_path, env=env) as (url, process):
        assert call(f"{url}/api/events/") == (200, {"events": [], "next": None})
        status, published = call(f"{url}/.well-known/jwks.json")
        assert status == 200
        listed = run("keys", "--json", env=env, cwd=tmp_path)
        assert published == json.loads(listed.stdout)
        assert "yes" in run("keys", env=env, cwd=tmp_path).stdout
        status, log = stop(process)
    assert status == 0
    assert "stopped" in log
    assert SECRET not in log
    key = tmp_path / "ticketing.signing.pem"
    assert key.stat().st_mode & 0o077 == 0


def test_a_second_start_keeps_key_and_database(tmp_path: Path) -> None:
    """Tokens that were signed before stay valid."""
    published = []
    for _ in range(2):
        with serving(tmp_path) as (url, process):
            published.append(call(f"{url}/.well-known/jwks.json"))
            stop(process)
    assert published[0] == published[1]


def test_all_bad_settings_are_listed_before_anything_is_made(tmp_path: Path) -> None:
    """It refuses to start, names every variable, and leaves the folder empty."""
    env = environment(hold_minutes="0", frontend_url="nowhere", stripe_secret_key="pk_1")
    result = run("serve", *free_port(), env=env, cwd=tmp_path)
    assert result.returncode == 1
    assert result.stdout == ""
    named = re.findall(r"^  (TICKETING_\w+) ", result.stderr, flags=re.MULTILINE)
    assert sorted(named) == [
        "TICKETING_FRONTEND_URL",
        "TICKETING_HOLD_MINUTES",
        "TICKETING_JWT_SECRET",
        "TICKETING_STRIPE_SECRET_KEY",
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_busy_port_is_reported(tmp_path: Path) -> None:
    """One line names the port and the option, at once."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        result = run("serve", "--port", port, env=environment(jwt_secret=SECRET), cwd=tmp_path)
    assert result.returncode == 1
    assert f"127.0.0.1:{port} is in use. Choose another port with --port." in result.stderr
    assert "Traceback" not in result.stderr


def test_two_services_never_share_a_port(tmp_path: Path) -> None:
    """A second service of the same user is refused, though the server would allow it."""
    with serving(tmp_path, "--workers", "2") as (url, _):
        port = url.rpartition(":")[2]
        result = run("serve", "--port", port, env=environment(jwt_secret=SECRET), cwd=tmp_path)
    assert result.returncode == 1
    assert "is in use" in result.stderr


def test_a_start_warns_that_it_made_the_database_which_no_setting_names(tmp_path: Path) -> None:
    """Without the setting a shop would look empty. A setting that names a new file is intended."""
    for settings, level, name in (
        ({}, "WARNING", "ticketing.db"),
        ({"database_url": "sqlite:///shop.db"}, "INFO", "shop.db"),
    ):
        env = environment(jwt_secret=SECRET, **settings)
        with serving(tmp_path, env=env) as (_, process):
            stopped = stop(process)[1]
        [line] = [line for line in stopped.splitlines() if "made the new database" in line]
        assert f" {level} " in line
        assert str(tmp_path / name) in line
        assert ("TICKETING_DATABASE_URL names no other" in line) is (level == "WARNING")


def test_a_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    """Without `ticketing migrate`, only an empty SQLite file is migrated."""
    connection = sqlite3.connect(tmp_path / "ticketing.db")
    connection.execute("CREATE TABLE theirs (id INTEGER)")
    connection.commit()
    connection.close()
    result = run("serve", *free_port(), env=environment(jwt_secret=SECRET), cwd=tmp_path)
    assert result.returncode == 1
    assert "run `ticketing migrate`" in result.stderr
    assert not (tmp_path / "ticketing.signing.pem").exists()


def test_postgresql_is_migrated_only_by_the_command(tmp_path: Path, postgres_url: str) -> None:
    """An empty PostgreSQL is refused; once it is migrated the service starts."""
    key = tmp_path / "signing.pem"
    key.write_bytes(private_pem(Ed25519PrivateKey.generate()))
    env = environment(jwt_secret=SECRET, database_url=postgres_url, signing_key_file=str(key))
    refused = run("serve", *free_port(), env=env, cwd=tmp_path)
    assert refused.returncode == 1
    assert "run `ticketing migrate`" in refused.stderr
    assert run("migrate", env=env, cwd=tmp_path).returncode == 0
    with serving(tmp_path, "--workers", "2", env=env) as (url, process):
        assert call(f"{url}/readyz") == (200, {"status": "ok"})
        assert stop(process)[0] == 0


def test_stop_lets_a_request_in_flight_finish(tmp_path: Path) -> None:
    """A purchase whose checkout is being opened during the stop still gets its answer."""
    with checked_sandbox() as sandbox:
        env = environment(
            jwt_secret=SECRET,
            stripe_secret_key="sk_test_1",
            stripe_api_base=sandbox.url,
        )
        with serving(tmp_path, env=env) as (url, process):
            assert run(*ADD, env=env, cwd=tmp_path).returncode == 0
            bearer = token(env, tmp_path)
            sandbox.sandbox.plan_fault(
                Fault(method="POST", path="/v1/checkout/sessions", delay=2.0)
            )
            with ThreadPoolExecutor(1) as pool:
                buying = pool.submit(
                    call,
                    f"{url}/api/payments/create-payment-intent/",
                    token=bearer,
                    body={"event_id": 1, "quantity": 1},
                )
                wait_until(
                    lambda: not sandbox.sandbox.planned_faults(), what="the call is under way"
                )
                status, _ = stop(process)
                assert buying.result()[0] == 200
                assert "checkout_url" in buying.result()[1]
    assert status == 0
    assert not listens(int(url.rpartition(":")[2]))


def test_stop_does_not_wait_for_settling(tmp_path: Path) -> None:
    """A provider that does not answer delays no planned stop; `test_jobs` has the control."""
    with checked_sandbox() as sandbox:
        env = environment(
            jwt_secret=SECRET, stripe_secret_key="sk_test_1", stripe_api_base=sandbox.url
        )
        with serving(tmp_path, env=env) as (url, process):
            assert run(*ADD, env=env, cwd=tmp_path).returncode == 0
            bought, _ = call(
                f"{url}/api/payments/create-payment-intent/",
                token=token(env, tmp_path),
                body={"event_id": 1, "quantity": 1},
            )
            assert bought == 200
            # Longer than this test waits for anything.
            sandbox.sandbox.plan_fault(Fault(path="/v1/*", delay=300.0))
            long_ago = datetime.now(UTC) - timedelta(minutes=5)
            with database(tmp_path) as engine, writing(engine) as connection:
                connection.execute(
                    update(tickets).values(held_until=long_ago, next_try_at=long_ago)
                )
            wait_until(lambda: not sandbox.sandbox.planned_faults(), what="it settles")
            assert stop(process)[0] == 0


def test_ctrl_c_in_a_terminal_ends_it_in_order(tmp_path: Path) -> None:
    """SIGINT to all processes of the terminal is an orderly stop, not a crash of workers."""
    with serving(tmp_path, "--workers", "2") as (_, process):
        # It runs in a session of its own; a terminal would signal the same process group.
        os.killpg(process.pid, signal.SIGINT)
        _, log = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Unexpected exit" not in log


def test_a_dead_worker_is_replaced(tmp_path: Path) -> None:
    """Killing one worker neither ends the service nor leaves it with fewer workers."""
    with serving(tmp_path, "--workers", "2") as (url, process):
        before = children(process.pid)
        assert len(before) == 2
        os.kill(before[0], signal.SIGKILL)
        wait_until(
            lambda: len(children(process.pid)) == 2 and before[0] not in children(process.pid),
            what="there are two workers again",
        )
        # The killed worker may have been the only one that was ready.
        wait_until(lambda: answers(f"{url}/readyz"), what="it answers again")
        assert stop(process)[0] == 0


def test_workers_end_with_a_killed_main_process(tmp_path: Path) -> None:
    """After SIGKILL of the main process no worker goes on, and the port is free again."""
    with serving(tmp_path, "--workers", "2") as (url, process):
        workers = children(process.pid)
        process.kill()
        process.communicate(timeout=30)
        wait_until(lambda: not any(lives(pid) for pid in workers), what="the workers end")
    assert not listens(int(url.rpartition(":")[2]))


def test_what_is_due_is_settled_in_the_background(tmp_path: Path) -> None:
    """A reservation whose hold is over frees its places without any call."""
    with serving(tmp_path) as (url, _):
        env = environment(jwt_secret=SECRET)
        assert run(*ADD, env=env, cwd=tmp_path).returncode == 0
        with database(tmp_path) as engine:
            hold_long_ago(SqlTickets(engine))
        assert call(f"{url}/api/events/1/")[1]["places_left"] == 7
        wait_until(
            lambda: call(f"{url}/api/events/1/")[1]["places_left"] == 10, what="it is settled"
        )
