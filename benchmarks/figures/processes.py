"""What more processes of the product bring on one machine, on one hot event."""

from contextlib import ExitStack

from benchmarks.audit import Ledger
from benchmarks.bench import Bench, Contestant, latencies, median_rate, strange
from benchmarks.orders import CREATE, buyers, purchases
from benchmarks.row import Report, Row

NO_LOSS = 1.0
"""A process more than the machine has cores for may bring nothing, but must not cost anything."""


def processes(bench: Bench) -> Report:
    """The same free purchases at services of one process and of several; they take turns."""
    ledger = Ledger()
    names = buyers(bench.pace.buyers)
    with bench.database() as url, ExitStack() as served:
        [event_id] = bench.events(url, count=1)
        seen = bench.take_turns(
            *[
                Contestant(
                    name=_name(count),
                    server=served.enter_context(bench.service(url, workers=count)),
                    orders=purchases(CREATE, event_ids=[event_id], names=names),
                )
                for count in bench.pace.processes
            ],
            ledger=ledger,
            selling=[_name(count) for count in bench.pace.processes],
        )
        found = bench.audit(url, ledger)
    first, *others = [_name(count) for count in bench.pace.processes]
    return Report(
        name="processes",
        rows=[
            Row(
                figure=f"free purchase, one hot event, {name}",
                measured=median_rate(seen[name]),
                yardstick=first,
                yardstick_value=median_rate(seen[first]),
                goal=NO_LOSS,
                detail=f"{latencies(seen[name])} {strange(seen[name])}".strip(),
            )
            for name in others
        ],
        problems=found,
        audited=len(ledger.sold),
    )


def _name(count: int) -> str:
    return "1 process" if count == 1 else f"{count} processes"
