"""The service as one WSGI application, for `ticketing serve` and any other WSGI server."""

import logging
import os
import signal
import threading
import time
from collections.abc import Sequence
from multiprocessing import parent_process
from typing import TYPE_CHECKING

from ticketing_service.capacity.limits import DEFAULT_THREADS, Limits
from ticketing_service.composition import build
from ticketing_service.key_sets import KeySetRenewal, KeySetSource
from ticketing_service.settings import load_settings
from ticketing_service.settler import CONNECTIONS

if TYPE_CHECKING:
    from flask import Flask

log = logging.getLogger(__name__)

PARENT_PAUSE_SECONDS = 1.0
"""Between two checks that the process that started this worker is still alive."""


def application(*, threads: int = DEFAULT_THREADS, degraded: Sequence[str] = ()) -> "Flask":
    """Make the application from the settings in the environment, and settle in the background.

    Args:
        threads: Requests at work at a time. The server itself needs `Limits.server_threads`.
        degraded: What does not work as it should, for `/readyz`; it stays so until a restart.

    Raises:
        SettingsRefused: Settings are missing or wrong.
        NotMigrated: The database is not of this version.
        StoreUnavailable: The database did not answer.
    """
    settings = load_settings(access=True, signing_key=True)
    # A few more connections than threads: settling must not wait for a rush to end.
    service = build(settings, pool_size=threads + CONNECTIONS)
    settler, others = service.jobs()
    app = service.wsgi(wake_settler=settler.wake, limits=Limits(threads), degraded=degraded)
    for job in (settler, *others):
        job.start()
    if settings.access is not None and settings.key_set_place is not None:
        KeySetRenewal(settings.access, KeySetSource(settings.key_set_place)).start()
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
    while True:
        # Repeated: the server loses a signal that arrives while it is starting.
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(PARENT_PAUSE_SECONDS)
