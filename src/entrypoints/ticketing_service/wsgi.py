"""The service as one WSGI application, for `ticketing serve` and for any other WSGI server."""

import logging
import os
import signal
import threading
import time
from multiprocessing import parent_process
from typing import TYPE_CHECKING

from ticketing_service.composition import build
from ticketing_service.limits import DEFAULT_THREADS, Limits
from ticketing_service.settings import load_settings

if TYPE_CHECKING:
    from flask import Flask

log = logging.getLogger(__name__)

SETTLING_CONNECTIONS = 4
"""Settling waits for the payment provider nearly all of the time."""

PARENT_PAUSE_SECONDS = 1.0
"""Between two looks at whether the process that started this worker still lives."""


def application(*, threads: int = DEFAULT_THREADS) -> "Flask":
    """Make the application from the environment's settings, and settle in the background.

    Args:
        threads: How many requests are at work at the same time; the server needs
            `Limits.server_threads` for that.

    Raises:
        SettingsRefused: Settings are missing or wrong.
        NotMigrated: The database is not of this version.
        StoreUnavailable: The database did not answer.
    """
    settings = load_settings(access=True, signing_key=True)
    # A few more than there are threads: settling must not wait for a rush to end.
    installation = build(settings, pool_size=threads + SETTLING_CONNECTIONS)
    settler = installation.settler()
    app = installation.wsgi(wake_settler=settler.wake, limits=Limits(threads))
    settler.start()
    parent = parent_process()
    if parent is not None:
        # A daemon: it is safe to lose at any instant, and a stop does not wait for it.
        threading.Thread(
            target=_end_with_parent, args=(parent.pid,), name="parent-watch", daemon=True
        ).start()
    return app


def _end_with_parent(parent: int | None) -> None:
    """A worker whose parent was killed would serve for ever, and nobody could stop it."""
    while os.getppid() == parent:
        time.sleep(PARENT_PAUSE_SECONDS)
    log.error("the main process is gone; this worker ends")
    while True:
        # More than once: the server loses a signal that comes while it is setting itself up.
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(PARENT_PAUSE_SECONDS)
