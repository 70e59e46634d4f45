"""A real `ticketing serve` in its own processes, and a client that calls it as frontends do."""

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

SECRET = "both the login and this service know it, and nobody else"
WEBHOOK_SECRET = "whsec_of_the_tests"
WEBHOOK_PATH = "/api/payments/webhook/"
TICKETING = [sys.executable, "-m", "ticketing_service.cli"]
SERVE = (*TICKETING, "serve")

START_SECONDS = 30.0
CALL_SECONDS = 40.0


def access_token(buyer: object = "42", **claims: Any) -> str:
    """An access token for the next hour; a claim of None is left out."""
    now = datetime.now(UTC)
    values = {"sub": buyer, "iat": now, "exp": now + timedelta(hours=1)} | claims
    told = {name: value for name, value in values.items() if value is not None}
    return jwt.encode(told, SECRET, "HS256")


@frozen
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        """The JSON in it."""
        return json.loads(self.content)

    def problem(self, status: int, code: str) -> Mapping[str, Any]:
        """The problem in it, which has to be this one."""
        assert self.status == status, self.content
        assert self.headers["Content-Type"] == "application/problem+json"
        told: dict[str, Any] = self.body
        assert (told["status"], told["code"]) == (status, code), told
        assert told["detail"]
        return told


@define
class Server:
    """The service at an address, which may be down for a while.

    Attributes:
        url: Where it answers.
        environment: All that its processes see.
        folder: Where they run and write their log.
        program: What serves; it takes the options of `ticketing serve`.
    """

    url: str
    environment: Mapping[str, str]
    folder: Path
    workers: int = 1
    threads: int = 8
    program: Sequence[str] = SERVE
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    def start(self) -> None:
        """Start it, and wait until it is ready to sell."""
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
        while not self._is_ready():
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)

    def stop(self) -> None:
        """End it as an operator does, and wait until it has ended."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(START_SECONDS)
            finally:
                self.kill_all()

    def kill_all(self) -> None:
        """SIGKILL for every process of it; all are gone when this returns."""
        if self._process is None:
            return
        # By session, and until nobody is left: a worker that was just being replaced is no child
        # of the main process any more, and one that was killed may still hold the port.
        while living := _session(self._process.pid):
            for pid in living:
                _kill(pid)
            time.sleep(0.005)
        self._process.wait()
        self._process = None

    def kill_worker(self) -> None:
        """SIGKILL for one worker; the main process replaces it."""
        for pid in self.worker_ids()[:1]:
            _kill(pid)

    def worker_ids(self) -> list[int]:
        """The ids of the processes that answer."""
        if self._process is None:
            return []
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        try:
            return [int(pid) for pid in children.read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            return []

    def log(self) -> str:
        """What its processes wrote."""
        return (self.folder / "serve.log").read_text()

    def get(self, path: str, *, token: str | None = None, **headers: str) -> Answer:
        """Read something."""
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

    def _is_ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/readyz", timeout=1).ok
        except requests.RequestException:
            return False


def _session(leader: int) -> list[int]:
    """The processes of a session that live (proc(5): the state, and three on the session)."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields[0] not in {"Z", "X"} and int(fields[3]) == leader:
            found.append(int(stat.parent.name))
    # The main process first: it replaces workers.
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
    """A server over a database that is migrated first; its processes are gone at the end.

    Args:
        folder: Where it runs; its key and log are kept there.
        database_url: Empty, or of this version.
        port: Where it listens; else any free one.
        workers: How many processes answer.
        threads: How many requests each of them answers at a time.
        program: What serves, if not `ticketing serve`.
        settings: More of them, by the end of their variable's name.
    """
    ours = {
        "DATABASE_URL": database_url,
        "JWT_SECRET": SECRET,
        "SIGNING_KEY_FILE": str(folder / "signing.pem"),
        "STRIPE_SECRET_KEY": "sk_test_any",
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
    } | settings
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        **{f"TICKETING_{name}": value for name, value in ours.items()},
    }
    if not (folder / "signing.pem").exists():
        SigningKey.generate().save_new(folder / "signing.pem")
    migrated = subprocess.run(
        [*TICKETING, "migrate"],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert migrated.returncode == 0, migrated.stderr
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
