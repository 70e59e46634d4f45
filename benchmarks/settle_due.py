"""How long thousands of unpaid tickets take to be settled once their checkouts have ended.

The goal: 10,000 in less than two minutes, with a provider that answers in 300 ms, and never more
than the 100 calls a second that Stripe takes (docs.stripe.com/rate-limits). They are settled as
`ticketing serve` does it, over PostgreSQL, through the real adapters.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import click
from attrs import asdict, frozen
from sqlalchemy import Engine, func, insert, select

from benchmarks.slow_gateway import checkout_id, slow_gateway
from tests.support.postgres import running_postgres
from ticketing_adapters.jws_admission import SigningKey
from ticketing_adapters.sql import SqlEvents, SqlLeases, engine_for, installation_id, migrate
from ticketing_adapters.sql.rows import ticket_values
from ticketing_adapters.sql.tables import events, ticket_history, tickets
from ticketing_core import Checkout, EventDraft, Money, Ticket, TicketStatus
from ticketing_core.event import Added
from ticketing_service.capacity.limits import DEFAULT_THREADS
from ticketing_service.cli.output import json_option, print_json, print_table
from ticketing_service.composition import build
from ticketing_service.settings import Settings
from ticketing_service.settler import CONNECTIONS as SETTLING_CONNECTIONS

GOAL_TICKETS, GOAL_SECONDS = 10_000, 120.0
MOST_CALLS_PER_SECOND = 100
LATENCY_SECONDS = 0.3

PRICE = Money(2500, "usd")
SETTLED = timedelta(minutes=36)
"""How long ago the tickets were bought: hold and checkout are over."""


@frozen(kw_only=True)
class Measured:
    """What was seen.

    Attributes:
        seconds: From the first claim to the last commit.
        peak_calls_per_second: The most calls within any second, as the provider saw them.
        expired: Tickets that gave their places back; it has to be all of them.
        goal_met: All were settled in the goal's time, and the provider's limit was kept.
    """

    tickets: int
    latency_ms: int
    seconds: float
    calls: int
    peak_calls_per_second: int
    expired: int
    goal_met: bool


@click.command()
@click.option("--tickets", "count", type=click.IntRange(1), default=GOAL_TICKETS, show_default=True)
@click.option(
    "--database-url",
    help="A PostgreSQL database that is empty or was made by an earlier run.  "
    "[default: one that is started and thrown away]",
)
@json_option
def main(*, count: int, database_url: str | None, as_json: bool) -> None:
    """Measure how long unpaid tickets take to be settled. Ends with 1 if the goal is missed."""
    with _database(database_url) as url, _engine(url) as engine:
        measured = measure(url, engine, count=count)
    if as_json:
        print_json(asdict(measured))
    else:
        print_table(["measured", ""], asdict(measured).items())
    if not measured.goal_met:
        raise click.exceptions.Exit(1)


@contextmanager
def _database(given: str | None) -> Iterator[str]:
    if given is not None:
        yield given
        return
    with running_postgres(durable=True) as server:
        yield server.create_database()


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    engine = engine_for(url)
    try:
        yield engine
    finally:
        engine.dispose()


def measure(url: str, engine: Engine, *, count: int) -> Measured:
    """Store so many tickets whose time is over in a database, and settle them."""
    migrate(engine)
    event_id = _unpaid_tickets(engine, count=count)
    _compared_today(engine)
    with (
        tempfile.TemporaryDirectory() as folder,
        slow_gateway(
            installation_id=installation_id(engine), latency_seconds=LATENCY_SECONDS
        ) as gateway,
    ):
        settings = _settings(url, api_base=gateway.url, folder=Path(folder))
        pool_size = DEFAULT_THREADS + SETTLING_CONNECTIONS
        with closing(build(settings, pool_size=pool_size)) as installation:
            settler = installation.settler()
            began = time.monotonic()
            settler.run_once()
            seconds = time.monotonic() - began
    peak = gateway.most_within_a_second()
    expired = _count_expired(engine, event_id=event_id)
    return Measured(
        tickets=count,
        latency_ms=round(LATENCY_SECONDS * 1000),
        seconds=round(seconds, 1),
        calls=len(gateway.calls),
        peak_calls_per_second=peak,
        expired=expired,
        goal_met=expired == count and seconds < GOAL_SECONDS and peak <= MOST_CALLS_PER_SECOND,
    )


def _settings(url: str, *, api_base: str, folder: Path) -> Settings:
    key_file = folder / "signing.pem"
    SigningKey.generate().save_new(key_file)
    return Settings(
        database_url=url,
        sqlite_file=None,
        stripe_secret_key="sk_test_benchmark",  # noqa: S106 - opens nothing
        stripe_webhook_secret=None,
        stripe_api_base=api_base,
        access=None,
        frontend_url="http://localhost:5173",
        hold=timedelta(minutes=35),
        signing_key_file=key_file,
    )


def _unpaid_tickets(engine: Engine, *, count: int) -> int:
    """Store so many tickets whose time is over, as purchases would have; their event's id."""
    draft = EventDraft(name="Concert", price=PRICE, capacity=count)
    added = SqlEvents(engine).add(draft)
    if not isinstance(added, Added):
        raise TypeError(f"no event was asked for by its id, yet: {added}")
    event_id = added.event.event_id
    bought_at = datetime.now(UTC) - SETTLED
    unpaid = [_unpaid_ticket(event_id, number, at=bought_at) for number in range(count)]
    with engine.begin() as connection:
        connection.execute(insert(tickets), [ticket_values(ticket) for ticket in unpaid])
        ids = connection.scalars(
            select(tickets.c.ticket_id).where(tickets.c.event_id == event_id)
        ).all()
        connection.execute(
            insert(ticket_history),
            [
                {"ticket_id": one, "version": version, "status": status, "at": bought_at}
                | {"why": "bought", "by": "benchmark"}
                for one in ids
                for version, status in enumerate(("reserved", "paying"), start=1)
            ],
        )
        kept = {"kept": sum(ticket.places for ticket in unpaid)}
        connection.execute(events.update().where(events.c.event_id == event_id).values(kept))
    return event_id


def _unpaid_ticket(event_id: int, number: int, *, at: datetime) -> Ticket:
    code = uuid4()
    reserved = Ticket(
        ticket_id=number + 1,
        ticket_code=code,
        event_id=event_id,
        buyer=f"buyer {number}",
        quantity=1,
        total=PRICE,
        status=TicketStatus.RESERVED,
        created_at=at,
        held_until=at + timedelta(minutes=2),
    )
    ends_at = at + timedelta(minutes=35)
    checkout = Checkout(
        checkout_id=checkout_id(code), url=f"http://127.0.0.1/{code}", ends_at=ends_at
    )
    return reserved.paying(checkout, until=ends_at)


def _compared_today(engine: Engine) -> None:
    """Take the lease of the daily comparison, which is not what is measured here."""
    now = datetime.now(UTC)
    SqlLeases(engine).acquire("reconcile", holder="benchmark", now=now, until=now + timedelta(1))


def _count_expired(engine: Engine, *, event_id: int) -> int:
    expired = select(func.count()).where(
        tickets.c.event_id == event_id, tickets.c.status == TicketStatus.EXPIRED.value
    )
    with engine.connect() as connection:
        return connection.execute(expired).scalar_one()


if __name__ == "__main__":
    main()
