"""The service as one WSGI application, for `ticketing serve` and any other WSGI server."""

import logging
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from ticketing_adapters.jobs.settler import CONNECTIONS
from ticketing_core.errors import StoreUnavailable
from ticketing_service.background import Background
from ticketing_service.capacity.limits import DEFAULT_THREADS, Limits
from ticketing_service.composition import build
from ticketing_service.key_sets import KeySetRenewal, KeySetSource
from ticketing_service.observing.figures import FigureCollector
from ticketing_service.observing.logs import log_to_stderr, log_uncaught_errors
from ticketing_service.observing.metrics import FOLDER, Metrics, is_shared
from ticketing_service.observing.scraping import MetricsPort
from ticketing_service.settings import PREFIX, CannotStart, Settings, load_settings

if TYPE_CHECKING:
    from flask import Flask

    from ticketing_core.ports import Subscriber

T = TypeVar("T")

log = logging.getLogger(__name__)

DATABASE_PAUSE_SECONDS = 2.0
"""Between two tries to reach a database that does not answer: a failover takes longer."""


def application(
    *,
    threads: int = DEFAULT_THREADS,
    degraded: Sequence[str] = (),
    serves_here: bool = False,
    subscribers: Mapping[str, "Subscriber"] = MappingProxyType({}),
) -> "Flask":
    """Make the application from the settings in the environment.

    Waits for the database if it does not answer. The server may fork afterwards, as long as no
    request was served before: no connection is open and no thread but the log's runs. Settling
    begins with the first request of each process.

    Args:
        threads: Requests at work at a time. The server itself needs `Limits.server_threads`.
        degraded: What does not work as it should, for `/readyz`; it stays so until a restart.
        serves_here: Begin settling now: this process will serve.
        subscribers: Those within the program, by the names of their subscriptions. Every process
            that uses the database has to name them: any of them may deliver.

    Raises:
        SettingsRefused: Settings are missing or wrong.
        CannotStart: The server runs no threads but its own.
        NotMigrated: The database is not of this version.
    """
    _require_threads()
    settings = load_settings(access=True, signing_key=True)
    _log(settings)
    counts = settings.observing.metrics_port is not None
    if counts and not serves_here and not (is_shared() and Path(os.environ[FOLDER]).is_dir()):
        raise CannotStart(
            f"{PREFIX}METRICS_PORT needs {FOLDER}, an empty folder in which the processes of this "
            "server count together."
        )
    app, background = _once_the_database_answers(
        lambda: _made(settings, threads=threads, degraded=degraded, subscribers=subscribers)
    )
    if serves_here:
        background.start()
    return app


def _made(
    settings: Settings,
    *,
    threads: int,
    degraded: Sequence[str],
    subscribers: Mapping[str, "Subscriber"],
) -> "tuple[Flask, Background]":
    # A few more connections than threads: settling must not wait for a rush to end. All are closed
    # again: two processes on one connection would read each other's answers.
    metrics = None if settings.observing.metrics_port is None else Metrics()
    service = build(
        settings, pool_size=threads + CONNECTIONS, metrics=metrics, subscribers=subscribers
    )
    with closing(service):
        work = [job.start for job in service.jobs()]
        found: Callable[[], Sequence[str]] = tuple
        if settings.access is not None and settings.key_set_place is not None:
            renewal = KeySetRenewal(settings.access, KeySetSource(settings.key_set_place))
            work.append(renewal.start)
            found = renewal.degraded
        app = service.wsgi(limits=Limits(threads), degraded=lambda: [*degraded, *found()])
    if metrics is not None and settings.observing.metrics_port is not None:
        port = MetricsPort(
            metrics=metrics,
            figures=FigureCollector(service.figures),
            host=settings.observing.metrics_host,
            port=settings.observing.metrics_port,
        )
        work.append(port.start)
    background = Background(work)
    app.wsgi_app = background.around(app.wsgi_app)  # type: ignore[assignment,method-assign]
    return app, background


def _log(settings: Settings) -> None:
    # `serve` has set up the log already; gunicorn and uWSGI leave it to the application.
    if not logging.root.handlers:
        log_to_stderr(style=settings.observing.log_format, level=settings.observing.log_level)
        log_uncaught_errors(CannotStart)


def _once_the_database_answers(make: Callable[[], T]) -> T:
    """Try until the database answers: servers give up when a new worker fails."""
    while True:
        try:
            return make()
        except StoreUnavailable as error:
            log.warning("waiting for the database: %s", error.reason)
            time.sleep(DATABASE_PAUSE_SECONDS)


def _require_threads() -> None:
    """Refuse uWSGI as it comes: it never runs the threads of an application.

    Raises:
        CannotStart: Nothing would be settled.
    """
    # uWSGI puts this module into each interpreter that it runs
    # (uwsgi-docs.readthedocs.io/en/latest/PythonModule.html).
    uwsgi = sys.modules.get("uwsgi")
    if uwsgi is not None and not {"enable-threads", "threads"} & uwsgi.opt.keys():
        raise CannotStart("uWSGI runs no background work without the option `enable-threads`.")
