"""A restart of the only process while clients buy: none is refused, none loses its answer."""

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

from attrs import frozen

from tests.integration.cli.processes import environment, run
from tests.integration.end_to_end.conftest import CREATE
from tests.integration.servers.test_workers import address, serve_with, wait_until
from tests.support.server import SECRET, Server, access_token, running_server
from ticketing_adapters.sql import SqlEvents, engine_for
from ticketing_core import EventDraft, Money
from ticketing_core.event import Added

CLIENTS = 4
BETWEEN = 20
"""Answers of each client before, between and after restarts."""

QUICK = "server.HEADER_SECONDS = 1"
"""A process that hands over waits for idle connections, so let them be short."""


class Client:
    """Buys again and again, over one connection as long as the server keeps it."""

    def __init__(self, server: Server, event_id: int, *, keeps_alive: bool) -> None:
        self.answers = 0
        self.tickets = 0
        self.failures: list[str] = []
        self._connection = http.client.HTTPConnection(*address(server), timeout=40)
        self._order = json.dumps({"event_id": event_id, "quantity": 1})
        self._headers = {
            "Content-Type": "application/json",
            "Connection": "keep-alive" if keeps_alive else "close",
        }

    def buy_until(self, stopped: threading.Event) -> None:
        """Buy, and note what is not a ticket."""
        while not stopped.is_set():
            try:
                # Another buyer each time: one alone would be refused for calling too often.
                bearer = {"Authorization": f"Bearer {access_token(str(uuid4()))}"}
                self._connection.request("POST", CREATE, self._order, self._headers | bearer)
                answer = self._connection.getresponse()
                answer.read()
                if answer.status == 200:
                    self.tickets += 1
                else:
                    self.failures.append(str(answer.status))
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                self._connection.close()
            self.answers += 1
        self._connection.close()


@contextmanager
def buying(server: Server, event_id: int) -> Iterator[list[Client]]:
    """Let clients buy meanwhile, half of them over connections that stay open."""
    stopped = threading.Event()
    clients = [Client(server, event_id, keeps_alive=n % 2 == 0) for n in range(CLIENTS)]
    threads = [threading.Thread(target=each.buy_until, args=(stopped,)) for each in clients]
    for thread in threads:
        thread.start()
    try:
        yield clients
    finally:
        stopped.set()
        for thread in threads:
            thread.join()


@frozen
class Sale:
    """How clients fared during restarts.

    Attributes:
        failures: What they met instead of a ticket.
        tickets: How many tickets they were told of.
        kept: How many were sold, each for one place.
    """

    failures: Sequence[str]
    tickets: int
    kept: int


def sale_during(
    restart: Callable[[Server], Server], *, times: int, database_url: str, folder: Path
) -> Sale:
    """Restart some times while clients buy."""
    program = [*serve_with(QUICK), "--take-over"]
    with (
        running_server(folder=folder, database_url=database_url, program=program) as first,
        closing_engine(database_url) as events,
        ExitStack() as ends,
    ):
        added = events.add(EventDraft(name="Concert", price=Money(0, "usd"), capacity=10**6))
        assert isinstance(added, Added)
        server = first
        with buying(first, added.event.event_id) as clients:
            for _ in range(times):
                served = [client.answers for client in clients]
                wait_until(
                    lambda served=served: all(  # type: ignore[misc]
                        client.answers >= before + BETWEEN
                        for client, before in zip(clients, served, strict=True)
                    ),
                    what="all have bought",
                )
                server = restart(server)
                ends.callback(server.kill_all)
        sold = events.by_id(added.event.event_id)
        assert sold is not None
        return Sale(
            failures=[failure for client in clients for failure in client.failures],
            tickets=sum(client.tickets for client in clients),
            kept=sold.kept,
        )


@contextmanager
def closing_engine(database_url: str) -> Iterator[SqlEvents]:
    """Open the events of a database beside the server."""
    engine = engine_for(database_url)
    try:
        yield SqlEvents(engine)
    finally:
        engine.dispose()


def hand_over(old: Server) -> Server:
    """Let a new process with one more worker take over, and wait until the old one has ended."""
    settings = {**old.environment, "TICKETING_FRONTEND_URL": "http://localhost:5174"}
    new = Server(
        url=old.url,
        environment=settings,
        folder=old.folder,
        workers=old.workers + 1,
        threads=old.threads,
        program=old.program,
    )
    new.start()
    wait_until(lambda: not old.processes(), what="the old process ends")
    answer = new.get("/healthz", Origin="http://localhost:5174")
    assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:5174"
    return new


def stop_and_start(old: Server) -> Server:
    """Restart as operators usually do."""
    old.stop()
    old.start()
    return old


def test_handing_over_breaks_no_request(sqlite_url: str, tmp_path: Path) -> None:
    """Neither on connections that stay open nor on new ones; new settings count afterwards.

    Nor does anyone lose an answer: what was sold is what the clients were told.
    """
    sale = sale_during(hand_over, times=2, database_url=sqlite_url, folder=tmp_path)
    assert sale.failures == []
    assert sale.kept == sale.tickets > 0


def test_stopping_and_starting_is_the_control(sqlite_url: str, tmp_path: Path) -> None:
    """Clients are refused meanwhile."""
    sale = sale_during(stop_and_start, times=1, database_url=sqlite_url, folder=tmp_path)
    assert sale.failures


def test_a_successor_that_cannot_start_changes_nothing(sqlite_url: str, tmp_path: Path) -> None:
    """The old process goes on, and hands over to the next one."""
    program = [*serve_with(QUICK), "--take-over"]
    with running_server(folder=tmp_path, database_url=sqlite_url, program=program) as server:
        port = server.url.rpartition(":")[2]
        bad = {**server.environment, "TICKETING_JWT_SECRET": "short"}
        refused = run("serve", "--port", port, "--take-over", env=bad, cwd=tmp_path)
        assert refused.returncode != 0
        assert server.get("/readyz").status == 200
        assert not server.has_ended()
        with ExitStack() as ends:
            ends.callback(hand_over(server).kill_all)


def test_fewer_workers_take_nothing_over(sqlite_url: str, tmp_path: Path) -> None:
    """What waits for the others would be lost."""
    with running_server(folder=tmp_path, database_url=sqlite_url, workers=2) as server:
        port = server.url.rpartition(":")[2]
        refused = run("serve", "--port", port, "--take-over", env=server.environment, cwd=tmp_path)
        assert refused.returncode == 1
        assert "start with --workers 2 or more" in refused.stderr
        assert server.get("/readyz").status == 200


def test_the_port_of_another_program_is_not_taken_over(tmp_path: Path) -> None:
    """It is in use."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        env = environment(jwt_secret=SECRET)
        port = str(other.getsockname()[1])
        refused = run("serve", "--port", port, "--take-over", env=env, cwd=tmp_path)
        assert refused.returncode == 1
        assert "is in use. What listens there cannot be taken over" in refused.stderr
