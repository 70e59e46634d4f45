"""The plot's points: throughput and p99 of service, null and lock-the-row by connections."""

from benchmarks.audit import Ledger
from benchmarks.bench import Bench, Contestant
from benchmarks.figures.purchases import LOCK, NULL_NAME, SERVICE
from benchmarks.orders import CREATE, NULL, buyers, purchases
from benchmarks.row import Point, Report


def curve(bench: Bench) -> Report:
    """One window for each service and number of connections; all three take turns."""
    ledger = Ledger()
    names = buyers(bench.pace.buyers)
    points: dict[str, list[Point]] = {SERVICE: [], NULL_NAME: [], LOCK: []}
    with bench.database() as url:
        ours, theirs = bench.events(url, count=2)
        with (
            bench.service(url) as service,
            bench.yardstick(NULL_NAME, url) as null,
            bench.yardstick(LOCK, url) as lock,
        ):
            contestants = [
                Contestant(
                    name=name,
                    server=server,
                    orders=purchases(path, event_ids=[event_id], names=names),
                )
                for name, server, path, event_id in (
                    (SERVICE, service, CREATE, ours),
                    (NULL_NAME, null, NULL, ours),
                    (LOCK, lock, CREATE, theirs),
                )
            ]
            for connections in bench.pace.curve:
                seen = bench.take_turns(
                    *contestants,
                    ledger=ledger,
                    connections=connections,
                    selling=[SERVICE, LOCK],
                    rounds=1,
                )
                for name, (window,) in seen.items():
                    summary = window.summary()
                    points[name].append(
                        Point(
                            connections=connections,
                            per_second=summary.per_second,
                            p99=summary.p99,
                        )
                    )
        found = bench.audit(url, ledger)
    return Report(name="curve", problems=found, audited=len(ledger.sold), curves=points)
