"""The service behind servers that fork, before or after they have loaded the application."""

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.integration.cli.databases import hold_long_ago
from tests.support.server import Server, access_token, running_server
from ticketing_adapters.sql import SqlEvents, SqlTickets, engine_for
from ticketing_adapters.sql.installation_tables import leases
from ticketing_core import Event, Money
from ticketing_core.testing.contracts.examples import stored_event

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
WORKERS = 3
BUYERS = 150
SOON_SECONDS = 30.0

SERVICE = "ticketing_service.wsgi:application()"
CONTROL = "before_the_fork:application()"

# Called with the options of `ticketing serve`: $2 is the port, $4 the number of workers.
GUNICORN = f'exec {BIN}/gunicorn --pythonpath {HERE} --bind 127.0.0.1:"$2" --workers "$4"'
UWSGI = (
    f'exec {BIN}/uwsgi --http-socket 127.0.0.1:"$2" --processes "$4" --master --die-on-term'
    " --disable-logging --module"
)
SERVERS = {
    "gunicorn": f"{GUNICORN} '{SERVICE}'",
    "preload": f"{GUNICORN} --preload '{SERVICE}'",
    "preload-threads": f"{GUNICORN} --preload --worker-class gthread --threads 4 '{SERVICE}'",
    "uwsgi": f"{UWSGI} '{SERVICE}' --enable-threads",
    "uwsgi-lazy": f"{UWSGI} '{SERVICE}' --enable-threads --lazy-apps",
}


@contextmanager
def behind(command: str, *, folder: Path, database_url: str) -> Iterator[Server]:
    """Run the service behind another server."""
    program = ["/bin/sh", "-c", command, "server"]
    with running_server(
        folder=folder, database_url=database_url, workers=WORKERS, program=program
    ) as server:
        yield server


@contextmanager
def events_of(database_url: str) -> Iterator[SqlEvents]:
    """Open the events of a database beside the server."""
    engine = engine_for(database_url)
    try:
        yield SqlEvents(engine)
    finally:
        engine.dispose()


def event_on_sale(database_url: str, *, price: int) -> Event:
    """Store an event with room for all buyers."""
    with events_of(database_url) as events:
        return stored_event(events, price=Money(price, "usd"), capacity=BUYERS)


def gets_own_ticket(server: Server, event: Event, buyer: str) -> bool:
    """Buy a free ticket and look at it, which only its buyer may do."""
    body = {"event_id": event.event_id, "quantity": 1}
    bought = server.post("/api/payments/create-payment-intent/", body, token=access_token(buyer))
    if bought.status != 200:
        return False
    path = f"/api/tickets/{bought.body['ticket_id']}/"
    return server.get(path, token=access_token(buyer)).status == 200


def all_get_own_tickets(server: Server, database_url: str) -> bool:
    """Let many buy at once; return whether each got a ticket of their own."""
    event = event_on_sale(database_url, price=0)
    with ThreadPoolExecutor(16) as pool:
        own = list(pool.map(lambda n: gets_own_ticket(server, event, f"buyer-{n}"), range(BUYERS)))
    with events_of(database_url) as events:
        stored = events.by_id(event.event_id)
    assert stored is not None
    return all(own) and stored.kept == BUYERS


def settling_process(database_url: str) -> int:
    """Return the id of the process that settles, once there is one."""
    engine = engine_for(database_url)
    deadline = time.monotonic() + SOON_SECONDS
    try:
        while True:
            with engine.connect() as connection:
                holder = connection.execute(
                    select(leases.c.holder).where(leases.c.name == "settle")
                ).scalar_one_or_none()
            if holder is not None:
                return int(holder.rpartition("/")[2])
            assert time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        engine.dispose()


def hold_is_over(database_url: str) -> Event:
    """Store something to settle."""
    event = event_on_sale(database_url, price=2500)
    engine = engine_for(database_url)
    hold_long_ago(SqlTickets(engine), event_id=event.event_id)
    engine.dispose()
    return event


def frees_places(server: Server, database_url: str) -> bool:
    """Return whether the places of a hold that is over are free soon."""
    event = hold_is_over(database_url)
    deadline = time.monotonic() + SOON_SECONDS
    while server.get(f"/api/events/{event.event_id}/").body["places_left"] != BUYERS:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@pytest.mark.parametrize("command", SERVERS.values(), ids=SERVERS)
def test_forked_processes_sell_and_settle(command: str, postgres_url: str, tmp_path: Path) -> None:
    """They never read each other's answers of the database, and one of them settles."""
    with behind(command, folder=tmp_path, database_url=postgres_url) as server:
        assert all_get_own_tickets(server, postgres_url)
        assert frees_places(server, postgres_url)
        assert settling_process(postgres_url) in server.worker_ids()


def test_sqlite_is_served_by_forked_processes(sqlite_url: str, tmp_path: Path) -> None:
    """The same over a file."""
    with behind(SERVERS["preload"], folder=tmp_path, database_url=sqlite_url) as server:
        assert all_get_own_tickets(server, sqlite_url)
        assert frees_places(server, sqlite_url)


def test_serving_over_what_was_made_before_the_fork_is_the_control(
    postgres_url: str, tmp_path: Path
) -> None:
    """Then buyers get errors or other buyers' tickets, and no worker settles."""
    command = f"{GUNICORN} --preload '{CONTROL}'"
    with behind(command, folder=tmp_path, database_url=postgres_url) as server:
        assert not all_get_own_tickets(server, postgres_url)
        hold_is_over(postgres_url)
        assert settling_process(postgres_url) not in server.worker_ids()


def test_a_server_that_runs_no_threads_is_refused(postgres_url: str, tmp_path: Path) -> None:
    """As it comes, uWSGI never runs the background work; the start says so."""
    command = f"{UWSGI} '{SERVICE}' --need-app"
    with (
        pytest.raises(AssertionError, match="without the option `enable-threads`"),
        behind(command, folder=tmp_path, database_url=postgres_url),
    ):
        pass
