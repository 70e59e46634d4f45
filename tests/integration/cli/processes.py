"""The command line in real processes, which are stopped by their own id."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.support.ports import free_ports

TICKETING = [sys.executable, "-m", "ticketing_service.cli"]

SECRET = "a-secret-of-more-than-thirty-two-bytes"

PATIENCE_SECONDS = 30.0


def environment(**settings: str) -> dict[str, str]:
    """Return an environment with these settings and no others."""
    inherited = {n: text for n, text in os.environ.items() if not n.startswith("TICKETING_")}
    ours = {f"TICKETING_{name.upper()}": text for name, text in settings.items()}
    return inherited | ours


def free_port() -> tuple[str, str]:
    """Return the option for a free port: another service may run on this machine."""
    return "--port", str(free_ports(1)[0])


def run(
    *arguments: str,
    env: Mapping[str, str],
    cwd: Path,
    preexec_fn: Callable[[], None] | None = None,
) -> "subprocess.CompletedProcess[str]":
    """Run a command and wait for its end."""
    return subprocess.run(
        [*TICKETING, *arguments],
        preexec_fn=preexec_fn,
        env=env,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


@contextmanager
def started(
    *arguments: str, env: Mapping[str, str], cwd: Path, program: Sequence[str] = TICKETING
) -> "Iterator[subprocess.Popen[str]]":
    """Run a command while the context lasts; stop it at the end if it still runs."""
    with subprocess.Popen(
        [*program, *arguments],
        env=env,
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(timeout=PATIENCE_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()


def wait_until(condition: Callable[[], bool], *, what: str) -> None:
    """Poll until ``condition`` is true."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"timed out: {what}"
        time.sleep(0.05)


def answers(url: str) -> bool:
    """Return whether a server responds with 200."""
    try:
        return requests.get(url, timeout=5).status_code == 200
    except requests.RequestException:
        return False


def listens(port: int) -> bool:
    """Return whether the port accepts connections."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def call(url: str, *, token: str | None = None, body: Any = None) -> tuple[int, Any]:
    """Call an API, by POST if there is a body; return the status and the JSON."""
    answer = requests.request(
        "GET" if body is None else "POST",
        url,
        json=body,
        headers={} if token is None else {"Authorization": f"Bearer {token}"},
        timeout=PATIENCE_SECONDS,
    )
    return answer.status_code, answer.json()


def children(pid: int) -> list[int]:
    """Return the living children of a process."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found]


def lives(pid: int) -> bool:
    """Return whether the process exists and has not ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def read_json(stream: Any) -> Any:
    """Read the JSON object that a command prints before it goes on running."""
    text = ""
    for line in stream:
        text += line
        if line.rstrip() == "}":
            return json.loads(text)
    raise AssertionError(f"no JSON object in: {text}")
