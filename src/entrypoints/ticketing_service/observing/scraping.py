"""Answers Prometheus, in one process of the server for all of them."""

import logging
import os
import re
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from attrs import define, field

from ticketing_service.observing.figures import FigureCollector
from ticketing_service.observing.metrics import FOLDER, Metrics, is_shared

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

log = logging.getLogger(__name__)

PAUSE_SECONDS = 2.0
"""The pause between two samples of the gauges, and between two attempts to get the port. It is so
short that no scrape, every 15 seconds, fails because the process that answers has ended."""

STALLED_SECONDS = 1
"""How long a client may take to send a request or read its answer, while others wait."""

_LIVING = re.compile(r"gauge_live\w*_([0-9]+)\.db")


@define(kw_only=True, eq=False)
class MetricsPort:
    """The port for Prometheus. The process that gets it answers, and the others wait for it.

    So another process takes over when it ends, also that of the next `ticketing serve` at a
    hand-over.

    Attributes:
        metrics: The metrics of this process.
        figures: The figures of the database.
        host: The address to listen on.
        port: The port to listen on.
    """

    metrics: Metrics
    figures: FigureCollector
    host: str
    port: int
    _answers: bool = field(default=False, init=False)

    def start(self) -> None:
        """Begin in a daemon thread."""
        threading.Thread(target=self._run, name="metrics", daemon=True).start()

    def _run(self) -> None:
        while True:
            # It has to go on after a bug, since monitoring depends on it.
            try:
                self.metrics.sample()
                if not self._answers:
                    self._answers = self._listen()
            except Exception:
                log.exception("metrics: a reading failed")
            time.sleep(PAUSE_SECONDS)

    def _listen(self) -> bool:
        from prometheus_client import make_wsgi_app  # noqa: PLC0415 - see `metrics`

        registry = self._registry()
        kind = _ScrapesV6 if ":" in self.host else _Scrapes
        try:
            server = make_server(self.host, self.port, make_wsgi_app(registry), kind, _Scrape)
        except OSError as error:
            log.debug("metrics: another process answers: %s", error)
            return False
        registry.register(self.figures)
        threading.Thread(target=server.serve_forever, name="scrapes", daemon=True).start()
        log.info("metrics at http://%s:%d/metrics", self.host, self.port)
        return True

    def _registry(self) -> "CollectorRegistry":
        from prometheus_client import CollectorRegistry  # noqa: PLC0415 - see `metrics`
        from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415 - same

        if not is_shared():
            return self.metrics.registry
        registry = CollectorRegistry()
        registry.register(_WithoutTheDead())  # type: ignore[arg-type] # as above
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return registry


class _Scrape(WSGIRequestHandler):
    timeout = STALLED_SECONDS

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Log nothing about regular scrapes."""


class _Scrapes(WSGIServer):
    """One scrape at a time, so that clients cannot use up the threads and files of the service."""

    def handle_error(self, *_: object) -> None:
        """Ignore clients that stall or disconnect."""


class _ScrapesV6(_Scrapes):
    address_family = socket.AF_INET6


class _WithoutTheDead:
    """Comes first in each scrape, and removes the gauges of processes that have ended."""

    def collect(self) -> list[object]:
        for path in Path(os.environ[FOLDER]).glob("gauge_live*.db"):
            found = _LIVING.fullmatch(path.name)
            if found and not _lives(int(found[1])):
                path.unlink(missing_ok=True)
        return []


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
