"""The HTTP server, Granian: its workers, what bounds their connections, and how they end."""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from multiprocessing import parent_process
from typing import TYPE_CHECKING, Any

from granian import Granian
from granian._granian import CallbackScheduler, RSGIWorker, SocketHolder
from granian._signals import set_sync_signals
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import WorkerProcess

from ticketing_service.capacity.limits import CONNECTIONS, Limits
from ticketing_service.observing.logs import flush_log
from ticketing_service.serving.bodies_first import BodiesFirst
from ticketing_service.serving.handover import Listeners, Predecessor

if sys.platform != "win32":
    import resource

if TYPE_CHECKING:
    from flask import Flask

log = logging.getLogger(__name__)

STOP_SECONDS = 8
"""The grace period of requests in flight. All but those that wait for a silent payment provider
end within it, and the promises hold when a process is killed at any instant. All of a stop takes
less than 10 seconds, after which container runtimes kill everything."""

PARENT_PAUSE_SECONDS = 1.0
"""Between two checks that the process that started this worker is still alive."""

HEADER_SECONDS = 10
"""For the headers of a request, counted from the end of the one before: so it is also how long an
idle connection stays open."""

HEADER_BYTES = 16 * 1024
"""What the server buffers of each connection, and so the largest headers: as many as Node.js takes
by default (nodejs.org/api/cli.html, `--max-http-header-size`). 32 MB for 2,048 connections."""

_TO_OUR_LOG: dict[str, Any] = {"handlers": [], "propagate": True}
_LOGGING = {
    "handlers": {},
    "formatters": {},
    "loggers": {"_granian": dict(_TO_OUR_LOG), "granian.access": dict(_TO_OUR_LOG)},
}
"""By default Granian logs to stdout in its own format."""


def serve_in_workers(
    load: Callable[[], "Flask"],
    *,
    host: str,
    port: int,
    workers: int,
    threads: int,
    metrics: str = "",
    predecessor: Predecessor | None = None,
) -> None:
    """Call ``load`` in each worker process and serve its application, until a signal stops it.

    Args:
        load: Makes the application.
        host: The address to listen on.
        port: The port to listen on.
        workers: The number of processes.
        threads: Requests at work at a time in each of them.
        metrics: The address of the metrics, as a successor names it too; empty without one.
        predecessor: Whose connections to accept; it ends when all workers serve.
    """
    limits = Limits(threads)
    connections = _client_connections(limits)
    listeners = None
    if sys.platform == "linux":
        listeners = Listeners(host, port, workers, metrics, predecessor)
        listeners.pass_on(idle_seconds=HEADER_SECONDS + 1)
    server = Granian(
        # Only a name: `target_loader` makes the application.
        "ticketing_service.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        workers=workers,
        backlog=CONNECTIONS,
        websockets=False,
        # A worker that dies is replaced; one that never starts ends the service.
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        log_level=LogLevels.error,
        log_dictconfig=_LOGGING,
    )
    os.register_at_fork(after_in_child=_forget_signals)
    server.serve(
        spawn_target=partial(
            _run_to_the_last_line, limits=limits, connections=connections, listeners=listeners
        ),
        target_loader=partial(_worker, load),
        wrap_loader=False,
    )


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


def _worker(load: Callable[[], "Flask"]) -> Any:
    if sys.platform != "win32":
        # Ctrl-C in a terminal must reach only the main process, which then stops its workers.
        os.setpgid(0, 0)
    bodies_first = BodiesFirst(load())
    bodies_first.start()
    parent = parent_process()
    if parent is not None:
        # A daemon: stopping does not wait for it, and losing it at any instant is safe.
        threading.Thread(
            target=_end_with_parent, args=(parent.pid,), name="parent-watch", daemon=True
        ).start()
    return bodies_first


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


class _CallsInPlace:
    """What the server takes for an event loop: it calls back in the thread that it is in.

    Granian's own way for RSGI is an event loop in one thread, which passes on every request three
    times.
    """

    def call_soon(self, call: Callable[..., object], *given: Any, **_: Any) -> None:
        """Call now; nothing here needs a context."""
        call(*given)

    call_soon_threadsafe = call_soon


class _Requests(CallbackScheduler):
    """Takes each request from the server, in one of its threads."""

    _schedule_fn: Any

    def __init__(self, *_: object) -> None:
        super().__init__()


@WorkerProcess.wrap_target  # type: ignore[untyped-decorator]
def _run_worker(
    worker_id: int,
    bodies_first: BodiesFirst,
    sock: Any,
    *_: Any,
    limits: Limits,
    connections: int,
    listeners: Listeners | None,
) -> None:
    """Serve until a signal, as Granian does with applications of WSGI, but with RSGI's requests."""
    stopping, stopped = set_sync_signals(), threading.Event()  # type: ignore[no-untyped-call]
    stopping.add_cb(stopped.set)

    def serve(request: Any) -> None:
        try:
            bodies_first.serve(request.scope, request.proto)
        except Exception as error:  # noqa: BLE001 - the server would not notice it
            request.err(error)

    requests = _Requests(_CallsInPlace(), None, None, None, None)
    requests._schedule_fn = serve  # noqa: SLF001 - as Granian's own classes do
    # Their stubs lack arguments, and that some have defaults.
    make: Any = RSGIWorker
    listener = None
    if listeners is not None:
        hold: Any = SocketHolder
        listener = listeners.sockets[worker_id - 1]
        listener.listen(CONNECTIONS)
        sock = (None, hold(listener.fileno(), False, CONNECTIONS))
    worker = make(
        worker_id,
        sock,
        None,
        # HTTP/1.1, as by default: with HTTP/2 hundreds of requests could wait for a thread on
        # each connection.
        http_mode="1",
        py_threads=limits.server_threads,
        backpressure=connections,
        http1_opts=HTTP1Settings(
            header_read_timeout=HEADER_SECONDS * 1000, max_buffer_size=HEADER_BYTES
        ),
        websockets_enabled=False,
    )
    worker.serve_str(requests, _CallsInPlace(), stopping)
    if listeners is not None and listener is not None:
        listeners.started(listener, leave=bodies_first.close_connections)
    stopped.wait()


def _run_to_the_last_line(*args: Any, **more: Any) -> None:
    """Run a worker, then let its log be written: a forked process ends without `atexit`."""
    try:
        _run_worker(*args, **more)
    finally:
        flush_log()
