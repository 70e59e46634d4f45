"""What all figures of a run share: a database server, a process that makes the load, a folder."""

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import ParamSpec, TypeVar

from attrs import field, frozen
from sqlalchemy import create_engine, text

from benchmarks.pace import Pace
from tests.support.postgres import PostgresServer, running_postgres

_POSTGRESQL_SETTINGS = {
    # Two services of 128 threads each, and a few more.
    "max_connections": "400",
    # The default of a fresh PostgreSQL.
    "shared_buffers": "128MB",
}

_PID = text("SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1)")

_P = ParamSpec("_P")
_R = TypeVar("_R")


@frozen(kw_only=True)
class Bench:
    """What a figure measures with.

    Attributes:
        postgres: A durable server: each commit waits for the disk.
        postgres_pid: Its first process.
        folder: For files; removed at the end.
        pace: How long and how hard to measure.
        progress: Shows what the run is doing.
    """

    postgres: PostgresServer
    postgres_pid: int
    folder: Path
    pace: Pace
    progress: Callable[[str], None]
    _load_process: ProcessPoolExecutor = field(alias="load_process")

    def elsewhere(self, work: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Run ``work`` in the process that makes the load, and wait for its result."""
        return self._load_process.submit(work, *args, **kwargs).result()


@contextmanager
def open_bench(*, pace: Pace, progress: Callable[[str], None]) -> Iterator[Bench]:
    """Start what all figures need, and remove all of it at the end."""
    # Not in TMPDIR: that may be a file system in memory, whose writes wait for no disk.
    with (
        tempfile.TemporaryDirectory(prefix="ticketing-bench-", dir="/var/tmp") as folder,
        running_postgres(durable=True, settings=_POSTGRESQL_SETTINGS) as postgres,
        # Spawned: a fork would copy connections and threads.
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as load_process,
    ):
        yield Bench(
            postgres=postgres,
            postgres_pid=_pid(postgres),
            folder=Path(folder),
            pace=pace,
            progress=progress,
            load_process=load_process,
        )


def _pid(postgres: PostgresServer) -> int:
    engine = create_engine(postgres.admin_url)
    with engine.connect() as connection:
        pid = connection.execute(_PID).scalar_one()
    engine.dispose()
    return int(pid)
