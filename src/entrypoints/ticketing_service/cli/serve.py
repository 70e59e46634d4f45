"""`ticketing serve`: what is wrong is found before a worker is started."""

import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

import click
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from ticketing_service.capacity.limits import (
    CONNECTIONS,
    DEFAULT_THREADS,
    FEWEST_THREADS,
    MOST_THREADS,
    Limits,
)
from ticketing_service.cli.output import log_to_stderr
from ticketing_service.cli.ports import Address, port_type, require_free_port
from ticketing_service.composition import build, migrate_database
from ticketing_service.settings import load_settings
from ticketing_service.wsgi import application

if TYPE_CHECKING:
    from flask import Flask

log = logging.getLogger(__name__)

MOST_WORKERS = 64

STOP_SECONDS = 60
"""For the requests in flight at a stop. Each ends within half of it; a worker that does not was
told to stop while it was setting itself up, which the server loses."""

_TO_OUR_LOG: dict[str, Any] = {"handlers": [], "propagate": True}
_LOGGING = {
    "handlers": {},
    "formatters": {},
    "loggers": {"_granian": dict(_TO_OUR_LOG), "granian.access": dict(_TO_OUR_LOG)},
}
"""Granian would write to stdout, in a form of its own."""


@click.command()
@click.option("--host", type=Address(), default="127.0.0.1", show_default=True)
@click.option("--port", type=port_type, default=8000, show_default=True)
@click.option(
    "--workers",
    type=click.IntRange(1, MOST_WORKERS),
    default=1,
    show_default=True,
    help="Processes; one or two for each core there is to give.",
)
@click.option(
    "--threads",
    type=click.IntRange(FEWEST_THREADS, MOST_THREADS),
    default=DEFAULT_THREADS,
    show_default=True,
    help="Requests that one process works on at a time; as many may wait, and the rest is refused.",
)
def serve(*, host: str, port: int, workers: int, threads: int) -> None:
    """Serve the HTTP API, and settle what is due in the background.

    SIGTERM and Ctrl-C let the requests that are being answered come to their end.
    """
    log_to_stderr()
    settings = load_settings(access=True, signing_key=True)
    require_free_port(host, port, option="--port")
    if migrate_database(settings, only_empty_sqlite=True):
        log.info("made the database %s", settings.sqlite_file)
    # A worker that cannot be made only says that it has ended. What is opened to find out is
    # closed again: neither a connection nor a thread may be there when workers are forked.
    with closing(build(settings)) as service:
        service.wsgi()
        for problem in service.readiness():
            log.warning("%s", problem)
    if settings.stripe_secret_key is None:
        log.warning("TICKETING_STRIPE_SECRET_KEY is not set: only free tickets can be bought")
    shown = f"[{host}]" if ":" in host else host
    log.info("serving at http://%s:%s (docs at /docs)", shown, port)
    serve_in_workers(
        partial(application, threads=threads),
        host=host,
        port=port,
        workers=workers,
        threads=threads,
    )
    log.info("stopped")


def serve_in_workers(
    load: Callable[[], "Flask"], *, host: str, port: int, workers: int, threads: int
) -> None:
    """Serve in processes of their own what ``load`` makes in each, until a signal stops it."""
    server = Granian(
        # Only a name: the loader below makes the application.
        "ticketing_service.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        # HTTP/2 would let hundreds of requests wait for a thread on each connection.
        http=HTTPModes.http1,
        backpressure=CONNECTIONS,
        backlog=CONNECTIONS,
        blocking_threads=Limits(threads).server_threads,
        websockets=False,
        # A worker that ended by itself is replaced; one that never comes up ends the service.
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        log_level=LogLevels.error,
        log_dictconfig=_LOGGING,
    )
    os.register_at_fork(after_in_child=_forget_signals)
    server.serve(target_loader=partial(_worker, load), wrap_loader=False)


def _forget_signals() -> None:
    """The main process's way to stop, inherited, would swallow a worker's first signals."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_DFL)


def _worker(load: Callable[[], "Flask"]) -> "Flask":
    log_to_stderr()
    if sys.platform != "win32":
        # Ctrl-C in a terminal then reaches the main process alone, which stops its workers.
        os.setpgid(0, 0)
    return load()
