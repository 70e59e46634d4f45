"""A long export comes through the real server, which reads it from a file."""

import csv
from io import StringIO
from pathlib import Path

from tests.integration.servers.test_stalled_clients import open_shop
from tests.support.many_tickets import OTHER, store_many
from tests.support.server import access_token
from ticketing_adapters.sql import engine_for, migrate

TICKETS = 5_000
EVERY = 20
EXPORT = f"/api/events/{OTHER}/tickets.csv"


def test_a_long_export_has_every_ticket_once(sqlite_url: str, tmp_path: Path) -> None:
    """The newest first, and the same when it is asked for again."""
    engine = engine_for(sqlite_url)
    migrate(engine)
    engine.dispose()
    store_many(sqlite_url, count=TICKETS, every=EVERY)
    token = access_token("7", roles=["organizer"])
    with open_shop(sqlite_url, tmp_path) as shop:
        answer, again = (shop.server.get(EXPORT, token=token) for _ in range(2))
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.content == again.content
    names, *rows = csv.reader(StringIO(answer.content.decode(), newline=""))
    assert names[0] == "ticket_id"
    ids = [int(row[0]) for row in rows]
    assert len(ids) == TICKETS - TICKETS // EVERY
    assert ids == sorted(set(ids), reverse=True)
