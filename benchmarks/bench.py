"""The place of a run: database server, programs, load process, and all that figures share."""

import statistics
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import ParamSpec, TypeVar

from attrs import field, frozen

from benchmarks.audit import SOLD, Ledger, problems
from benchmarks.books import read_books
from benchmarks.load import Seen, Window, run_window
from benchmarks.orders import Order
from benchmarks.pace import Pace
from tests.support.postgres import PostgresServer, running_postgres
from tests.support.server import SERVE, Server, running_server
from ticketing_adapters.jws_admission import SigningKey
from ticketing_core import EventDraft, Money
from ticketing_core.event import Added
from ticketing_service.composition import Service, build, migrate_database
from ticketing_service.settings import Settings

_ROOT = Path(__file__).parent.parent
_POSTGRESQL_SETTINGS = {
    # Two services of 128 threads each, and some who look.
    "max_connections": "400",
    # The default of a fresh PostgreSQL.
    "shared_buffers": "128MB",
}

FREE, PRICE = Money(0, "usd"), Money(2500, "usd")

CAPACITY = 10_000_000
"""More places than any run can sell."""

_P = ParamSpec("_P")
_R = TypeVar("_R")


@frozen(kw_only=True)
class Contestant:
    """A service, and what is asked of it. Figure and yardstick take turns."""

    name: str
    server: Server
    orders: Sequence[Order]

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server.url.rpartition(":")[2])


@frozen(kw_only=True)
class Bench:
    """What a figure measures with.

    Attributes:
        postgres: A durable one: each commit waits for the disk.
        folder: For files; it is gone at the end.
        pace: How long and how hard.
        say: Shows what is going on.
    """

    postgres: PostgresServer
    folder: Path
    pace: Pace
    say: Callable[[str], None]
    _elsewhere: ProcessPoolExecutor = field(alias="elsewhere")

    def elsewhere(self, work: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Do it in the process that makes the load, and wait for it."""
        return self._elsewhere.submit(work, *args, **kwargs).result()

    def send(self, window: Window) -> Seen:
        """Send a window of load."""
        return self.elsewhere(run_window, window)

    @contextmanager
    def database(self) -> Iterator[str]:
        """A new PostgreSQL database of this version; its address."""
        url = self.postgres.create_database()
        migrate_database(self.settings(url))
        yield url
        self.postgres.drop_database(url)

    @contextmanager
    def sqlite(self) -> Iterator[str]:
        """A new SQLite database of this version; its address."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            url = f"sqlite:///{folder}/ticketing.db"
            migrate_database(self.settings(url))
            yield url

    def settings(self, database_url: str, *, stripe_api_base: str | None = None) -> Settings:
        """Settings for the library over a database."""
        key_file = self.folder / "signing.pem"
        if not key_file.exists():
            SigningKey.generate().save_new(key_file)
        return Settings(
            database_url=database_url,
            sqlite_file=_sqlite_file(database_url),
            stripe_secret_key="sk_test_benchmark",  # noqa: S106 - opens nothing
            stripe_webhook_secret=None,
            stripe_api_base=stripe_api_base,
            access=None,
            frontend_url="http://localhost:5173",
            hold=timedelta(minutes=35),
            signing_key_file=key_file,
        )

    @contextmanager
    def library(
        self, database_url: str, *, pool_size: int = 4, stripe_api_base: str | None = None
    ) -> Iterator[Service]:
        """The product as a library over a database."""
        settings = self.settings(database_url, stripe_api_base=stripe_api_base)
        with closing(build(settings, pool_size=pool_size)) as installation:
            yield installation

    def event(self, database_url: str, *, price: Money = FREE, capacity: int = CAPACITY) -> int:
        """Put an event on sale; its id."""
        return self.events(database_url, count=1, price=price, capacity=capacity)[0]

    def events(
        self, database_url: str, *, count: int, price: Money = FREE, capacity: int = CAPACITY
    ) -> Sequence[int]:
        """Put so many events on sale; their ids."""
        draft = EventDraft(name="Concert", price=price, capacity=capacity)
        with self.library(database_url) as installation:
            added = [installation.box_office.events.add(draft) for _ in range(count)]
        return [each.event.event_id for each in added if isinstance(each, Added)]

    @contextmanager
    def service(
        self,
        database_url: str,
        *,
        workers: int | None = None,
        threads: int | None = None,
        stripe_api_base: str = "",
    ) -> Iterator[Server]:
        """The product, served by its own command."""
        with self._server(
            SERVE,
            database_url,
            workers=workers,
            threads=threads,
            stripe_api_base=stripe_api_base,
        ) as server:
            yield server

    @contextmanager
    def yardstick(
        self, name: str, database_url: str, *, threads: int | None = None, stripe_api_base: str = ""
    ) -> Iterator[Server]:
        """One of `benchmarks.services`, served with the flags of the product."""
        program = ["env", f"PYTHONPATH={_ROOT}", sys.executable, "-m", "benchmarks.services", name]
        with self._server(
            program, database_url, threads=threads, stripe_api_base=stripe_api_base
        ) as server:
            yield server

    @contextmanager
    def _server(
        self,
        program: Sequence[str],
        database_url: str,
        *,
        threads: int | None,
        workers: int | None = None,
        stripe_api_base: str = "",
    ) -> Iterator[Server]:
        with (
            tempfile.TemporaryDirectory(dir=self.folder) as folder,
            running_server(
                folder=Path(folder),
                database_url=database_url,
                workers=workers or self.pace.workers,
                threads=threads or self.pace.threads,
                program=program,
                STRIPE_API_BASE=stripe_api_base,
            ) as server,
        ):
            yield server

    def take_turns(
        self,
        *contestants: Contestant,
        ledger: Ledger,
        connections: int | None = None,
        selling: Sequence[str] = (),
        buying: bool = True,
        seconds: float | None = None,
        rounds: int | None = None,
    ) -> Mapping[str, Sequence[Seen]]:
        """Windows of a closed loop, one contestant after the other, in several rounds.

        Args:
            contestants: Who.
            ledger: Where the answers of those that sell are noted.
            connections: Buyers at a time.
            selling: The names of those whose answers name tickets.
            buying: Whether these tickets are new.
            seconds: Counted in each window.
            rounds: How many.
        """
        pace = self.pace
        seen: dict[str, list[Seen]] = {each.name: [] for each in contestants}
        for number in range(rounds or pace.rounds):
            for each in contestants:
                self.say(f"{each.name}, round {number + 1}")
                first = sum(window.sent for window in seen[each.name])
                window = Window(
                    port=each.port,
                    requests=[order.request for order in each.orders],
                    first=first,
                    warm_up_seconds=pace.warm_up_seconds,
                    seconds=seconds or pace.seconds,
                    connections=connections or pace.connections,
                )
                came = self.send(window)
                seen[each.name].append(came)
                if each.name in selling:
                    ledger.note(came, each.orders, first=first, buying=buying)
        return seen

    def audit(
        self,
        database_url: str,
        ledger: Ledger,
        *,
        after: int = 0,
        but_for_events: Sequence[int] = (),
        may_be: Collection[str] = SOLD,
    ) -> Sequence[str]:
        """What is wrong with a database that nobody writes to any more; see `audit.problems`.

        Args:
            database_url: Which one.
            ledger: What its clients were told.
            after: Only tickets with larger ids were sold by them.
            but_for_events: Others sold the tickets of these; they are only added up.
            may_be: What a ticket may be that somebody was told he has.
        """
        self.say("audit")
        books = read_books(database_url, after=after, but_for_events=but_for_events)
        return list(problems(books, ledger, may_be=may_be))


def median_rate(windows: Sequence[Seen], *, status: int = 200) -> float:
    """Answers a second with this status, in the middle window."""
    return statistics.median(each.summary(status=status).per_second for each in windows)


def latencies(windows: Sequence[Seen], *, status: int = 200) -> str:
    """The middle p50 and p99 for the table."""
    summaries = [each.summary(status=status) for each in windows]
    p50 = statistics.median(each.p50 for each in summaries)
    p99 = statistics.median(each.p99 for each in summaries)
    return f"p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms"


def strange(windows: Sequence[Seen], *, wanted: int = 200) -> str:
    """Answers that were not wanted, for the table; empty if there are none."""
    told = [
        f"{count} x {status}"
        for window in windows
        for status, count in sorted(window.statuses().items())
        if status != wanted
    ]
    unanswered = sum(len(window.unanswered) for window in windows)
    if unanswered:
        told.append(f"{unanswered} unanswered")
    return ", ".join(told)


@contextmanager
def open_bench(*, pace: Pace, say: Callable[[str], None]) -> Iterator[Bench]:
    """Start what all figures need; all of it is gone at the end."""
    # The folder is not where TMPDIR says: that may be a file system in memory, whose writes
    # nobody has to wait for.
    with (
        tempfile.TemporaryDirectory(prefix="ticketing-bench-", dir="/var/tmp") as folder,
        running_postgres(durable=True, settings=_POSTGRESQL_SETTINGS) as postgres,
        # Spawned: a fork would copy connections and threads.
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as elsewhere,
    ):
        yield Bench(postgres=postgres, folder=Path(folder), pace=pace, say=say, elsewhere=elsewhere)


def _sqlite_file(database_url: str) -> Path | None:
    prefix = "sqlite:///"
    return Path(database_url.removeprefix(prefix)) if database_url.startswith(prefix) else None
