"""A database under measurement: its events, the services over it, and its audit."""

import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from attrs import define, evolve, field, frozen
from sqlalchemy import Engine, create_engine, make_url, text

from benchmarks.bench import Bench
from benchmarks.load import Result, Window, run_window
from benchmarks.orders import CREATE, Order, buyers, note, purchases
from benchmarks.processor_time import processor_seconds
from benchmarks.provider import Answers, Provider, running_provider
from benchmarks.report import Audit
from benchmarks.slow_gateway import Checkouts
from benchmarks.yardsticks import GATEWAY_ONLY, NULL, PLAIN_NULL
from tests.support.audit import SOLD, Receipts, problems, read_books
from tests.support.server import Server, running_server
from ticketing_adapters.jws_admission import SigningKey
from ticketing_adapters.sql import installation_id
from ticketing_core import Money
from ticketing_core.testing.contracts.examples import stored_event
from ticketing_service.composition import Service, build, migrate_database
from ticketing_service.settings import Settings
from ticketing_service.settings_checks.values import MOST_UNPAID_PLACES

_ROOT = Path(__file__).parent.parent

SERVICE = "service"
"""The product."""

_SERVE_FEW_BUYERS = [
    sys.executable,
    "-c",
    """
from ticketing_service import cli
from ticketing_service.capacity import rates
rates.PER_SECOND = rates.AT_ONCE = 1_000_000
cli.main()
""",
    "serve",
]
"""The product, with calls of buyers counted but never refused: a few stand for a crowd."""

_STORES_NOTHING = {NULL, PLAIN_NULL, GATEWAY_ONLY}

FREE, PRICE = Money(0, "usd"), Money(2500, "usd")

UNLIMITED = 99_999
"""Calls a second of a provider that is not what is measured."""

CAPACITY = 10_000_000
"""More places than any run can sell."""

_LAST_TICKET_ID = text("SELECT COALESCE(MAX(ticket_id), 0) FROM tickets")


@frozen(kw_only=True)
class Contestant:
    """A service, and the orders that it gets.

    Attributes:
        program: `SERVICE`, or the name of a yardstick.
        workers: How many processes it has, if not as many as others.
        settings: Its settings that differ from those of others.
    """

    program: str
    orders: Sequence[Order]
    workers: int | None = None
    settings: Mapping[str, str] = field(factory=dict)


@define(kw_only=True)
class Database:
    """A database of this version, which nothing else uses.

    Attributes:
        engine: Plain SQLAlchemy, for the audit: it shares no code with the product.
        receipts: Of the answers of all services over this database.
        stripe_api_base: The payment provider, empty until `gateway` starts one.
        calls_per_second: The provider's limit, of each operation and of the account in all.
    """

    bench: Bench
    url: str
    engine: Engine
    receipts: Receipts = field(factory=Receipts, init=False)
    stripe_api_base: str = field(default="", init=False)
    calls_per_second: int = field(default=UNLIMITED, init=False)
    _audit_after: int = field(default=0, init=False)

    def settings(self) -> Settings:
        """Return the settings of a library over this database."""
        key_file = self.bench.folder / "signing.pem"
        if not key_file.exists():
            SigningKey.generate().save_new(key_file)
        file = make_url(self.url).database if self.url.startswith("sqlite") else None
        return Settings(
            database_url=self.url,
            sqlite_file=Path(file) if file else None,
            stripe_secret_key="sk_test_benchmark",  # noqa: S106 - opens nothing
            stripe_webhook_secret=None,
            stripe_api_base=self.stripe_api_base or None,
            stripe_calls_per_second=self.calls_per_second,
            stripe_calls_in_all=self.calls_per_second,
            max_unpaid_places=MOST_UNPAID_PLACES,
            access=None,
            frontend_url="http://localhost:5173",
            hold=timedelta(minutes=35),
            signing_key_file=key_file,
        )

    @contextmanager
    def library(self, *, pool_size: int = 4) -> Iterator[Service]:
        """Open the product as a library."""
        with closing(build(self.settings(), pool_size=pool_size)) as service:
            yield service

    @contextmanager
    def gateway(
        self, answers: Answers | None = None, *, latency_seconds: float
    ) -> Iterator[Provider]:
        """Start a payment provider that takes its time; all that starts later uses it.

        Args:
            answers: What it answers; by default as one that sells and refunds.
            latency_seconds: How long each call waits for its answer.
        """
        answers = answers or Checkouts(str(installation_id(self.engine))).answer
        with running_provider(answers, latency_seconds=latency_seconds) as provider:
            self.stripe_api_base = provider.url
            yield provider

    def events(
        self, count: int = 1, *, price: Money = FREE, capacity: int = CAPACITY
    ) -> Sequence[int]:
        """Put events on sale, and return their ids."""
        with self.library() as service:
            events = service.box_office.events
            added = [stored_event(events, price=price, capacity=capacity) for _ in range(count)]
        return [each.event_id for each in added]

    @contextmanager
    def serve(
        self,
        program: str,
        *,
        workers: int | None = None,
        threads: int | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> Iterator[Server]:
        """Serve the product by its own command, or a yardstick with the same flags."""
        more: Any = settings or {}
        yardstick = ["env", f"PYTHONPATH={_ROOT}", sys.executable, "-m", "benchmarks.yardsticks"]
        with (
            tempfile.TemporaryDirectory(dir=self.bench.folder) as folder,
            running_server(
                folder=Path(folder),
                database_url=self.url,
                workers=workers or self.bench.pace.workers,
                threads=threads or self.bench.pace.threads,
                program=_SERVE_FEW_BUYERS if program == SERVICE else [*yardstick, program],
                MAX_UNPAID_PLACES=str(MOST_UNPAID_PLACES),
                STRIPE_API_BASE=self.stripe_api_base,
                STRIPE_CALLS_PER_SECOND=str(self.calls_per_second),
                STRIPE_CALLS_IN_ALL=str(self.calls_per_second),
                **more,
            ) as server,
        ):
            yield server

    def buying(
        self, program: str, event_ids: Sequence[int], *, workers: int | None = None
    ) -> Contestant:
        """Return a contestant that gets purchases of these events, by all buyers in turn."""
        path = f"/{program}/" if program in _STORES_NOTHING else CREATE
        names = buyers(self.bench.pace.buyers)
        orders = purchases(path, event_ids=event_ids, names=names)
        return Contestant(program=program, orders=orders, workers=workers)

    def measure(
        self,
        *contestants: Contestant,
        connections: Sequence[int] = (),
        threads: int | None = None,
    ) -> Sequence[Sequence[Result]]:
        """Serve all contestants, and give each a window of a closed loop in every round.

        Args:
            contestants: They take turns.
            connections: The number of buyers at a time, for each round; the pace's own by default.
            threads: How many each worker has, if not the pace's number.

        Returns:
            For each contestant its windows, in the order of the rounds.
        """
        pace = self.bench.pace
        results: list[list[Result]] = [[] for _ in contestants]
        with ExitStack() as stack:
            servers = [
                stack.enter_context(
                    self.serve(
                        each.program,
                        workers=each.workers,
                        threads=threads,
                        settings=each.settings,
                    )
                )
                for each in contestants
            ]
            for number, count in enumerate(connections or [pace.connections] * pace.rounds, 1):
                for each, server, windows in zip(contestants, servers, results, strict=True):
                    self.bench.progress(f"{each.program}, round {number}")
                    sent = sum(window.sent for window in windows)
                    result = self.send(
                        server,
                        each.orders,
                        first=sent,
                        connections=count,
                        stores=each.program not in _STORES_NOTHING,
                    )
                    windows.append(result)
        return results

    def send(
        self,
        server: Server,
        orders: Sequence[Order],
        *,
        first: int = 0,
        connections: int = 1,
        rate: float | None = None,
        seconds: float | None = None,
        stores: bool = True,
    ) -> Result:
        """Send a window of load, and note the answers unless the service stores nothing.

        See `Window` for the arguments; ``seconds`` is the pace's own by default.
        """
        window = Window(
            port=int(server.url.rpartition(":")[2]),
            requests=[order.request for order in orders],
            first=first,
            warm_up_seconds=self.bench.pace.warm_up_seconds,
            seconds=seconds or self.bench.pace.seconds,
            connections=connections,
            rate=rate,
        )
        # PostgreSQL may still be busy with what others have stored before.
        working = [server.processes()[0], *([self.bench.postgres_pid] if stores else [])]
        before = processor_seconds(working)
        result = self.bench.elsewhere(run_window, window)
        result = evolve(result, cpu_seconds=processor_seconds(working) - before)
        if stores:
            note(self.receipts, result, orders, first=first)
        return result

    def start_afresh(self) -> None:
        """Forget all receipts, and leave the tickets that are stored by now out of audits."""
        self.receipts = Receipts()
        with self.engine.connect() as connection:
            self._audit_after = connection.execute(_LAST_TICKET_ID).scalar_one()

    def audit(self, *, except_events: Sequence[int] = (), may_be: Collection[str] = SOLD) -> Audit:
        """Compare the receipts with the database while nothing writes to it.

        Args:
            except_events: Events whose tickets have no receipts; only their places are counted.
            may_be: The statuses that a ticket with a receipt may have.
        """
        self.bench.progress("audit")
        books = read_books(self.engine, after=self._audit_after, except_events=except_events)
        receipts = self.receipts
        return Audit(
            problems=problems(books, receipts, may_be=may_be),
            audited=sum(len(each) for each in (receipts.sold, receipts.shown, receipts.told)),
        )


@contextmanager
def open_database(bench: Bench, *, sqlite: bool = False) -> Iterator[Database]:
    """Make a database of this version, in PostgreSQL or SQLite, and remove it at the end."""
    with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
        file = f"sqlite:///{folder}/ticketing.db"
        url = file if sqlite else bench.postgres.create_database()
        engine = create_engine(url)
        try:
            database = Database(bench=bench, url=url, engine=engine)
            migrate_database(database.settings())
            yield database
        finally:
            engine.dispose()
        if not sqlite:
            bench.postgres.drop_database(url)
