"""The service as one WSGI application, for `ticketing serve` and any other WSGI server."""

import logging
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

from ticketing_core.errors import StoreUnavailable
from ticketing_service.background import Background
from ticketing_service.capacity.limits import DEFAULT_THREADS, Limits
from ticketing_service.composition import build
from ticketing_service.key_sets import KeySetRenewal, KeySetSource
from ticketing_service.settings import CannotStart, Settings, load_settings
from ticketing_service.settler import CONNECTIONS

if TYPE_CHECKING:
    from flask import Flask

T = TypeVar("T")

log = logging.getLogger(__name__)

DATABASE_PAUSE_SECONDS = 2.0
"""Between two tries to reach a database that does not answer: a failover takes longer."""


def application(
    *,
    threads: int = DEFAULT_THREADS,
    degraded: Sequence[str] = (),
    serves_here: bool = False,
) -> "Flask":
    """Make the application from the settings in the environment.

    Waits for the database if it does not answer. The server may fork afterwards, as long as no
    request was served before: no connection is open and no thread runs. Settling begins with the
    first request of each process.

    Args:
        threads: Requests at work at a time. The server itself needs `Limits.server_threads`.
        degraded: What does not work as it should, for `/readyz`; it stays so until a restart.
        serves_here: Begin settling now: this process will serve.

    Raises:
        SettingsRefused: Settings are missing or wrong.
        CannotStart: The server runs no threads but its own.
        NotMigrated: The database is not of this version.
    """
    _require_threads()
    settings = load_settings(access=True, signing_key=True)
    app, background = _once_the_database_answers(
        lambda: _made(settings, threads=threads, degraded=degraded)
    )
    if serves_here:
        background.start()
    return app


def _made(
    settings: Settings, *, threads: int, degraded: Sequence[str]
) -> "tuple[Flask, Background]":
    # A few more connections than threads: settling must not wait for a rush to end. All are closed
    # again: two processes on one connection would read each other's answers.
    with closing(build(settings, pool_size=threads + CONNECTIONS)) as service:
        work = [job.start for job in service.jobs()]
        found: Callable[[], Sequence[str]] = tuple
        if settings.access is not None and settings.key_set_place is not None:
            renewal = KeySetRenewal(settings.access, KeySetSource(settings.key_set_place))
            work.append(renewal.start)
            found = renewal.degraded
        app = service.wsgi(limits=Limits(threads), degraded=lambda: [*degraded, *found()])
    background = Background(work)
    app.wsgi_app = background.around(app.wsgi_app)  # type: ignore[assignment,method-assign]
    return app, background


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
