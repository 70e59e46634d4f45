"""`ticketing serve`: checks everything it needs, then starts the workers."""

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from ticketing_adapters.jobs.settler import notice_restore
from ticketing_service.capacity.limits import (
    DEFAULT_THREADS,
    FEWEST_THREADS,
    MOST_THREADS,
)
from ticketing_service.cli.ports import Address, port_type, require_free_port
from ticketing_service.composition import build, migrate_database
from ticketing_service.composition.doctor import (
    Level,
    check_access,
    check_account,
    check_stripe,
    require_stripe,
)
from ticketing_service.observing.logs import log_to_stderr, log_uncaught_errors
from ticketing_service.observing.metrics import FOLDER
from ticketing_service.serving import Predecessor, serve_in_workers
from ticketing_service.settings import PREFIX, CannotStart, Settings, Variables, load_settings
from ticketing_service.settings_checks.observing import Observing
from ticketing_service.wsgi import application

if TYPE_CHECKING:
    from flask import Flask

log = logging.getLogger(__name__)

MOST_WORKERS = 64

METRICS_PORT = f"{PREFIX}METRICS_PORT"

NEW_ACCOUNT = (
    "If the account was changed on purpose, and nothing of the old one is unpaid or owed, start "
    "once with --new-account."
)

RESTORE_FIRST = (
    f"Set {PREFIX}STRIPE_SECRET_KEY to the key of the account that sold, and run "
    "`ticketing restored`; change the account afterwards."
)

NOTHING_TO_TAKE_OVER = (
    "What listens there cannot be taken over: another program, another user's or container's "
    "`ticketing serve`, or an older version. Stop it first."
)

NOT_ITS_METRICS = (
    "The running `ticketing serve` does not have that address for its metrics, so it will not "
    f"become free. Choose another port with {METRICS_PORT}, or the address that it has."
)


@click.command()
@click.option("--host", type=Address(), default="127.0.0.1", show_default=True)
@click.option("--port", type=port_type, default=8000, show_default=True)
@click.option(
    "--workers",
    type=click.IntRange(1, MOST_WORKERS),
    default=1,
    show_default=True,
    help="Processes: one or two for each core.",
)
@click.option(
    "--threads",
    type=click.IntRange(FEWEST_THREADS, MOST_THREADS),
    default=DEFAULT_THREADS,
    show_default=True,
    help="Requests at work at a time in each process; as many may wait, the rest is refused.",
)
@click.option(
    "--new-account",
    is_flag=True,
    help="Sell with the Stripe key of another account than before. Its tickets stay as they are.",
)
@click.option(
    "--take-over",
    is_flag=True,
    help="Take the port over from the `ticketing serve` that has it, which then ends (Linux).",
)
def serve(
    *, host: str, port: int, workers: int, threads: int, new_account: bool, take_over: bool
) -> None:
    """Serve the HTTP API, and settle what is due in the background.

    SIGTERM and Ctrl-C stop it after the requests in flight are finished.
    """
    settings = load_settings(access=True, signing_key=True)
    log_to_stderr(style=settings.observing.log_format, level=settings.observing.log_level)
    log_uncaught_errors(CannotStart)
    predecessor = _predecessor(host, port, workers=workers) if take_over else None
    if predecessor is None:
        require_free_port(
            host, port, option="--port", advice=NOTHING_TO_TAKE_OVER if take_over else ""
        )
    metrics = _metrics_address(settings.observing, port)
    if predecessor is None or predecessor.metrics != metrics:
        _require_free_metrics_port(settings.observing, taking_over=predecessor is not None)
    if migrate_database(settings, only_empty_sqlite=True):
        _tell_new_database(settings)
    # A worker that fails to start reports only that it has ended, so find the reason here. Close
    # everything again: no connection, and no thread but the log's, may exist when workers are
    # forked.
    with closing(build(settings)) as service:
        service.wsgi()
        notice_restore(service.box_office)
        for problem in service.condition().reasons:
            log.error("%s", problem)
        degraded = [
            check.detail for check in check_account(service.store, service.box_office.gateway)
        ]
        if degraded and not new_account:
            # One sale would make its account look like the one that sold.
            restoring = service.store.installation.state().restoring_since is not None
            raise CannotStart(f"{degraded[0]} {RESTORE_FIRST if restoring else NEW_ACCOUNT}")
        for problem in degraded:
            log.error("%s", problem)
    checks = [*check_access(settings), *check_stripe(settings)]
    require_stripe(checks)
    for check in checks:
        if check.level is Level.WARNING:
            log.warning("%s: %s", check.subject, check.detail)
    shown = f"[{host}]" if ":" in host else host
    log.info("serving at http://%s:%s (docs at /docs)", shown, port)
    with _counting_together(settings.observing):
        serve_in_workers(
            partial(_application, threads=threads, degraded=degraded),
            host=host,
            port=port,
            workers=workers,
            threads=threads,
            metrics=metrics,
            predecessor=predecessor,
        )
    log.info("stopped")


def _tell_new_database(settings: Settings) -> None:
    """Log that the service begins with nothing: a lost setting looks the same."""
    file = settings.sqlite_file and settings.sqlite_file.absolute()
    if settings.database_url == Variables().database_url:
        log.warning("made the new database %s: %sDATABASE_URL names no other", file, PREFIX)
    else:
        log.info("made the new database %s", file)


def _metrics_address(observing: Observing, port: int) -> str:
    """Return where Prometheus reads; empty if it does not.

    Raises:
        CannotStart: It is the port of the service.
    """
    if observing.metrics_port is None:
        return ""
    if observing.metrics_port == port:
        raise CannotStart(f"{METRICS_PORT} must be another port than that of the service, {port}.")
    return f"{observing.metrics_host} {observing.metrics_port}"


def _require_free_metrics_port(observing: Observing, *, taking_over: bool) -> None:
    """Check that a worker can get it: they would wait for it without a word."""
    if observing.metrics_port is not None:
        require_free_port(
            observing.metrics_host,
            observing.metrics_port,
            option=METRICS_PORT,
            advice=NOT_ITS_METRICS if taking_over else "",
        )


@contextmanager
def _counting_together(observing: Observing) -> Iterator[None]:
    """Give the workers a folder for their metrics, if there are any.

    Each service has its own: one that takes over begins to count anew, as after a restart.
    """
    if observing.metrics_port is None:
        yield
        return
    with TemporaryDirectory(prefix="ticketing-metrics-") as folder:
        os.environ[FOLDER] = folder
        yield


def _predecessor(host: str, port: int, *, workers: int) -> Predecessor | None:
    """Return the process to take over from, if there is one.

    Raises:
        CannotStart: It has more workers, or hands over to another process.
    """
    try:
        found = Predecessor.at(host, port)
    except TimeoutError:
        raise CannotStart(
            "Another process is taking over now, or has just done so. Try again in half a minute; "
            "if it hangs, stop it."
        ) from None
    if found is not None and len(found.listeners) > workers:
        # What waits at the others would be lost.
        count = len(found.listeners)
        raise CannotStart(
            f"The running `ticketing serve` has {count} workers: start with --workers {count} or "
            "more."
        )
    return found


def _application(*, threads: int, degraded: Sequence[str]) -> "Flask":
    """Make the application of a worker."""
    return application(threads=threads, degraded=degraded, serves_here=True)
