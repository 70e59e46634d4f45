"""The proxy of the compose file: a replica that stops costs no buyer a ticket."""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import requests

from tests.integration.end_to_end.conftest import CREATE
from tests.integration.servers.test_workers import wait_until
from tests.support.ports import free_ports
from tests.support.server import Server, access_token, running_server
from ticketing_adapters.sql import SqlEvents, engine_for
from ticketing_core import Money
from ticketing_core.testing.contracts.examples import stored_event

CADDYFILE = Path(__file__).parents[3] / "deploy/Caddyfile"
CLIENTS = 4
BETWEEN = 30
"""Tickets that each client buys before, between and after stops."""


@contextmanager
def running_caddy(caddyfile: str, folder: Path, *servers: Server) -> Iterator[str]:
    """Serve as a Caddyfile says, but from given addresses instead of a name's."""
    [port] = free_ports(1)
    addresses = " ".join(server.url.removeprefix("http://") for server in servers)
    text, changed = re.subn(
        r"dynamic a .*?\{\n.*?\}", f"to {addresses}", caddyfile, flags=re.DOTALL
    )
    assert changed == 1
    (folder / "Caddyfile").write_text("{\n\tadmin off\n}\n" + text)
    with (folder / "caddy.log").open("wb") as log:
        process = subprocess.Popen(
            [
                Path(sys.executable).with_name("caddy"),
                "run",
                "--adapter",
                "caddyfile",
                "--config",
                folder / "Caddyfile",
            ],
            env={"HOME": str(folder), "TICKETING_HOST": f"http://127.0.0.1:{port}"},
            stdout=log,
            stderr=log,
        )
    public = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: _answers(public), what="Caddy answers")
        yield public
    finally:
        process.terminate()
        process.wait()


def _answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/healthz", timeout=5).ok
    except requests.ConnectionError:
        return False


class Buyers(threading.Thread):
    """Buys one ticket after the other, each for another person and under a key of its own."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.tickets = 0
        self.failures: list[str] = []
        self.enough = threading.Event()
        self._address = address

    def run(self) -> None:
        """Buy until it is enough."""
        with requests.Session() as session:
            while not self.enough.is_set():
                headers = {
                    "Authorization": f"Bearer {access_token(str(uuid4()))}",
                    "Idempotency-Key": str(uuid4()),
                    "Content-Type": "application/json",
                }
                order = json.dumps({"event_id": 1, "quantity": 1})
                answer = session.post(self._address + CREATE, order, headers=headers, timeout=40)
                if answer.ok:
                    self.tickets += 1
                else:
                    self.failures.append(f"{answer.status_code} {answer.text}")


def failures(caddyfile: str, folder: Path) -> list[str]:
    """Stop and start one replica after the other while people buy; return what went wrong."""
    url = f"sqlite:///{folder / 'ticketing.db'}"
    one, two = (folder / name for name in ("one", "two"))
    for each in (one, two):
        each.mkdir()
    key = str(folder / "signing.pem")
    with (
        running_server(folder=one, database_url=url, SIGNING_KEY_FILE=key) as first,
        running_server(folder=two, database_url=url, SIGNING_KEY_FILE=key) as second,
        running_caddy(caddyfile, folder, first, second) as public,
    ):
        engine = engine_for(url)
        stored_event(SqlEvents(engine), price=Money(0, "usd"), capacity=10**6)
        engine.dispose()
        buyers = [Buyers(public) for _ in range(CLIENTS)]
        for buyer in buyers:
            buyer.start()
        try:
            for server in (first, second):
                wait_for_more(buyers)
                server.stop()
                wait_for_more(buyers)
                server.start()
            wait_for_more(buyers)
        finally:
            for buyer in buyers:
                buyer.enough.set()
            for buyer in buyers:
                buyer.join()
        return [failure for buyer in buyers for failure in buyer.failures]


def test_stopping_one_replica_after_the_other_refuses_nobody(tmp_path: Path) -> None:
    """As long as one of them serves; buyers send keys."""
    assert failures(CADDYFILE.read_text(), tmp_path) == []


def test_control_a_proxy_that_sends_nothing_twice(tmp_path: Path) -> None:
    """Control: without its lines for that, buyers get errors."""
    text = re.sub(
        r"lb_retry_match \{.*?\}|lb_try_\w+ \w+", "", CADDYFILE.read_text(), flags=re.DOTALL
    )
    assert failures(text, tmp_path)


def wait_for_more(buyers: list[Buyers]) -> None:
    """Wait until each has bought some more."""
    before = [each.tickets for each in buyers]
    wait_until(
        lambda: all(b.tickets >= n + BETWEEN for b, n in zip(buyers, before, strict=True)),
        what="all have bought",
    )
