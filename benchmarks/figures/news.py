"""Finds what people and banks have moved at the provider, in a large store and in a small one."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from time import sleep

from attrs import frozen
from sqlalchemy import text

from benchmarks.bench import Bench
from benchmarks.database import Database, open_database
from benchmarks.figures.limits import Unpaced
from benchmarks.moved_money import SESSIONS, Moved, MovedMoney
from benchmarks.report import Audit, Report, Row
from benchmarks.seed import StoredTicket, fill, lately_paid, paid_tickets
from ticketing_adapters.jobs.settler import CONNECTIONS, READ_SINCE, settle_all
from ticketing_adapters.sql import installation_id
from ticketing_core import BackOffice
from ticketing_service.composition import Service
from ticketing_service.composition.payments import gateway

MOST_CALLS = 200
"""To read what happened to 5,000 payments. At 15 a second this is a quarter of a minute."""

WITHIN = 1.5
"""Of ten times as many tickets, an index may have a level more than three."""

ALMOST_NONE = 0.01
"""How many rows full scans may read, for each stored ticket: one scan of them would be 1."""

SMALLER = 10
"""The small store has one of so many tickets, and as many that moved."""

SOLD_IN = timedelta(days=365)
DAY = timedelta(days=1)
SILENCE = timedelta(days=26)
"""Longer than events are relied upon, so that refunds and disputes are listed."""

COMPARED = READ_SINCE + DAY
"""The newest tickets were sold a day ago."""

DISPUTED = 5
"""One of so many payments that moved is disputed; the others are refunded at the Dashboard."""

# Its work would count, and whether it falls into a measurement is chance.
_NO_VACUUM = (
    text("ALTER TABLE tickets SET (autovacuum_enabled = false)"),
    text("ALTER TABLE ticket_history SET (autovacuum_enabled = false)"),
)
_WORK = text("""
    SELECT active_time / 1000 AS seconds, blks_hit + blks_read AS blocks, scanned
    FROM pg_stat_database, (
        SELECT SUM(seq_tup_read) AS scanned FROM pg_stat_user_tables
        WHERE relname IN ('tickets', 'ticket_history')) AS tables
    WHERE datname = current_database()
""")
_OTHERS = text("""
    SELECT COUNT(*) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend'
        AND pid <> pg_backend_pid()
""")
_FOUND = text("""
    SELECT COUNT(*) FILTER (WHERE status = 'refunded') AS refunded,
        COUNT(*) FILTER (WHERE status = 'issued' AND disputed) AS disputed,
        COUNT(look_at) AS noted
    FROM tickets
""")


@frozen(kw_only=True)
class _Work:
    """What the database did.

    Attributes:
        seconds: The time at statements, waits included.
        blocks: Looked at, in memory or on disk: unlike the time, the same on a busy machine.
        scanned: Rows of tickets and history that full scans have read.
    """

    seconds: float
    blocks: int
    scanned: int

    def since(self, before: "_Work") -> "_Work":
        """Return what was done since then."""
        return _Work(
            seconds=self.seconds - before.seconds,
            blocks=self.blocks - before.blocks,
            scanned=self.scanned - before.scanned,
        )


@frozen(kw_only=True)
class _Seen:
    """What one reading and the settling after it took.

    Attributes:
        calls: Of the provider, to read.
        looks: At checkouts, to settle.
        reading: The work of the database.
        settling: The same, for the looks.
    """

    moved: int
    calls: int
    looks: int
    reading: _Work
    settling: _Work
    audit: Audit

    @property
    def blocks_each(self) -> float:
        """How many blocks the database looked at for each ticket that moved."""
        return (self.reading.blocks + self.settling.blocks) / self.moved


def news(bench: Bench) -> Report:
    """Read the news after a long silence and after a day, and look at all that has moved."""
    tickets = bench.pace.news_tickets
    small = _store(bench, tickets=tickets // SMALLER)
    large = _store(bench, tickets=tickets)
    rows: list[Row] = []
    for name, less, more in zip(("26 silent days", "a day"), small, large, strict=True):
        rows += _rows(f"news of {name}", less, more, tickets=tickets)
    return Report(rows=rows, audits=[seen.audit for seen in (*small, *large)])


def _rows(name: str, less: _Seen, more: _Seen, *, tickets: int) -> Sequence[Row]:
    small = f"{tickets // SMALLER:,} tickets"
    reading, settling = (work.seconds / more.moved * 1000 for work in (more.reading, more.settling))
    return [
        Row(
            figure=f"{name}, {more.moved:,} of {tickets:,} moved: calls to read it",
            measured=more.calls,
            unit="",
            yardstick="bound",
            yardstick_value=MOST_CALLS,
            at_least=False,
            detail=f"{less.calls} of {small}",
        ),
        Row(
            figure=f"{name}: looks that follow",
            measured=more.looks,
            unit="",
            yardstick="what moved",
            yardstick_value=more.moved,
            at_least=False,
        ),
        Row(
            figure=f"{name}: rows read by full scans",
            measured=more.reading.scanned + more.settling.scanned,
            unit="",
            yardstick="tickets",
            yardstick_value=tickets,
            goal=ALMOST_NONE,
            at_least=False,
        ),
        Row(
            figure=f"{name}: blocks read of each that moved",
            measured=more.blocks_each,
            unit="",
            yardstick=small,
            yardstick_value=less.blocks_each,
            goal=WITHIN,
            at_least=False,
            detail=f"in {reading:.1f} ms to read and {settling:.1f} ms to settle",
        ),
    ]


def _store(bench: Bench, *, tickets: int) -> Sequence[_Seen]:
    """Fill a store of so many tickets, and read both kinds of news there."""
    bench.progress(f"storing {tickets:,} tickets")
    count = bench.pace.moved
    now = datetime.now(UTC)
    with open_database(bench) as database:
        fill(database.engine, paid=tickets, events=bench.pace.events, sold_in=SOLD_IN)
        with database.engine.begin() as connection:
            for statement in _NO_VACUUM:
                connection.execute(statement)
        database.start_afresh()
        chosen = paid_tickets(database.engine, of=tickets, count=2 * count)
        sold = lately_paid(database.engine, since=now - COMPARED - DAY)
        # Long enough ago to be no news of the day.
        before = _moved(chosen[::2], begin=now - SILENCE, end=now - 2 * DAY)
        lately = _moved(chosen[1::2], begin=now - DAY, end=now)
        return [
            _found(database, before, count=count, sold=sold, position=now - SILENCE),
            _found(database, [*before, *lately], count=count, sold=sold, position=now - DAY),
        ]


def _office(service: Service) -> BackOffice:
    """Return what reads and settles, as fast as it can: the pace is measured elsewhere."""
    store = service.store
    return BackOffice(
        tickets=store.tickets,
        strays=store.strays,
        installation=store.installation,
        gateway=gateway(service.settings, store=store, pace=Unpaced()),
        clock=store.clock,
    )


def _moved(tickets: Sequence[StoredTicket], *, begin: datetime, end: datetime) -> Sequence[Moved]:
    apart = (end - begin) / len(tickets)
    return [
        Moved(
            ticket=ticket,
            kind="refund" if number % DISPUTED else "dispute",
            at=begin + number * apart,
        )
        for number, ticket in enumerate(tickets)
    ]


def _found(
    database: Database,
    moved: Sequence[Moved],
    *,
    count: int,
    sold: Sequence[StoredTicket],
    position: datetime,
) -> _Seen:
    """Read the news since then, which is of the last ``count`` that moved, and settle."""
    database.bench.progress(f"reading what happened to {count:,} payments")
    money = MovedMoney(installation_id=installation_id(database.engine), sold=sold, moved=moved)
    with database.gateway(money.answer, latency_seconds=0) as provider:
        done = [_done(database)]
        with database.library(pool_size=CONNECTIONS) as service:
            service.store.installation.move_news_position(position)
            read = _office(service).read_news(checkouts_since=datetime.now(UTC) - COMPARED)
        done.append(_done(database))
        calls = len(provider.calls)
        with database.library(pool_size=CONNECTIONS) as service:
            tallies = [*settle_all(_office(service))]
        done.append(_done(database))
        looks = sum(call.path.startswith(f"{SESSIONS}/") for call in provider.calls[calls:])
    books, problems = database.audit(), []
    if (read.noted, sum(tally.claimed for tally in tallies)) != (count, count):
        problems.append(f"{count} payments moved: {read}, {tallies}")
    return _Seen(
        moved=count,
        calls=calls,
        looks=looks,
        reading=done[1].since(done[0]),
        settling=done[2].since(done[1]),
        audit=Audit(
            problems=[*books.problems, *problems, *_unseen(database, moved)], audited=len(moved)
        ),
    )


def _done(database: Database) -> _Work:
    """Return what the database has done so far, once all of its connections have reported it."""
    # A process reports the rest when it ends.
    database.engine.dispose()
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while connection.execute(_OTHERS).scalar_one():
            sleep(0.05)
        row = connection.execute(_WORK).one()
    return _Work(seconds=row.seconds, blocks=row.blocks, scanned=int(row.scanned))


def _unseen(database: Database, moved: Sequence[Moved]) -> Iterator[str]:
    """Every ticket whose money has moved shows it, and no other does."""
    disputed = sum(each.kind == "dispute" for each in moved)
    expected = (len(moved) - disputed, disputed, 0)
    with database.engine.connect() as connection:
        found = tuple(connection.execute(_FOUND).one())
    if found != expected:
        yield f"{found} tickets are refunded, disputed and still noted, not {expected}"
