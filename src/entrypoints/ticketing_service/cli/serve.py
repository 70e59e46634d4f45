"""`ticketing serve`: checks everything it needs, then starts the workers."""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from multiprocessing import parent_process
from typing import TYPE_CHECKING, Any

import click
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from ticketing_core.errors import GatewayUnavailable
from ticketing_service.advice import of_lost_ticket
from ticketing_service.capacity.limits import (
    CONNECTIONS,
    DEFAULT_THREADS,
    FEWEST_THREADS,
    MOST_THREADS,
    Limits,
)
from ticketing_service.cli.output import log_to_stderr
from ticketing_service.cli.ports import Address, port_type, require_free_port
from ticketing_service.composition import Service, build, migrate_database
from ticketing_service.composition.doctor import (
    Level,
    check_access,
    check_account,
    check_stripe,
    require_stripe,
)
from ticketing_service.settings import CannotStart, load_settings
from ticketing_service.wsgi import application

if sys.platform != "win32":
    import resource

if TYPE_CHECKING:
    from flask import Flask

log = logging.getLogger(__name__)

MOST_WORKERS = 64

STOP_SECONDS = 60
"""The grace period of requests in flight. Each ends within half of it. A worker that outlives it
got its signal while it was starting, when the server loses signals."""

PARENT_PAUSE_SECONDS = 1.0
"""Between two checks that the process that started this worker is still alive."""

_TO_OUR_LOG: dict[str, Any] = {"handlers": [], "propagate": True}
_LOGGING = {
    "handlers": {},
    "formatters": {},
    "loggers": {"_granian": dict(_TO_OUR_LOG), "granian.access": dict(_TO_OUR_LOG)},
}
"""By default Granian logs to stdout in its own format."""

NEW_ACCOUNT = (
    "If the account was changed on purpose, and nothing of the old one is unpaid or owed, start "
    "once with --new-account."
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
def serve(*, host: str, port: int, workers: int, threads: int, new_account: bool) -> None:
    """Serve the HTTP API, and settle what is due in the background.

    SIGTERM and Ctrl-C stop it after the requests in flight are finished.
    """
    log_to_stderr()
    settings = load_settings(access=True, signing_key=True)
    require_free_port(host, port, option="--port")
    if migrate_database(settings, only_empty_sqlite=True):
        log.info("made the database %s", settings.sqlite_file)
    # A worker that fails to start reports only that it has ended, so find the reason here. Close
    # everything again: no connection and no thread may exist when the workers are forked.
    with closing(build(settings)) as service:
        service.wsgi()
        _notice_restore(service)
        for problem in service.readiness():
            log.error("%s", problem)
        degraded = [
            check.detail for check in check_account(service.store, service.box_office.gateway)
        ]
        if degraded and not new_account:
            # One sale would make its account look like the one that sold.
            raise CannotStart(f"{degraded[0]} {NEW_ACCOUNT}")
        for problem in degraded:
            log.error("%s", problem)
    checks = [*check_access(settings), *check_stripe(settings)]
    require_stripe(checks)
    for check in checks:
        if check.level is Level.WARNING:
            log.warning("%s: %s", check.subject, check.detail)
    shown = f"[{host}]" if ":" in host else host
    log.info("serving at http://%s:%s (docs at /docs)", shown, port)
    serve_in_workers(
        partial(application, threads=threads, degraded=degraded, serves_here=True),
        host=host,
        port=port,
        workers=workers,
        threads=threads,
    )
    log.info("stopped")


def _notice_restore(service: Service) -> None:
    """Stop sales if the database has lost tickets, before a worker settles what was paid since."""
    try:
        proof = service.box_office.notice_restore()
    except GatewayUnavailable:
        log.warning("Stripe lists no checkouts now; a restore would be noticed within an hour")
        return
    if proof is not None:
        log.error("%s", of_lost_ticket(proof))


def serve_in_workers(
    load: Callable[[], "Flask"], *, host: str, port: int, workers: int, threads: int
) -> None:
    """Call ``load`` in each worker process and serve its application, until a signal stops it."""
    server = Granian(
        # Only a name: `target_loader` makes the application.
        "ticketing_service.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        # HTTP/2 would let hundreds of requests wait for a thread on each connection.
        http=HTTPModes.http1,
        backpressure=_client_connections(Limits(threads)),
        backlog=CONNECTIONS,
        blocking_threads=Limits(threads).server_threads,
        websockets=False,
        # A worker that dies is replaced; one that never starts ends the service.
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        log_level=LogLevels.error,
        log_dictconfig=_LOGGING,
    )
    os.register_at_fork(after_in_child=_forget_signals)
    server.serve(target_loader=partial(_worker, load), wrap_loader=False)


def _client_connections(limits: Limits) -> int:
    """Return how many client connections fit, after raising the limit of open files for them.

    Where idle connections use up all files, a purchase fails in the middle.
    """
    needed = CONNECTIONS + limits.files
    if sys.platform == "win32":
        return CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return CONNECTIONS
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    fit = min(CONNECTIONS, max(allowed - limits.files, limits.threads))
    if fit < CONNECTIONS:
        log.warning("the limit of %d open files leaves %d client connections", allowed, fit)
    return fit


def _forget_signals() -> None:
    """Drop the inherited signal handlers, which would swallow the first signals of a worker."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_DFL)


def _worker(load: Callable[[], "Flask"]) -> "Flask":
    log_to_stderr()
    if sys.platform != "win32":
        # Ctrl-C in a terminal must reach only the main process, which then stops its workers.
        os.setpgid(0, 0)
    app = load()
    parent = parent_process()
    if parent is not None:
        # A daemon: stopping does not wait for it, and losing it at any instant is safe.
        threading.Thread(
            target=_end_with_parent, args=(parent.pid,), name="parent-watch", daemon=True
        ).start()
    return app


def _end_with_parent(parent: int | None) -> None:
    """Stop this worker once its parent was killed: nothing else would stop it."""
    while os.getppid() == parent:
        time.sleep(PARENT_PAUSE_SECONDS)
    log.error("the main process is gone; this worker ends")
    # The kernel ends it if a request keeps the server from ending, or the signal below from
    # returning: nothing that Python runs is needed.
    signal.alarm(STOP_SECONDS)
    while True:
        # Repeated: the server loses a signal that arrives while it is starting.
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(PARENT_PAUSE_SECONDS)
