"""A real `ticketing serve` in its own processes, with a client that calls it as frontends do."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import requests
from attrs import define, field, frozen

from tests.support.ports import free_ports
from ticketing_adapters.jws_admission import SigningKey
from ticketing_adapters.sql import engine_for, migrate

SECRET = "known to the login and to this service alone"
WEBHOOK_SECRET = "whsec_of_the_tests"
WEBHOOK_PATH = "/api/payments/webhook/"
TICKETING = [sys.executable, "-m", "ticketing_service.cli"]
SERVE = (*TICKETING, "serve")

START_SECONDS = 30.0
CALL_SECONDS = 40.0


def access_token(buyer: object = "42", **claims: Any) -> str:
    """Return an access token for the next hour; a claim of None is left out."""
    now = datetime.now(UTC)
    values = {"sub": buyer, "iat": now, "exp": now + timedelta(hours=1)} | claims
    claims = {name: value for name, value in values.items() if value is not None}
    return jwt.encode(claims, SECRET, "HS256")


@frozen
class Answer:
    """The response to a call."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        """The body, parsed as JSON."""
        return json.loads(self.content)

    def problem(self, status: int, code: str) -> Mapping[str, Any]:
        """Return the problem in the body, after checking its status and code."""
        assert self.status == status, self.content
        assert self.headers["Content-Type"] == "application/problem+json"
        problem: dict[str, Any] = self.body
        assert (problem["status"], problem["code"]) == (status, code), problem
        assert problem["detail"]
        return problem


LOG_SECONDS = 0.2
"""Ten times as long as lines of the log are collected before they are written."""


@define
class Server:
    """The service at an address, which may be down for a while.

    Attributes:
        url: Its address.
        environment: The whole environment of its processes.
        folder: Their working directory, which has the log.
        program: The command to run; it takes the options of `ticketing serve`.
    """

    url: str
    environment: Mapping[str, str]
    folder: Path
    workers: int = 1
    threads: int = 8
    program: Sequence[str] = SERVE
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    def start(self, *, until: str = "/readyz") -> None:
        """Start it, and wait until this address answers with 200: by default, until it can sell."""
        port = self.url.rpartition(":")[2]
        options = ["--port", port, "--workers", str(self.workers), "--threads", str(self.threads)]
        with (self.folder / "serve.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self.program, *options],
                env=self.environment,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers(until):
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it as an operator does, and wait until it has stopped."""
        if self._process is not None:
            self.ask_to_stop()
            try:
                self._process.wait(START_SECONDS)
            finally:
                self.kill_all()

    def ask_to_stop(self) -> None:
        """Ask it to stop, as an operator does, and do not wait."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)

    def kill_all(self) -> None:
        """Send SIGKILL to all of its processes, and wait until they are gone."""
        if self._process is None:
            return
        # By session, until none is left: a worker that is being replaced is no longer a child of
        # the main process, and a killed one may still hold the port.
        while living := _session(self._process.pid):
            for pid in living:
                _kill(pid)
            time.sleep(0.005)
        self._process.wait()
        self._process = None

    def kill_worker(self) -> None:
        """Send SIGKILL to one worker; the main process replaces it."""
        for pid in self.worker_ids()[:1]:
            _kill(pid)

    def has_ended(self) -> bool:
        """Return whether the main process has ended by itself."""
        return self._process is not None and self._process.poll() is not None

    def kill_main(self) -> None:
        """Send SIGKILL to the main process alone."""
        assert self._process is not None
        _kill(self._process.pid)
        self._process.wait()

    def processes(self) -> list[int]:
        """Return the ids of all of its living processes."""
        return [] if self._process is None else _session(self._process.pid)

    def worker_ids(self) -> list[int]:
        """Return the ids of the worker processes."""
        if self._process is None:
            return []
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        try:
            return [int(pid) for pid in children.read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            return []

    def log(self) -> str:
        """Return the log of its processes, with all that was logged before."""
        # A thread of each process writes it, a moment later.
        time.sleep(LOG_SECONDS)
        return (self.folder / "serve.log").read_text()

    def get(self, path: str, *, token: str | None = None, **headers: str) -> Answer:
        """Send a GET request."""
        return self._call("GET", path, token=token, headers=headers)

    def post(self, path: str, body: object, *, token: str | None = None, **headers: str) -> Answer:
        """Send a JSON body, or bytes as they are."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} | headers
        return self._call("POST", path, token=token, headers=headers, body=raw)

    def _call(
        self,
        method: str,
        path: str,
        *,
        token: str | None,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent.setdefault("Authorization", f"Bearer {token}")
        answer = requests.request(
            method, self.url + path, data=body, headers=sent, timeout=CALL_SECONDS
        )
        return Answer(answer.status_code, answer.headers, answer.content)

    def _answers(self, path: str) -> bool:
        try:
            return requests.get(f"{self.url}{path}", timeout=1).ok
        except requests.RequestException:
            return False


def _session(leader: int) -> list[int]:
    """Return the living processes of a session (proc(5): field 3 is the state, 6 the session)."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields[0] not in {"Z", "X"} and int(fields[3]) == leader:
            found.append(int(stat.parent.name))
    # The main process first, since it replaces workers.
    return sorted(found)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


@contextmanager
def running_server(
    *,
    folder: Path,
    database_url: str,
    port: int | None = None,
    workers: int = 1,
    threads: int = 8,
    program: Sequence[str] = SERVE,
    **settings: str,
) -> Iterator[Server]:
    """Migrate a database and run a server over it; its processes are gone at the end.

    Args:
        folder: Its working directory, for its key and log.
        database_url: An empty database, or one of this version.
        port: Where it listens; by default any free port.
        workers: The number of worker processes.
        threads: How many requests each of them serves at a time.
        program: The server to run in place of `ticketing serve`.
        settings: Further settings, by their variable's name without ``TICKETING_``.
    """
    variables = {
        "DATABASE_URL": database_url,
        "JWT_SECRET": SECRET,
        "SIGNING_KEY_FILE": str(folder / "signing.pem"),
        "STRIPE_SECRET_KEY": "sk_test_any",
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
    } | settings
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        **{f"TICKETING_{name}": value for name, value in variables.items()},
    }
    if not (folder / "signing.pem").exists():
        SigningKey.generate().save_new(folder / "signing.pem")
    # Not by a process of the command, which takes a second to start.
    engine = engine_for(database_url)
    migrate(engine)
    engine.dispose()
    chosen = free_ports(1)[0] if port is None else port
    server = Server(
        url=f"http://127.0.0.1:{chosen}",
        environment=environment,
        folder=folder,
        workers=workers,
        threads=threads,
        program=program,
    )
    try:
        server.start()
        yield server
    finally:
        server.stop()
