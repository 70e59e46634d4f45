"""What one trouble costs others: a crowd that has paid and returns at once, and a locked event."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

from sqlalchemy import text

from benchmarks.bench import Bench
from benchmarks.database import SERVICE, Database, open_database
from benchmarks.figures.payments import LATENCY_SECONDS, verification
from benchmarks.load import Result
from benchmarks.load.result import OK
from benchmarks.load.returning import Rush, run_rush
from benchmarks.orders import CREATE, Order, note
from benchmarks.report import Report, Row, compared, described
from benchmarks.seed import fill, unpaid_tickets
from benchmarks.slow_gateway import ANY_SESSION, PAID
from tests.support.server import Server, access_token

RETURNING, RETURNED_SECONDS = 60, 3.0
WARM_UP = 4
CALLS_PER_SECOND = 25
"""Stripe's limit with a test key, and of each operation with a live one."""

OF_UNLOCKED = 0.9
"""Two windows of the same load differ by as much."""

STUCK_BUYERS = 60
"""More than half of all threads of two workers."""

COME_BACK_SECONDS = 1.0

_PAY_ALL = text(f"""
    UPDATE tickets SET checkout_id = replace(checkout_id, '{ANY_SESSION}', '{ANY_SESSION}{PAID}')
""")  # noqa: S608 - constants
_LOCK = text("SELECT 1 FROM events WHERE event_id = :id FOR UPDATE")


def returning(bench: Bench) -> Report:
    """Let buyers who have paid come back in one instant, to one worker."""
    count = min(RETURNING, bench.pace.buyers)
    with (
        open_database(bench) as database,
        database.gateway(latency_seconds=LATENCY_SECONDS),
    ):
        database.calls_per_second = CALLS_PER_SECOND
        fill(database.engine, unpaid=count + WARM_UP)
        with database.engine.begin() as connection:
            connection.execute(_PAY_ALL)
        tickets = unpaid_tickets(database.engine, count=count + WARM_UP)
        orders = [verification(ticket) for ticket in tickets]
        with database.serve(SERVICE, workers=1) as server:
            _return(database, server, orders[:WARM_UP])
            bench.progress(f"{count} return")
            seen = _return(database, server, orders[WARM_UP:])
        audit = database.audit()
    served = sorted(answer.ended for answer in seen.answers if answer.status == OK)
    longest = f"the last after {served[-1]:.1f} s" if served else "none"
    row = Row(
        figure=f"{count} who have paid return at once, gateway of {LATENCY_SECONDS * 1000:.0f} ms: "
        f"with a ticket within {RETURNED_SECONDS:g} s",
        measured=sum(ended <= RETURNED_SECONDS for ended in served),
        unit="",
        yardstick="all",
        yardstick_value=count,
        detail=f"{seen.sent - count} refusals, {longest}",
    )
    return Report(rows=[row], audits=[audit])


def _return(database: Database, server: Server, orders: Sequence[Order]) -> Result:
    rush = Rush(
        port=int(server.url.rpartition(":")[2]),
        requests=[order.request for order in orders],
        seconds=0,
        patience=10 * RETURNED_SECONDS,
    )
    seen = database.bench.elsewhere(run_rush, rush)
    note(database.receipts, seen, orders, first=0)
    return seen


def locked(bench: Bench) -> Report:
    """Sell one event while a transaction keeps another one locked, and while none does."""
    windows: dict[bool, list[Result]] = {True: [], False: []}
    with open_database(bench) as database:
        stuck, *others = database.events(2)
        orders = database.buying(SERVICE, others).orders
        with database.serve(SERVICE) as server:
            for number in range(1, bench.pace.rounds + 1):
                bench.progress(f"beside a locked event, round {number}")
                with _locked(database, server, stuck):
                    windows[True].append(_sell(database, server, orders))
                bench.progress(f"without one, round {number}")
                windows[False].append(_sell(database, server, orders))
        audit = database.audit(except_events=[stuck])
    row = compared(
        figure="free purchases beside a locked event",
        product=windows[True],
        yardstick="without it",
        beside=windows[False],
        goal=OF_UNLOCKED,
        detail=f"{described(windows[True])}; without it {described(windows[False])}",
    )
    return Report(rows=[row], audits=[audit])


def _sell(database: Database, server: Server, orders: Sequence[Order]) -> Result:
    return database.send(server, orders, connections=database.bench.pace.connections)


@contextmanager
def _locked(database: Database, server: Server, event_id: int) -> Iterator[None]:
    """Keep an event locked, with buyers who wait for it."""
    body = {"event_id": event_id, "quantity": 1}
    is_over = Event()

    def buyer(number: int) -> None:
        while not is_over.wait(COME_BACK_SECONDS):
            server.post(CREATE, body, token=access_token(f"stuck-{number}"))

    with ThreadPoolExecutor(STUCK_BUYERS) as pool, database.engine.begin() as connection:
        connection.execute(_LOCK, {"id": event_id})
        buying = [pool.submit(buyer, number) for number in range(STUCK_BUYERS)]
        try:
            yield
        finally:
            is_over.set()
    for each in buying:
        each.result()
