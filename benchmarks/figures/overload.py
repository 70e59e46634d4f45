"""More buyers than can be served: what is still sold, and how soon the others hear no."""

import statistics

from benchmarks.audit import Ledger
from benchmarks.bench import Bench, latencies, strange
from benchmarks.figures.purchases import SERVICE
from benchmarks.load import Seen, Window
from benchmarks.load.window import DRAIN_SECONDS
from benchmarks.orders import CREATE, buyers, purchases
from benchmarks.row import Report, Row

OF_PEAK = 0.9
REFUSED_WITHIN_SECONDS = 1.0

UNAVAILABLE = 503


def overload(bench: Bench) -> Report:
    """Measure the peak by a closed loop, then let several times as many come."""
    pace, ledger = bench.pace, Ledger()
    peaks: list[Seen] = []
    rushes: list[Seen] = []
    with bench.database() as url:
        event_id = bench.event(url)
        orders = purchases(CREATE, event_ids=[event_id], names=buyers(pace.buyers))
        requests = [order.request for order in orders]
        with bench.service(url) as service:
            port = int(service.url.rpartition(":")[2])
            for number in range(pace.rounds):
                bench.say(f"peak, round {number + 1}")
                peak = bench.send(
                    Window(
                        port=port,
                        requests=requests,
                        warm_up_seconds=pace.warm_up_seconds,
                        seconds=pace.seconds,
                        connections=pace.connections,
                    )
                )
                bench.say(f"{pace.overload:g} x overload, round {number + 1}")
                rush = bench.send(
                    Window(
                        port=port,
                        requests=requests,
                        warm_up_seconds=pace.warm_up_seconds,
                        seconds=pace.seconds,
                        rate=max(pace.overload * peak.summary().per_second, 1.0),
                    )
                )
                for seen in (peak, rush):
                    ledger.note(seen, orders, first=0)
                peaks.append(peak)
                rushes.append(rush)
        found = bench.audit(url, ledger)
    refused = [
        answer.latency for rush in rushes for answer in rush.answers if answer.status == UNAVAILABLE
    ]
    # Who was never answered waited longer than the client did.
    unanswered = sum(len(rush.unanswered) for rush in rushes)
    waits = [*refused, *([DRAIN_SECONDS] if unanswered else [])]
    return Report(
        name="overload",
        rows=[
            Row(
                figure=f"sold while {pace.overload:g} x as many come",
                measured=statistics.median(each.summary().per_second for each in rushes),
                yardstick=f"peak of the {SERVICE}",
                yardstick_value=statistics.median(each.summary().per_second for each in peaks),
                goal=OF_PEAK,
                detail=f"{latencies(rushes)} {strange(rushes)}".strip(),
            ),
            Row(
                figure="the longest wait for a no meanwhile",
                measured=max(waits, default=float("nan")),
                unit="s",
                yardstick="bound",
                yardstick_value=REFUSED_WITHIN_SECONDS,
                goal=1.0,
                at_least=False,
                detail=f"{len(refused):,} refusals, {unanswered:,} never answered",
            ),
        ],
        problems=found,
        audited=len(ledger.sold),
    )
