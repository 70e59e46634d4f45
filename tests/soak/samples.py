"""Reads memory and backlog again and again, while everything runs."""

import re
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event as Flag

from attrs import frozen
from sqlalchemy import Engine, text

from tests.soak.stage import Stage
from ticketing_service.sandbox import Sandbox

_MOST_SAMPLES = 300
"""As many as the plot can show, and few enough that reading them costs nothing."""
_SHORTEST_GAP = 0.5

_KILOBYTES = 1024

_UNPAID = text(
    "SELECT checkout_id FROM tickets"
    " WHERE status IN ('reserved', 'paying') AND checkout_id IS NOT NULL"
)
_WAITING = text("""
    SELECT COUNT(*) FILTER (WHERE next_try_at <= now()) AS due,
        COUNT(*) FILTER (WHERE status = 'refunding') AS owed,
        COALESCE(MAX(EXTRACT(EPOCH FROM now() - next_try_at)), 0) AS overdue
    FROM tickets WHERE next_try_at IS NOT NULL
""")
_BACKENDS = text(
    "SELECT pid FROM pg_stat_activity"
    " WHERE datname = current_database() AND backend_type = 'client backend'"
    " AND pid <> pg_backend_pid()"
)


@frozen(kw_only=True)
class Sample:
    """One moment.

    Attributes:
        at: When, by `time.monotonic`.
        processes: The resident memory of each process of the service with its worker, in MB.
        backend: The same of a backend of PostgreSQL on average, without what all share.
        due: Tickets that have to be settled by now.
        overdue: For how many seconds the first of them has been due.
        owed: Refunds that are owed.
        unissued: Tickets that are paid and not issued.
    """

    at: float
    processes: Sequence[float]
    backend: float
    due: int
    overdue: float
    owed: int
    unissued: int


@contextmanager
def sampling(stage: Stage, *, seconds: float) -> Iterator[list[Sample]]:
    """Take samples while the context lasts, of a run of so many seconds."""
    samples: list[Sample] = []
    over = Flag()

    def go_on() -> None:
        while not over.wait(max(_SHORTEST_GAP, seconds / _MOST_SAMPLES)):
            samples.append(_sample(stage))

    with ThreadPoolExecutor(1) as pool:
        life = pool.submit(go_on)
        try:
            yield samples
        finally:
            over.set()
        life.result()


def unpaid_checkouts(engine: Engine) -> Sequence[str]:
    """Return the checkouts of all tickets that are neither issued nor given up."""
    with engine.connect() as connection:
        return list(connection.scalars(_UNPAID))


def _sample(stage: Stage) -> Sample:
    engine, sandbox = stage.site.engine, stage.site.sandbox
    with engine.connect() as connection:
        waiting = connection.execute(_WAITING).one()
        backends = list(connection.scalars(_BACKENDS))
    return Sample(
        at=time.monotonic(),
        processes=[_megabytes(each.processes(), of="VmRSS") for each in stage.front.serving],
        # Otherwise the shared buffers would be counted once for each of them.
        backend=_megabytes(backends, of="RssAnon") / max(1, len(backends)),
        due=waiting.due,
        overdue=float(waiting.overdue),
        owed=waiting.owed,
        unissued=sum(_is_paid(sandbox, checkout) for checkout in unpaid_checkouts(engine)),
    )


def _is_paid(sandbox: Sandbox, checkout_id: str) -> bool:
    charge = sandbox.charge(checkout_id)
    return charge is not None and charge.refundable > 0


def _megabytes(pids: Sequence[int], *, of: str) -> float:
    """Add up a size of these processes (proc(5), in kB). One that has just ended has none."""
    kilobytes = 0
    for pid in pids:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        found = re.search(rf"^{of}:\s+(\d+) kB", status, re.MULTILINE)
        kilobytes += int(found[1]) if found else 0
    return kilobytes / _KILOBYTES
