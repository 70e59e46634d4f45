"""The memory of the workers while they answer a million requests."""

import re
from pathlib import Path

from benchmarks.audit import Ledger
from benchmarks.bench import Bench
from benchmarks.books import last_ticket_id
from benchmarks.figures.purchases import SERVICE
from benchmarks.load import Window
from benchmarks.orders import CREATE, buyers, purchases
from benchmarks.row import Report, Row

MOST_MEGABYTES = 150.0

FLAT = 1.05
"""How much more than in the middle a worker may have at the end: the allocator's own ups and
downs. What leaks is doubled in that time."""

_WINDOWS_LONGER = 5
"""Than other figures' windows: each is followed by an audit."""

_KILOBYTES = 1024


def memory(bench: Bench) -> Report:
    """Sell until so many requests were answered, and look at the workers' memory along the way."""
    pace = bench.pace
    found: list[str] = []
    audited, samples = 0, []
    with bench.database() as url:
        event_id = bench.event(url)
        orders = purchases(CREATE, event_ids=[event_id], names=buyers(pace.buyers))
        with bench.service(url) as service:
            sent = 0
            while sent < pace.memory_requests:
                bench.say(f"{sent:,} of {pace.memory_requests:,} requests")
                ledger = Ledger()
                before = last_ticket_id(url)
                seen = bench.send(
                    Window(
                        port=int(service.url.rpartition(":")[2]),
                        requests=[order.request for order in orders],
                        first=sent,
                        seconds=_WINDOWS_LONGER * pace.seconds,
                        connections=pace.connections,
                    )
                )
                ledger.note(seen, orders, first=sent)
                sent += seen.sent
                samples.append(_largest_megabytes(service.worker_ids()))
                # Nothing is on its way: the client waited for all that it was owed.
                found += bench.audit(url, ledger, after=before)
                audited += len(ledger.sold)
    start, middle, end = samples[0], samples[len(samples) // 2], samples[-1]
    told = f"start {start:.0f}, middle {middle:.0f}, end {end:.0f} MB of {SERVICE}'s largest worker"
    return Report(
        name="memory",
        rows=[
            Row(
                figure=f"memory (RSS) of a worker, {sent:,} requests",
                measured=max(samples),
                unit="MB",
                yardstick="bound",
                yardstick_value=MOST_MEGABYTES,
                goal=1.0,
                at_least=False,
                detail=told,
            ),
            Row(
                figure="the same at the end",
                measured=end,
                unit="MB",
                yardstick="in the middle",
                yardstick_value=middle,
                goal=FLAT,
                at_least=False,
            ),
        ],
        problems=found,
        audited=audited,
    )


def _largest_megabytes(pids: list[int]) -> float:
    """The resident memory of the largest of these processes (proc(5), VmRSS in kB)."""
    return max(
        int(found[1]) / _KILOBYTES
        for pid in pids
        if (
            found := re.search(
                r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE
            )
        )
    )
