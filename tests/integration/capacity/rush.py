"""Requests that stay inside an application until each is let go."""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import Queue
from threading import Event
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from ticketing_service.capacity.limits import Limits
from ticketing_service.capacity.load_shedding import LoadShedding, Refusal
from ticketing_service.capacity.slots import Kind, Slots

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SOON = 10.0
"""Seconds within which anything that is not stuck has happened."""

FOUR = Limits(4)
"""Four slots, three of them for purchases, and four waiting requests of each kind."""

REFUSAL = Refusal("503 Service Unavailable", [("Retry-After", "2")], b"{}")
BUY, LOOK = ("POST", "/buy/"), ("GET", "/look")


@frozen
class Workshop:
    """A WSGI application whose requests stay inside until each is let go by name."""

    entered: "Queue[str]" = field(factory=Queue)
    doors: dict[str, Event] = field(factory=dict)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Block until let go."""
        name = environ["test.name"]
        self.entered.put(name)
        if name in self.doors:
            assert self.doors[name].wait(SOON)
        start_response("200 OK", [])
        return [b"done"]


def call(app: "WSGIApplication", request: tuple[str, str], name: str = "") -> int:
    """Call an application and return the status of its response."""
    statuses: list[int] = []

    def start_response(status: str, *_: object) -> Any:
        statuses.append(int(status[:3]))

    method, path = request
    body = app({"REQUEST_METHOD": method, "PATH_INFO": path, "test.name": name}, start_response)
    assert b"".join(body) == (b"done" if statuses == [200] else b"" if method == "HEAD" else b"{}")
    return statuses[0]


@frozen
class Rush:
    """Concurrent requests, each in a thread of its own."""

    limits: Limits = FOUR
    patience: float = SOON
    workshop: Workshop = field(factory=Workshop)
    slots: Slots = field(init=False)
    app: LoadShedding = field(init=False)
    _pool: ThreadPoolExecutor = field(factory=lambda: ThreadPoolExecutor(32), init=False)

    @slots.default
    def _slots(self) -> Slots:
        return Slots(self.limits, patience=self.patience)

    @app.default
    def _app(self) -> LoadShedding:
        return LoadShedding(
            self.workshop,
            slots=self.slots,
            refusal=REFUSAL,
            purchase_path="/buy/",
            free_paths=["/healthz"],
        )

    def enter(self, request: tuple[str, str], name: str) -> "Future[int]":
        """Start a request that gets a slot at once and stays inside."""
        started = self._submit(request, name)
        assert self.workshop.entered.get(timeout=SOON) == name
        return started

    def queue(self, request: tuple[str, str], name: str) -> "Future[int]":
        """Start a request that has to wait for a slot."""
        kind = Kind.PURCHASE if request == BUY else Kind.OTHER
        expected = self.slots.waiting(kind) + 1
        started = self._submit(request, name)
        wait_until(lambda: self.slots.waiting(kind) == expected)
        return started

    def let_go(self, name: str) -> None:
        """Let a request finish."""
        self.workshop.doors[name].set()

    def next_in(self) -> str:
        """Return the name of the next request that gets a slot."""
        return self.workshop.entered.get(timeout=SOON)

    def end(self) -> None:
        """Let all requests finish."""
        for door in self.workshop.doors.values():
            door.set()
        self._pool.shutdown()

    def _submit(self, request: tuple[str, str], name: str) -> "Future[int]":
        self.workshop.doors[name] = Event()
        return self._pool.submit(call, self.app, request, name)


@contextmanager
def rush(**options: Any) -> Iterator[Rush]:
    """Give a rush, and end its threads afterwards."""
    opened = Rush(**options)
    try:
        yield opened
    finally:
        opened.end()


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what another thread is about to do."""
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)
