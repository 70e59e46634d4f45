"""Starts the background work in each process that serves, whatever server made that process."""

import os
from collections.abc import Callable, Iterable
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class ForkedWhileServing(RuntimeError):
    """This process was forked from one that serves, so locks may be held by threads it lacks."""

    def __init__(self) -> None:
        super().__init__(
            "this process was forked from one that was serving already; fork before the first"
            " request, or load the application in each process"
        )


class Background:
    """Jobs that begin with the first request of a process: no thread survives a fork.

    A server that loads the application before it forks serves in the forked processes alone.

    Args:
        starts: Each starts a job.
    """

    def __init__(self, starts: Iterable[Callable[[], object]]) -> None:
        self._starts = tuple(starts)
        self._lock = Lock()
        self._process: int | None = None

    def start(self) -> None:
        """Start the jobs, unless they run in this process already.

        Raises:
            ForkedWhileServing: They run in the process that this one was forked from.
        """
        process = os.getpid()
        if self._process is None:
            with self._lock:
                if self._process is None:
                    for start in self._starts:
                        start()
                    self._process = process
        if self._process != process:
            raise ForkedWhileServing

    def around(self, app: "WSGIApplication") -> "WSGIApplication":
        """Return the application with a start before each request."""

        def serve(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            self.start()
            return app(environ, start_response)

        return serve
