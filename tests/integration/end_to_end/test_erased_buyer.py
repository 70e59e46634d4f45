"""An erased buyer is in no table of a real database, whatever they have done."""

import base64
import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, MetaData, select

from tests.integration.end_to_end.conftest import Shop
from tests.integration.end_to_end.test_gate import NOW, REFUND, shown
from tests.support.server import access_token
from ticketing_adapters.sql import SqlAuthors, SqlOutbox, SqlTickets, engine_for
from ticketing_adapters.system import SystemClock
from ticketing_core import PrivacyOffice
from ticketing_core.subscription import Subscription

NAMED = {"tickets", "ticket_history", "event_history", "admissions"}
"""The tables that name people."""


def all_rows(engine: Engine) -> Mapping[str, str]:
    """Return the rows of each table of the database as text."""
    found = MetaData()
    found.reflect(engine)
    with engine.connect() as connection:
        return {
            name: str([tuple(row) for row in connection.execute(select(table))])
            for name, table in found.tables.items()
        }


def live(shop: Shop) -> Mapping[str, Any]:
    """Buy, pay, cancel, organize and let people in, all as one person; return a paid order."""
    everything = {"roles": ["organizer", "gate"]}
    person = access_token(shop.buyer, **everything)
    event = shop.event()
    event_path, check_in = f"/api/events/{event.event_id}/", "/api/tickets/check-in/"
    paid = shop.create(event, **{"Idempotency-Key": f"{shop.buyer} 1"}).body
    shop.world.pay(paid["checkout_url"])
    shop.verify(paid)
    given_up = shop.create(event, **{"Idempotency-Key": f"{shop.buyer} 2"}).body
    shop.cancel(given_up)
    other = shop.bought(event, buyer="other")
    shop.world.pay(other["checkout_url"])
    shop.verify(other, buyer="other")
    version = shop.server.get(event_path).body["version"]
    for path, body in (
        (check_in, {"ticket_id": other["ticket_id"]}),
        (
            f"{check_in}sync/",
            {
                "sent_at": NOW,
                "scans": [
                    {
                        "scan_id": str(uuid4()),
                        "token": shown(shop, paid),
                        "people": 1,
                        "gate": "North",
                        "at": NOW,
                    }
                ],
            },
        ),
        (REFUND, {"ticket_id": other["ticket_id"]}),
        (f"{event_path}close/", {"version": version}),
    ):
        done = shop.server.post(path, {"event_id": event.event_id, **body}, token=person)
        assert done.status == 200, done.content
    return dict(paid)


@pytest.mark.usefixtures("no_webhooks")
def test_no_table_names_an_erased_buyer(shop: Shop) -> None:
    """Before, four tables do. Neither QR codes nor messages have ever named them."""
    engine = engine_for(shop.database_url)
    try:
        assert SqlOutbox(engine).add(Subscription(name=f"all-{uuid4()}"))
        order = live(shop)
        token = shown(shop, order)
        before = all_rows(engine)
        assert before["outbox"] != "[]"
        assert {name for name, rows in before.items() if shop.buyer in rows} == NAMED
        office = PrivacyOffice(
            tickets=SqlTickets(engine), authors=SqlAuthors(engine), clock=SystemClock()
        )
        assert office.erase_buyer(shop.buyer, by="operator").tickets == 2
        after = all_rows(engine)
        ticket = SqlTickets(engine).by_id(order["ticket_id"])
    finally:
        engine.dispose()
    assert after.keys() == before.keys()
    assert {name for name, rows in after.items() if shop.buyer in rows} == set()
    assert ticket is not None
    claims = token.split(".")[1]
    said = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert shop.buyer not in str(said)
    staff = access_token("alice", roles=["gate"])
    body = {"event_id": ticket.event_id, "token": token, "admit": 1}
    scanned = shop.server.post("/api/tickets/check-in/", body, token=staff)
    assert scanned.body["outcome"] == "admitted"
    path = f"/api/tickets/{order['ticket_id']}/"
    shop.server.get(path, token=access_token(shop.buyer)).problem(403, "not_your_ticket")
