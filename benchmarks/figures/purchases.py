"""Free purchases with QR: on one hot event, on many events, on SQLite, and when it is sold out."""

from contextlib import ExitStack

from benchmarks.audit import Ledger
from benchmarks.bench import CAPACITY, Bench, Contestant, latencies, median_rate, strange
from benchmarks.orders import CREATE, NULL, buyers, purchases
from benchmarks.row import Report, Row

SERVICE, NULL_NAME, LOCK = "service", "null", "lock-the-row"

OF_NULL = 0.6
OF_LOCK = 6.0
SOLD_OUT_OF_NULL = 0.85

BAD_REQUEST = 400
"""What a buyer is answered who comes too late."""


def hot(bench: Bench) -> Report:
    """One event that everybody wants, on PostgreSQL."""
    ledger = Ledger()
    names = buyers(bench.pace.buyers)
    with bench.database() as url:
        ours, theirs = bench.events(url, count=2)
        with (
            bench.service(url) as service,
            bench.yardstick(NULL_NAME, url) as null,
            bench.yardstick(LOCK, url) as lock,
        ):
            seen = bench.take_turns(
                Contestant(
                    name=SERVICE,
                    server=service,
                    orders=purchases(CREATE, event_ids=[ours], names=names),
                ),
                Contestant(
                    name=NULL_NAME,
                    server=null,
                    orders=purchases(NULL, event_ids=[ours], names=names),
                ),
                Contestant(
                    name=LOCK,
                    server=lock,
                    orders=purchases(CREATE, event_ids=[theirs], names=names),
                ),
                ledger=ledger,
                selling=[SERVICE, LOCK],
            )
        found = bench.audit(url, ledger)
    measured = median_rate(seen[SERVICE])
    detail = f"{latencies(seen[SERVICE])} {strange(seen[SERVICE])}".strip()
    return Report(
        name="hot",
        rows=[
            Row(
                figure="free purchase, one hot event, PostgreSQL",
                measured=measured,
                yardstick=NULL_NAME,
                yardstick_value=median_rate(seen[NULL_NAME]),
                goal=OF_NULL,
                detail=detail,
            ),
            Row(
                figure="the same",
                measured=measured,
                yardstick=LOCK,
                yardstick_value=median_rate(seen[LOCK]),
                goal=OF_LOCK,
                detail=f"{LOCK}: {latencies(seen[LOCK])} {strange(seen[LOCK])}".strip(),
            ),
        ],
        problems=found,
        audited=len(ledger.sold),
    )


def sqlite(bench: Bench) -> Report:
    """One hot event on SQLite."""
    return _against_null(
        bench, name="sqlite", figure="free purchase, one hot event, SQLite", on_sqlite=True
    )


def many(bench: Bench) -> Report:
    """The same purchases over many events."""
    count = bench.pace.events
    return _against_null(
        bench, name="many", figure=f"free purchase, {count:,} events, PostgreSQL", events=count
    )


def sold_out(bench: Bench) -> Report:
    """One event whose last place is gone."""
    return _against_null(
        bench,
        name="sold-out",
        figure="sold out",
        capacity=1,
        status=BAD_REQUEST,
        goal=SOLD_OUT_OF_NULL,
    )


def _against_null(
    bench: Bench,
    *,
    name: str,
    figure: str,
    on_sqlite: bool = False,
    events: int = 1,
    capacity: int = CAPACITY,
    status: int = 200,
    goal: float = OF_NULL,
) -> Report:
    ledger = Ledger()
    names = buyers(bench.pace.buyers)
    with ExitStack() as stack:
        url = stack.enter_context(bench.sqlite() if on_sqlite else bench.database())
        event_ids = bench.events(url, count=events, capacity=capacity)
        with bench.service(url) as service, bench.yardstick(NULL_NAME, url) as null:
            seen = bench.take_turns(
                Contestant(
                    name=SERVICE,
                    server=service,
                    orders=purchases(CREATE, event_ids=event_ids, names=names),
                ),
                Contestant(
                    name=NULL_NAME,
                    server=null,
                    orders=purchases(NULL, event_ids=event_ids, names=names),
                ),
                ledger=ledger,
                selling=[SERVICE],
            )
        found = bench.audit(url, ledger)
    unwanted = strange(seen[SERVICE], wanted=status)
    return Report(
        name=name,
        rows=[
            Row(
                figure=figure,
                measured=median_rate(seen[SERVICE], status=status),
                yardstick=NULL_NAME,
                yardstick_value=median_rate(seen[NULL_NAME]),
                goal=goal,
                detail=f"{latencies(seen[SERVICE], status=status)} {unwanted}".strip(),
            )
        ],
        problems=found,
        audited=len(ledger.sold),
    )
