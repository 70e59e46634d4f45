"""A database that was restored from a backup: `serve` notices, `ticketing restored` mends it."""

import json
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import pytest
from attrs import define, evolve
from sqlalchemy import create_engine, make_url, text

from tests.integration.cli.processes import PATIENCE_SECONDS, wait_until
from tests.integration.end_to_end.conftest import DATABASES, Shop, open_shop
from tests.support.postgres import PostgresServer
from tests.support.server import TICKETING
from ticketing_core.use_cases.forgotten_restore import PROOF_AGE
from ticketing_core.use_cases.restore import ID_GAP
from ticketing_service.sandbox import Delivery, Fault

Order = Mapping[str, Any]

LEFT = 1
"""The exit code while something is left for a person."""


@define
class Lossy:
    """A shop that lost what happened after its backup.

    Attributes:
        issued: In the backup, issued.
        refunded: The same, and refunded at the Dashboard since.
        reserved: In the backup without its checkout; paid since.
        lost: Bought, paid and issued since.
        open: Bought since; not paid yet.
        cancelled: Bought and cancelled since.
    """

    shop: Shop
    event: Any
    issued: Order
    refunded: Order
    reserved: Order
    lost: Order
    open: Order
    cancelled: Order

    def command(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a command with the settings of the service."""
        return subprocess.Popen(
            [*TICKETING, *arguments],
            env=self.shop.server.environment,
            cwd=self.shop.server.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def restored(self, *options: str) -> tuple[int, Any]:
        """Run `ticketing restored` to its end; return the exit code and what it printed."""
        with self.command("restored", "--json", *options) as process:
            printed, log = process.communicate()
        assert printed, log
        return process.returncode, json.loads(printed)

    def kill_when_it_asks_for(self, path: str, *, after_effect: bool = False) -> None:
        """Run `ticketing restored`, and kill it while it waits for this answer of Stripe."""
        sandbox = self.shop.running.sandbox
        sandbox.plan_fault(Fault(path=path, delay=PATIENCE_SECONDS, after_effect=after_effect))
        with self.command("restored", "--yes") as process:
            wait_until(lambda: not sandbox.planned_faults(), what=f"{path} is called")
            process.kill()

    def session(self, order: Order) -> Any:
        """Return the session of an order as Stripe has it."""
        with self.shop.running.sandbox.ledger() as ledger:
            return ledger.sessions[order["session_id"]]


def paid(shop: Shop, event: Any) -> Order:
    """Buy and pay."""
    order = shop.bought(event)
    shop.world.pay(order["checkout_url"])
    return order


def issued(shop: Shop, event: Any) -> Order:
    """Buy, pay and verify."""
    order = paid(shop, event)
    assert shop.verify(order).status == 200
    return order


@contextmanager
def copied(database_url: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """Make a copy of a database without connections."""
    name = str(make_url(database_url).database)
    if database_url.startswith("sqlite"):
        copy = f"{name}.backup"
        with closing(sqlite3.connect(name)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        yield f"sqlite:///{copy}"
        return
    postgres: PostgresServer = request.getfixturevalue("postgres_server")
    made = postgres.create_database(template=name)
    yield made
    postgres.drop_database(made)


@pytest.fixture(params=DATABASES)
def lossy(request: pytest.FixtureRequest) -> Iterator[Lossy]:
    """Sell, back up, sell more, restore the backup, and start the service over it."""
    with ExitStack() as ends:
        shop = ends.enter_context(open_shop(request.param, request))
        shop.running.sandbox.delivery = Delivery.LOST
        event = shop.event(capacity=50)
        kept, refunded, reserved = issued(shop, event), issued(shop, event), shop.bought(event)
        shop.server.stop()
        backup = ends.enter_context(copied(shop.database_url, request))
        forget_checkout(backup, reserved)
        shop.server.start()
        shop.world.pay(reserved["checkout_url"])
        shop.world.give_back(refunded["session_id"])
        lost, still_open, cancelled = issued(shop, event), shop.bought(event), shop.bought(event)
        assert shop.cancel(cancelled).status == 200
        shop.server.stop()
        age_sessions(shop)
        shop.server.environment = {**shop.server.environment, "TICKETING_DATABASE_URL": backup}
        shop.server.start(until="/healthz")
        yield Lossy(shop, event, kept, refunded, reserved, lost, still_open, cancelled)
        shop.server.stop()


def forget_checkout(database_url: str, order: Order) -> None:
    """Let the backup have been made just before the checkout of an order was stored."""
    engine = create_engine(database_url)
    with engine.begin() as connection:
        ticket = {"ticket_id": order["ticket_id"]}
        connection.execute(
            text(
                "UPDATE tickets SET status = 'reserved', version = 1, checkout_id = NULL, "
                "checkout_url = NULL, checkout_ends_at = NULL WHERE ticket_id = :ticket_id"
            ),
            ticket,
        )
        connection.execute(
            text("DELETE FROM ticket_history WHERE ticket_id = :ticket_id AND version > 1"), ticket
        )
    engine.dispose()


def age_sessions(shop: Shop) -> None:
    """Let all checkouts have been opened long enough ago to prove the restore."""
    older = 2 * int(PROOF_AGE.total_seconds())
    with shop.running.sandbox.ledger() as ledger:
        for session_id, session in ledger.sessions.items():
            ledger.sessions[session_id] = evolve(session, created=session.created - older)


def test_a_forgotten_restore_is_noticed_and_everything_finds_its_place(lossy: Lossy) -> None:
    """Sales stop, and what is valid stays so; then the command mends it, although killed twice."""
    shop = lossy.shop
    log = shop.server.log()
    assert "which the database has lost" in log
    assert "run `ticketing restored`" in log
    shop.server.get("/readyz").problem(503, "not_ready")
    refused = shop.create(lossy.event)
    refused.problem(503, "not_ready")
    assert int(refused.headers["Retry-After"]) > 0
    assert shop.verify(lossy.issued).status == 200
    assert shop.status(lossy.reserved) == "reserved"

    lossy.kill_when_it_asks_for("/v1/refunds")
    expiry = f"/v1/checkout/sessions/{lossy.open['session_id']}/expire"
    lossy.kill_when_it_asks_for(expiry, after_effect=True)
    shop.server.get("/readyz").problem(503, "not_ready")
    code, report = lossy.restored("--yes")
    assert (code, report["finished"]) == (LEFT, True)
    assert report["strays"] == [lossy.lost["session_id"]]
    assert shop.status(lossy.reserved) == "issued"
    assert shop.status(lossy.refunded) == "refunded"
    assert shop.status(lossy.issued) == "issued"
    assert lossy.session(lossy.open).status == "expired"
    assert shop.bought(lossy.event)["ticket_id"] > ID_GAP

    shop.server.stop()
    shop.server.start()
    assert lossy.restored("--refund-unknown")[1]["finished"]
    (refund,) = shop.running.sandbox.refunds(lossy.lost["session_id"])
    assert refund.status == "succeeded"
    assert lossy.restored()[0] == 0
