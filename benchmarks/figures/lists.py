"""How long organizers wait for lists and sums of an event, and what their indexes cost a sale."""

import statistics
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from time import perf_counter

from sqlalchemy import Engine, text

from benchmarks.bench import Bench
from benchmarks.database import open_database
from benchmarks.report import Audit, Report, Row
from benchmarks.seed import fill
from ticketing_adapters.sql import SqlAdmissions, SqlEvents, SqlTickets, engine_for
from ticketing_adapters.system import SystemClock
from ticketing_core import EventRecords, TicketStatus

EVENTS = 5
"""Each has a fifth of the tickets: a million of five."""

PAGE = 50
AT_MOST_MS = 50.0
REPORT_AT_MOST_SECONDS = 5.0
"""As long as the first of several callers waits at most (`http/event_reports.py`)."""

SALE_WITHIN = 1.1
LIVES = 50
"""Sales in one transaction, as in a rush."""

Look = Callable[[EventRecords, int], object]

LOOKS: Mapping[str, Look] = {
    "newest": lambda records, _: records.tickets_of(1, limit=PAGE),
    "newest, somewhere": lambda records, n: records.tickets_of(1, before=n, limit=PAGE),
    "a status few have": lambda records, _: records.tickets_of(
        1, status=TicketStatus.REFUNDING, limit=PAGE
    ),
    "a status nobody has": lambda records, _: records.tickets_of(
        1, status=TicketStatus.CANCELLED, limit=PAGE
    ),
    "buyers all begin like this": lambda records, _: records.tickets_of(
        1, text="buyer-", limit=PAGE
    ),
    "buyers, some": lambda records, n: records.tickets_of(1, text=f"buyer-{n % 100}", limit=PAGE),
    "buyers of other events": lambda records, _: records.tickets_of(
        EVENTS + 1, text="buyer-", limit=PAGE
    ),
    "buyers with a status nobody has": lambda records, _: records.tickets_of(
        1, text="buyer-", status=TicketStatus.REFUNDED, limit=PAGE
    ),
    "owed refunds": lambda records, _: records.refunds(1, limit=PAGE),
    "disputes": lambda records, _: records.disputes(1, limit=PAGE),
    "a story": lambda records, n: records.story(n),
}

_INDEXES_OF_TICKETS = text("""
    SELECT indexname, indexdef FROM pg_indexes
    WHERE tablename = 'tickets' AND indexname NOT LIKE 'pk%'
        AND indexname NOT IN (SELECT conname FROM pg_constraint)
""")
_DISPUTES = text("UPDATE tickets SET disputed = true WHERE event_id = 1 AND ticket_id % :every = 1")
_SALES = (
    text("""
        INSERT INTO tickets (ticket_code, event_id, buyer, quantity, total_minor, currency, status,
            version, created_at, held_until, admitted, refunded_minor, disputed, refund_attempt,
            next_try_at, tries, charged_back_minor, failed_refunds, refund_failures,
            paid_back_minor)
        SELECT gen_random_uuid(), 1, md5(random()::text), 1, 2500, 'usd', 'reserved', 1, now(),
            now(), 0, 0, false, 0, now(), 0, 0, 0, 0, 0
        FROM generate_series(1, :count)
    """),
    text("""
        UPDATE tickets SET status = 'paying', version = 2, checkout_id = ticket_code::text,
            checkout_url = 'x', checkout_ends_at = now()
        WHERE ticket_id > (SELECT max(ticket_id) FROM tickets) - :count
    """),
    text("""
        UPDATE tickets SET status = 'issued', version = 3, next_try_at = NULL,
            payment_id = ticket_code::text
        WHERE ticket_id > (SELECT max(ticket_id) FROM tickets) - :count
    """),
)
_INDEXES = ("ix_tickets_of_event", "ix_tickets_of_event_by_buyer", "ix_tickets_disputed")


def lists(bench: Bench) -> Report:
    """Look at lists of one event of a large database, then sell with their indexes and without."""
    pace = bench.pace
    with open_database(bench) as database:
        bench.progress(f"storing {pace.stored_tickets:,} tickets")
        few = pace.stored_tickets // 1000
        with _indexes_built_later(database.engine):
            fill(database.engine, paid=pace.stored_tickets - few, owed=few, events=EVENTS)
        database.events()
        with database.engine.begin() as connection:
            every = pace.stored_tickets // 100
            connection.execute(_DISPUTES, {"every": every - every % EVENTS})
        engine = engine_for(database.url)
        records = EventRecords(
            events=SqlEvents(engine),
            tickets=SqlTickets(engine),
            admissions=SqlAdmissions(engine),
            clock=SystemClock(),
        )
        step = pace.stored_tickets // pace.operations
        rows = [
            _list_row(bench, name, partial(_looked, look, records, step))
            for name, look in LOOKS.items()
        ]
        began = perf_counter()
        report = records.report(1)
        seconds = perf_counter() - began
        engine.dispose()
        sold = report.sums.sold
        rows.append(
            Row(
                figure=f"report of {sold:,} tickets",
                measured=seconds,
                unit="s",
                yardstick="the longest wait",
                yardstick_value=REPORT_AT_MOST_SECONDS,
                at_least=False,
            )
        )
        rows.append(_sale_row(bench, database.engine))
        parts = (report.sums.earned, report.sums.refunded, report.sums.charged_back)
        others = (report.sums.owed, report.sums.paid_back_otherwise)
        differs = report.sums.taken != sum(parts) + sum(others)
        problems = ["what was taken is not the sum of where it is"] if differs else []
        return Report(rows=rows, audits=[Audit(problems=problems, audited=sold)])


@contextmanager
def _indexes_built_later(engine: Engine) -> Iterator[None]:
    """Keep the database from writing to a dozen indexes for each of millions of tickets."""
    with engine.begin() as connection:
        built = connection.execute(_INDEXES_OF_TICKETS).all()
        for name, _ in built:
            connection.execute(text(f"DROP INDEX {name}"))
    yield
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for _, definition in built:
            connection.exec_driver_sql(definition)
        connection.execute(text("VACUUM (ANALYZE) tickets"))


def _looked(look: Look, records: EventRecords, step: int, number: int) -> object:
    # Ids of tickets of the event, from all over the table.
    nth = number * step
    return look(records, 1 + nth - nth % EVENTS)


def _list_row(bench: Bench, name: str, look: Callable[[int], object]) -> Row:
    bench.progress(name)
    seconds = []
    for number in range(bench.pace.operations):
        began = perf_counter()
        look(number)
        seconds.append(perf_counter() - began)
    seconds.sort()
    return Row(
        figure=f"{name}, p99",
        measured=seconds[len(seconds) * 99 // 100] * 1000,
        unit="ms",
        yardstick="bound",
        yardstick_value=AT_MOST_MS,
        at_least=False,
        detail=f"p50 {statistics.median(seconds) * 1000:.1f} ms",
    )


def _sale_row(bench: Bench, engine: Engine) -> Row:
    bench.progress("sales")
    with_indexes = _milliseconds_a_sale(bench, engine)
    with engine.begin() as connection:
        for name in _INDEXES:
            connection.execute(text(f"DROP INDEX {name}"))
    return Row(
        figure="a paid sale in SQL alone, with the indexes of the lists",
        measured=with_indexes,
        unit="ms",
        yardstick="without them",
        yardstick_value=_milliseconds_a_sale(bench, engine),
        goal=SALE_WITHIN,
        at_least=False,
    )


def _milliseconds_a_sale(bench: Bench, engine: Engine) -> float:
    """Return the median over transactions of `LIVES` sales each."""
    seconds = []
    for _ in range(bench.pace.operations):
        began = perf_counter()
        for statement in _SALES:
            with engine.begin() as connection:
                connection.execute(statement, {"count": LIVES})
        seconds.append(perf_counter() - began)
    return statistics.median(seconds) / LIVES * 1000
