"""Ten thousand checkouts that ended unpaid, settled in the background: `settle_due` as a figure."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from benchmarks import settle_due
from benchmarks.audit import Ledger
from benchmarks.bench import Bench
from benchmarks.row import Report, Row
from ticketing_adapters.sql import engine_for


def settle(bench: Bench) -> Report:
    """Settle all of them; each has to be expired, and its place free again."""
    count = bench.pace.settled
    bench.say(f"settling {count:,}")
    with bench.database() as url:
        with _engine(url) as engine:
            measured = settle_due.measure(url, engine, count=count)
        found = list(bench.audit(url, Ledger()))
    if measured.expired != count:
        found.append(f"{measured.expired} of {count} unpaid tickets have expired")
    return Report(
        name="settle",
        rows=[
            Row(
                figure=f"settle {count:,} that were never paid",
                measured=measured.seconds,
                unit="s",
                yardstick="bound",
                yardstick_value=settle_due.GOAL_SECONDS,
                goal=1.0,
                at_least=False,
                detail=f"gateway answers in {measured.latency_ms} ms",
            ),
            Row(
                figure="calls of the gateway meanwhile, most in a second",
                measured=measured.peak_calls_per_second,
                yardstick="provider's limit",
                yardstick_value=settle_due.MOST_CALLS_PER_SECOND,
                goal=1.0,
                at_least=False,
                detail=f"{measured.calls:,} calls",
            ),
        ],
        problems=found,
        audited=count,
    )


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    engine = engine_for(url)
    try:
        yield engine
    finally:
        engine.dispose()
