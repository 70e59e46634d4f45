"""More buyers than can be served: what is still sold, and how soon the others are refused."""

from benchmarks.bench import Bench
from benchmarks.database import SERVICE, open_database
from benchmarks.load import Result
from benchmarks.load.client import DRAIN_SECONDS
from benchmarks.report import Report, Row, compared

OF_PEAK = 0.9
REFUSED_WITHIN_SECONDS = 1.0

UNAVAILABLE = 503


def overload(bench: Bench) -> Report:
    """Measure the peak by a closed loop, then send several times as many purchases."""
    pace = bench.pace
    peaks: list[Result] = []
    rushes: list[Result] = []
    with open_database(bench) as database:
        orders = database.buying(SERVICE, database.events()).orders
        with database.serve(SERVICE) as server:
            for number in range(1, pace.rounds + 1):
                bench.progress(f"peak, round {number}")
                peaks.append(database.send(server, orders, connections=pace.connections))
                bench.progress(f"{pace.overload:g} x overload, round {number}")
                rate = max(pace.overload * peaks[-1].summary().per_second, 1.0)
                rushes.append(database.send(server, orders, rate=rate))
        audit = database.audit()
    refused = [
        answer.latency for rush in rushes for answer in rush.answers if answer.status == UNAVAILABLE
    ]
    # A request that was never answered waited longer than the client did.
    unanswered = sum(len(rush.unanswered) for rush in rushes)
    waits = [*refused, *([DRAIN_SECONDS] if unanswered else [])]
    return Report(
        rows=[
            compared(
                figure=f"sold while {pace.overload:g} x as many come",
                product=rushes,
                yardstick=f"peak of the {SERVICE}",
                beside=peaks,
                goal=OF_PEAK,
            ),
            Row(
                figure="the longest wait for a refusal meanwhile",
                measured=max(waits, default=float("nan")),
                unit="s",
                yardstick="bound",
                yardstick_value=REFUSED_WITHIN_SECONDS,
                at_least=False,
                detail=f"{len(refused):,} refusals, {unanswered:,} never answered",
            ),
        ],
        audits=[audit],
    )
