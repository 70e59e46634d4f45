"""A service that is killed while it delivers loses no message, and delivers none out of order."""

import json
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field
from sqlalchemy import Connection, create_engine, text
from standardwebhooks import Webhook

from tests.integration.cli.processes import wait_until
from tests.integration.end_to_end.conftest import CREATE, DATABASES
from tests.support.postgres import PostgresServer
from tests.support.server import TICKETING, Server, access_token, running_server
from tests.support.webhook_receiver import Got, receiving, take

TICKETS = 40
"""More than are delivered at once."""


@define
class Books:
    """A receiver: verifies what comes, and can be held up."""

    secret: str = ""
    came: list[Mapping[str, Any]] = field(factory=list)
    goes_on: threading.Event = field(factory=threading.Event)
    holds: threading.Event = field(factory=threading.Event)

    def answer(self, got: Got) -> tuple[int, Mapping[str, str]]:
        """Take a message; the first ones only when it goes on."""
        message: dict[str, Any] = Webhook(self.secret).verify(got.body, dict(got.headers))
        self.came.append(message)
        if len(self.came) > TICKETS // 4:
            self.holds.set()
            self.goes_on.wait()
        return take(got)

    def arrivals(self, ticket_id: int) -> list[str]:
        """Return what was told of a ticket, in the order in which each came first."""
        told = [each for each in self.came if each["data"].get("ticket_id") == ticket_id]
        return list(dict.fromkeys(each["type"] for each in told))


@contextmanager
def tables(server: Server) -> Iterator[Connection]:
    """Give a transaction in the database of the service."""
    engine = create_engine(server.environment["TICKETING_DATABASE_URL"])
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def messages(server: Server, *, of: str) -> int:
    """Return how many messages of a kind are stored."""
    with tables(server) as connection:
        counted = text("SELECT count(*) FROM outbox WHERE kind = :kind")
        count: int = connection.execute(counted, {"kind": of}).scalar_one()
        return count


def end_claims(server: Server) -> None:
    """Let the time pass that claims, leases and pauses last."""
    with tables(server) as connection:
        connection.execute(text("DELETE FROM leases"))
        connection.execute(text("UPDATE subscriptions SET paused_until = NULL"))
        connection.execute(text("UPDATE outbox SET next_try_at = at WHERE delivered_at IS NULL"))


@pytest.fixture(params=DATABASES)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """Give a service of two processes over each kind of database."""
    postgres: PostgresServer | None = None
    database_url = f"sqlite:///{tmp_path / 'ticketing.db'}"
    if request.param != "sqlite":
        postgres = request.getfixturevalue("postgres_server")
        database_url = postgres.create_database()
    with running_server(
        folder=tmp_path, database_url=database_url, workers=2, WEBHOOKS_PRIVATE="on"
    ) as started:
        yield started
    if postgres is not None:
        postgres.drop_database(database_url)


def command(server: Server, *arguments: str) -> Any:
    """Run a command with the settings of the service, and return what it prints."""
    done = subprocess.run(
        [*TICKETING, *arguments, "--json"],
        env=server.environment,
        cwd=server.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_service_that_is_killed_loses_no_message(server: Server) -> None:
    """What it has sent without noting it comes again, once the claims and the lease have ended.

    The test ends both, since they last a minute and half of one.
    """
    books = Books()
    with receiving(books.answer) as receiver:
        url = f"http://127.0.0.1:{receiver.port}/"
        books.secret = command(server, "subscriber", "add", "books", url)["secret"]
        command(server, "event", "add", "--name", "A", "--price", "0", "--capacity", "500")
        for buyer in range(TICKETS):
            body = {"event_id": 1, "quantity": 1}
            assert server.post(CREATE, body, token=access_token(str(buyer))).status == 200
        assert books.holds.wait(30)
        command(server, "event", "cancel", "1", "--yes")
        wait_until(lambda: messages(server, of="ticket.refunded") == TICKETS, what="the refunds")
        server.kill_all()
        books.goes_on.set()
        end_claims(server)
        server.start()
        wait_until(
            lambda: all(len(books.arrivals(each)) == 2 for each in range(1, TICKETS + 1)),
            what=f"all messages: {len(books.came)} came",
        )
    for each in range(1, TICKETS + 1):
        assert books.arrivals(each) == ["ticket.issued", "ticket.refunded"]
