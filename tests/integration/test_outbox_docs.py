"""docs/outbox.md is true: its receiver and its subscriber get what happens at a running service."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
import requests

from tests.integration.cli.processes import SECRET, call, environment, listens, run, wait_until
from tests.support.ports import free_ports
from tests.unit.box_offices import World
from ticketing_core import MessageKind
from ticketing_core.message import ticket_message

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/outbox.md").read_text()
RECEIVER, SUBSCRIBER = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
FREE = ["event", "add", "--name", "Concert", "--price", "0", "--capacity", "100"]


@contextmanager
def served(
    module: str, source: str, port: int, *, folder: Path, env: Mapping[str, str]
) -> Iterator[Path]:
    """Serve the application of a module by gunicorn; give the log of what it prints."""
    (folder / f"{module}.py").write_text(source)
    log = folder / f"{module}.log"
    options = ["--threads", "4", "--bind", f"127.0.0.1:{port}", f"{module}:app"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *options],
            cwd=folder,
            env=env,
            stdout=output,
            stderr=output,
        )
        try:
            wait_until(lambda: listens(port), what=log.read_text())
            yield log
        finally:
            process.terminate()
            process.wait()


def buy(url: str) -> None:
    """Buy a free ticket."""
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)
    token = jwt.encode({"sub": "42", "exp": in_an_hour}, SECRET, "HS256")
    body = {"event_id": 1, "quantity": 2}
    status, bought = call(f"{url}/api/payments/create-payment-intent/", token=token, body=body)
    assert status == 200, bought


def test_what_happens_reaches_the_receiver_and_the_subscriber(tmp_path: Path) -> None:
    """A real service, a receiver over HTTP, and a subscriber within the service."""
    env = environment(
        database_url="sqlite:///ticketing.db", jwt_secret=SECRET, webhooks_private="on"
    )
    hook, shop = free_ports(2)
    url = f"http://127.0.0.1:{hook}/webhooks"

    def ticketing(*arguments: str) -> str:
        done = run(*arguments, env=env, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    ticketing("migrate")
    ticketing("subscriber", "add", "ledger")
    secret = json.loads(ticketing("subscriber", "add", "mailer", url, "--json"))["secret"]
    with (
        served("shop", SUBSCRIBER, shop, folder=tmp_path, env=env),
        served(
            "receiver", RECEIVER, hook, folder=tmp_path, env={**env, "WEBHOOK_SECRET": secret}
        ) as log,
    ):
        ticketing(*FREE)
        buy(f"http://127.0.0.1:{shop}")
        for told in ("event.added ('event', 1) is version (1, 1)", "ticket.issued ('ticket', 1)"):
            wait_until(lambda told=told: told in log.read_text(), what=told)  # type: ignore[misc]
        ledger = tmp_path / "ledger.txt"
        wait_until(lambda: "ticket.issued" in ledger.read_text(), what="the ledger")
        # Nobody else can tell the receiver anything.
        assert requests.post(url, json={}, timeout=30).status_code == 400


def test_the_commands_are_taken(tmp_path: Path) -> None:
    """In the order of the page."""
    env = environment(database_url="sqlite:///ticketing.db")
    assert run("migrate", env=env, cwd=tmp_path).returncode == 0
    blocks = re.findall(r"```sh\n(.*?)```", TEXT, flags=re.DOTALL)
    for line in "".join(blocks).splitlines():
        program, *arguments = shlex.split(line)
        assert program == "ticketing"
        done = run(*arguments, env=env, cwd=tmp_path)
        assert done.returncode == 0, done.stderr


def test_every_type_has_its_row() -> None:
    """And none has one that does not exist."""
    listed = re.findall(r"`((?:ticket|event)\.\w+)`", TEXT.split("| type |")[1].split("\n\n")[0])
    assert sorted(listed) == sorted(MessageKind)


def test_the_example_has_what_a_message_has() -> None:
    """The same members, in the same order, with values of the same types."""
    (block,) = re.findall(r"```json\n(.*?)```", TEXT, flags=re.DOTALL)
    world = World()
    ticket = world.issued(world.event())
    message = ticket_message(None, ticket, at=ticket.created_at)
    assert message is not None
    shown = json.loads(block)
    assert list(shown) == ["type", "timestamp", "data"]
    assert shown["type"] == message.kind
    assert list(shown["data"]) == ["epoch", *message.data]
    for name, value in message.data.items():
        assert type(shown["data"][name]) is type(value), name


@pytest.mark.parametrize("text", [RECEIVER, SUBSCRIBER], ids=["receiver", "subscriber"])
def test_the_code_is_typed(tmp_path: Path, text: str) -> None:
    """It passes `mypy --strict`."""
    (tmp_path / "example.py").write_text(text)
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(tmp_path / "example.py")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
