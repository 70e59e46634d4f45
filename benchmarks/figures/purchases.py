"""Free purchases with QR: one hot event, many events, SQLite, sold out, processes, the curve."""

from collections.abc import Sequence

from attrs import evolve

from benchmarks.bench import Bench
from benchmarks.database import CAPACITY, SERVICE, Database, open_database
from benchmarks.load import Result
from benchmarks.report import Point, Report, compared, described, rows_beside
from benchmarks.yardsticks import LOCK_THE_ROW, NULL, PLAIN_NULL
from tests.support.ports import free_ports

OF_PLAIN_NULL, OF_PLAIN_NULL_ELSEWHERE = 0.5, 0.45
"""At one hot event on PostgreSQL, and on SQLite or at many events."""

OF_NULL = 0.6
OF_LOCK_THE_ROW = 6.0
SOLD_OUT_OF_PLAIN_NULL = 1.0

OF_QUIET = 0.95
"""Of the same purchases without log and metrics: who has to pay for them switches them off."""

TURNS = 2
"""So many times more windows than for other figures: what is compared differs by a few percent."""

OF_ONE_PROCESS = 1.0
"""A process more than the machine has cores may bring nothing, but must not cost anything."""

BAD_REQUEST = 400
"""The status of a purchase that comes too late."""


def hot(bench: Bench) -> Report:
    """Sell one event that everybody wants, on PostgreSQL."""
    with open_database(bench) as database:
        service, plain, null, lock = _all_four(database)
        audit = database.audit()
    return Report(
        rows=[
            *rows_beside(
                figure="free purchase, one hot event, PostgreSQL",
                product=service,
                yardstick=PLAIN_NULL,
                windows=plain,
                goal=OF_PLAIN_NULL,
            ),
            compared(
                figure="the same",
                product=service,
                yardstick=NULL,
                beside=null,
                goal=OF_NULL,
                detail="",
            ),
            compared(
                figure="the same",
                product=service,
                yardstick=LOCK_THE_ROW,
                beside=lock,
                goal=OF_LOCK_THE_ROW,
                detail=f"{LOCK_THE_ROW}: {described(lock)}",
            ),
        ],
        audits=[audit],
    )


def observed(bench: Bench) -> Report:
    """Sell with log and metrics, and with as little of both as can be set."""
    (port,) = free_ports(1)
    with open_database(bench) as database:
        one, other = database.events(2)
        on = {"LOG_FORMAT": "json", "METRICS_PORT": str(port)}
        told, quiet = database.measure(
            evolve(database.buying(SERVICE, [one]), settings=on),
            evolve(database.buying(SERVICE, [other]), settings={"LOG_LEVEL": "ERROR"}),
            connections=[bench.pace.connections] * bench.pace.rounds * TURNS,
        )
        audit = database.audit()
    rows = rows_beside(
        figure="free purchase with log and metrics",
        product=told,
        yardstick="quiet",
        windows=quiet,
        goal=OF_QUIET,
    )
    return Report(rows=rows, audits=[audit])


def curve(bench: Bench) -> Report:
    """Measure the plot's points: one window for each service and number of connections."""
    with open_database(bench) as database:
        results = _all_four(database, connections=bench.pace.curve)
        audit = database.audit()
    curves: dict[str, list[Point]] = {}
    for name, windows in zip((SERVICE, PLAIN_NULL, NULL, LOCK_THE_ROW), results, strict=True):
        for connections, window in zip(bench.pace.curve, windows, strict=True):
            seen = window.summary()
            point = Point(connections=connections, per_second=seen.per_second, p99_seconds=seen.p99)
            curves.setdefault(name, []).append(point)
    return Report(audits=[audit], curves=curves)


def _all_four(database: Database, *, connections: Sequence[int] = ()) -> Sequence[Sequence[Result]]:
    one, other = database.events(2)
    return database.measure(
        database.buying(SERVICE, [one]),
        database.buying(PLAIN_NULL, [one]),
        database.buying(NULL, [one]),
        database.buying(LOCK_THE_ROW, [other]),
        connections=connections,
    )


def sqlite(bench: Bench) -> Report:
    """Sell one hot event on SQLite."""
    return _beside_null(bench, figure="free purchase, one hot event, SQLite", on_sqlite=True)


def many(bench: Bench) -> Report:
    """Sell many events."""
    count = bench.pace.events
    return _beside_null(bench, figure=f"free purchase, {count:,} events, PostgreSQL", events=count)


def sold_out(bench: Bench) -> Report:
    """Refuse purchases of an event whose only place is gone."""
    return _beside_null(
        bench, figure="sold out", capacity=1, status=BAD_REQUEST, goal=SOLD_OUT_OF_PLAIN_NULL
    )


def _beside_null(
    bench: Bench,
    *,
    figure: str,
    on_sqlite: bool = False,
    events: int = 1,
    capacity: int = CAPACITY,
    status: int = 200,
    goal: float = OF_PLAIN_NULL_ELSEWHERE,
) -> Report:
    with open_database(bench, sqlite=on_sqlite) as database:
        event_ids = database.events(events, capacity=capacity)
        service, plain = database.measure(
            database.buying(SERVICE, event_ids), database.buying(PLAIN_NULL, event_ids)
        )
        audit = database.audit()
    rows = rows_beside(
        figure=figure,
        product=service,
        yardstick=PLAIN_NULL,
        windows=plain,
        goal=goal,
        status=status,
    )
    return Report(rows=rows, audits=[audit])


def processes(bench: Bench) -> Report:
    """Sell one hot event by services of one process and of several."""
    with open_database(bench) as database:
        event_ids = database.events()
        one, *others = database.measure(
            *[database.buying(SERVICE, event_ids, workers=count) for count in bench.pace.processes]
        )
        audit = database.audit()
    return Report(
        rows=[
            compared(
                figure=f"free purchase, one hot event, {count} processes",
                product=several,
                yardstick="1 process",
                beside=one,
                goal=OF_ONE_PROCESS,
            )
            for count, several in zip(bench.pace.processes[1:], others, strict=True)
        ],
        audits=[audit],
    )
