"""The memory of the workers while they answer a million requests."""

import re
from collections.abc import Sequence
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.database import SERVICE, open_database
from benchmarks.report import Audit, Report, Row

MOST_MEGABYTES = 150.0

FLAT = 1.05
"""The most memory at the end, as a multiple of that in the middle: the allocator goes up and down
by itself. A leak doubles in that time."""

_LONGER = 5
"""How much longer a window is than those of other figures: an audit follows each."""

_KILOBYTES = 1024


def memory(bench: Bench) -> Report:
    """Sell until so many requests were answered, and look at the workers' memory on the way."""
    pace = bench.pace
    samples: list[float] = []
    audits: list[Audit] = []
    with open_database(bench) as database:
        orders = database.buying(SERVICE, database.events()).orders
        with database.serve(SERVICE) as server:
            sent = 0
            while sent < pace.memory_requests:
                bench.progress(f"{sent:,} of {pace.memory_requests:,} requests")
                database.start_afresh()
                window = database.send(
                    server,
                    orders,
                    first=sent,
                    connections=pace.connections,
                    seconds=_LONGER * pace.seconds,
                )
                sent += window.sent
                samples.append(largest_megabytes(server.worker_ids()))
                # No request is on its way: the client waited for all answers.
                audits.append(database.audit())
    start, middle, end = samples[0], samples[len(samples) // 2], samples[-1]
    return Report(
        rows=[
            Row(
                figure=f"memory (RSS) of a worker, {sent:,} requests",
                measured=max(samples),
                unit="MB",
                yardstick="bound",
                yardstick_value=MOST_MEGABYTES,
                at_least=False,
                detail=f"start {start:.0f}, middle {middle:.0f}, end {end:.0f} MB "
                f"of {SERVICE}'s largest worker",
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
        audits=audits,
    )


def largest_megabytes(pids: Sequence[int]) -> float:
    """Return the resident memory of the largest of these processes (proc(5), VmRSS in kB)."""
    statuses = [Path(f"/proc/{pid}/status").read_text() for pid in pids]
    sizes = [re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE) for status in statuses]
    return max(int(size[1]) for size in sizes if size) / _KILOBYTES
