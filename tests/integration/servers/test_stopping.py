"""`ticketing serve` stops in time whatever the payment provider does."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests

from tests.integration.end_to_end.conftest import CREATE
from tests.integration.servers.test_workers import serve_with, wait_until
from tests.support.server import Server, access_token, running_server
from ticketing_adapters.sql import SqlEvents, SqlTickets, engine_for
from ticketing_core.testing.contracts.examples import draft, held, paying, stored_event
from ticketing_service.serving.server import STOP_SECONDS

CONTAINER_SECONDS = 10
"""What container runtimes allow before they kill everything."""


class Provider:
    """Refuses connections until it is told to be silent: then it takes calls and never answers."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._taken: list[socket.socket] = []
        self._is_silent = False
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.called = threading.Event()
        threading.Thread(target=self._take, daemon=True).start()

    def be_silent(self) -> None:
        """Answer no more."""
        self._is_silent = True

    def close(self) -> None:
        """End it, and all calls."""
        self._listener.shutdown(socket.SHUT_RDWR)
        for each in [self._listener, *self._taken]:
            each.close()

    def _take(self) -> None:
        while True:
            try:
                call, _ = self._listener.accept()
            except OSError:
                return
            if self._is_silent:
                self._taken.append(call)
                self.called.set()
            else:
                call.close()


@contextmanager
def stopping(database_url: str, folder: Path, *, change: str, settles: bool) -> Iterator[Server]:
    """Run a server that is asked to stop while the provider keeps it waiting.

    Args:
        database_url: A new database.
        folder: An empty folder.
        change: A change of its code.
        settles: Whether settling waits, or a buyer.
    """
    with ExitStack() as ends:
        provider = Provider()
        ends.callback(provider.close)
        server = ends.enter_context(
            running_server(
                folder=folder,
                database_url=database_url,
                program=serve_with(change),
                STRIPE_API_BASE=provider.url,
            )
        )
        ends.callback(server.kill_all)
        engine = engine_for(database_url)
        ends.callback(engine.dispose)
        event, tickets = stored_event(SqlEvents(engine)), SqlTickets(engine)
        provider.be_silent()
        if settles:
            # Its checkout has ended long ago.
            paying(tickets, held(tickets, draft(event)))
        else:
            buyer = threading.Thread(target=buy, args=(server, event.event_id))
            ends.callback(buyer.join)
            ends.callback(server.kill_all)
            buyer.start()
        wait_until(provider.called.is_set, what="the provider keeps it waiting")
        server.ask_to_stop()
        yield server


def buy(server: Server, event_id: int) -> None:
    """Buy a ticket; the connection may break."""
    try:
        server.post(CREATE, {"event_id": event_id, "quantity": 1}, token=access_token())
    except requests.RequestException:
        return


@pytest.mark.parametrize("settles", [True, False], ids=["settling", "buying"])
def test_a_silent_provider_does_not_delay_a_stop(
    *, settles: bool, sqlite_url: str, tmp_path: Path
) -> None:
    """The main process and its worker end."""
    change = "server.STOP_SECONDS = 1"
    with stopping(sqlite_url, tmp_path, change=change, settles=settles) as server:
        wait_until(lambda: not server.processes(), what="all have ended")


def test_a_stop_that_waits_for_the_provider_is_the_control(sqlite_url: str, tmp_path: Path) -> None:
    """Without a bound the worker lives as long as the buyer waits."""
    change = "server.STOP_SECONDS = 3600"
    with (
        stopping(sqlite_url, tmp_path, change=change, settles=False) as server,
        pytest.raises(AssertionError, match="never happened"),
    ):
        wait_until(lambda: not server.processes(), what="all have ended", seconds=5.0)


def test_a_stop_fits_what_containers_allow() -> None:
    """With a second for all that is not waiting."""
    assert STOP_SECONDS + 1 < CONTAINER_SECONDS
