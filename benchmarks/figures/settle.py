"""Thousands of checkouts that ended unpaid, settled in the background as `ticketing serve` does."""

import time

from sqlalchemy import text

from benchmarks.bench import Bench
from benchmarks.database import Database, open_database
from benchmarks.report import Audit, Report, Row
from benchmarks.seed import fill
from ticketing_adapters.call_pace import PER_BACKGROUND_OPERATION
from ticketing_adapters.jobs.settler import CONNECTIONS as SETTLING_CONNECTIONS
from ticketing_service.capacity.limits import DEFAULT_THREADS

OF_THE_PACE = 1.1
"""Each of them is one call, and settling may take a little longer than its calls."""

MOST_CALLS_PER_SECOND = 25
"""What Stripe takes of one operation (docs.stripe.com/rate-limits)."""

LATENCY_SECONDS = 0.3

_EXPIRED = text("SELECT COUNT(*) FROM tickets WHERE status = 'expired'")


def settle(bench: Bench) -> Report:
    """Settle all of them. Each has to expire and to give its place back."""
    count = bench.pace.settled
    bench.progress(f"settling {count:,}")
    with (
        open_database(bench) as database,
        database.gateway(latency_seconds=LATENCY_SECONDS) as gateway,
    ):
        fill(database.engine, due=count)
        pool_size = DEFAULT_THREADS + SETTLING_CONNECTIONS
        with database.library(pool_size=pool_size) as service:
            settler, *_ = service.jobs()
            began = time.monotonic()
            settler.run_once()
            seconds = time.monotonic() - began
        audits = [database.audit(), _all_expired(database, count=count)]
    return Report(
        rows=[
            Row(
                figure=f"settle {count:,} that were never paid",
                measured=round(seconds, 1),
                unit="s",
                yardstick="the pace alone",
                yardstick_value=count / PER_BACKGROUND_OPERATION,
                goal=OF_THE_PACE,
                at_least=False,
                detail=f"gateway answers in {LATENCY_SECONDS * 1000:.0f} ms",
            ),
            Row(
                figure="calls of the gateway meanwhile, most in a second",
                measured=gateway.most_within_a_second(),
                yardstick="provider's limit",
                yardstick_value=MOST_CALLS_PER_SECOND,
                at_least=False,
                detail=f"{len(gateway.calls):,} calls",
            ),
        ],
        audits=audits,
    )


def _all_expired(database: Database, *, count: int) -> Audit:
    with database.engine.connect() as connection:
        expired = connection.execute(_EXPIRED).scalar_one()
    if expired == count:
        return Audit(audited=count)
    return Audit(audited=count, problems=[f"{expired} of {count} unpaid tickets have expired"])
