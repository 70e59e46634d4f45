"""The loop of the load client: sends what is due, reads what comes, notes both.

Closed loop: each connection sends as soon as it was answered. Open loop: requests are due at a
fixed rate whether or not others were answered, and a latency counts from the instant at which the
request was due, so that waiting for a slow server is part of it.
"""

import gc
import selectors
from collections import deque
from time import perf_counter, sleep

from attrs import define, field

from benchmarks.load.connection import Connection, Lost
from benchmarks.load.result import Answer, Result, read_body
from benchmarks.load.window import Window

_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE

DRAIN_SECONDS = 10.0
"""How long to wait at the end for answers that are still missing."""

_MOST_CONNECTIONS = 4000
"""Of an open loop. Each is a waiting buyer: far more than wait at a server that refuses in time,
and far fewer than the descriptors that a process may have."""

_LONGEST_WAIT = 0.05
"""Seconds between two looks at the clock while no answer comes."""

_TICK = 0.001
"""Seconds for which an open loop collects what is due and what came. Waking up for each alone would
cost the server more than this adds to a latency."""

_MOST_LOST = 1000
"""Connections lost in one window. A server that is down would be called for ever."""


def run_window(window: Window) -> Result:
    """Send the window's load, and return what came back.

    Raises:
        ConnectionError: The server is down.
    """
    run = _Run(window)
    # Nothing here refers to itself, and a collection is a pause.
    gc.disable()
    try:
        run.go()
    finally:
        gc.enable()
        run.close()
    return run.result()


@define(eq=False)
class _Run:
    window: Window
    _selector: selectors.BaseSelector = field(factory=selectors.DefaultSelector, init=False)
    _connections: set[Connection] = field(factory=set, init=False)
    _idle: list[Connection] = field(factory=list, init=False)
    # When the requests that wait for a connection were due; only an open loop has them.
    _queue: deque[float] = field(factory=deque, init=False)
    _sent: int = field(default=0, init=False)
    _due: int = field(default=0, init=False)
    _lost: int = field(default=0, init=False)
    # Connections that a closed loop still has to make.
    _missing: int = field(default=0, init=False)
    # Number, status, when it was due and when it came, and the body.
    _answers: list[tuple[int, int, float, float, bytes]] = field(factory=list, init=False)
    _unanswered: list[int] = field(factory=list, init=False)
    _began: float = field(default=0.0, init=False)
    _stop: float = field(default=0.0, init=False)

    def go(self) -> None:
        """Send until the time is over, then wait for the missing answers."""
        window = self.window
        is_open = window.rate is not None
        self._began = perf_counter()
        self._stop = self._began + window.warm_up_seconds + window.seconds
        give_up = self._stop + DRAIN_SECONDS
        self._missing = window.connections
        while True:
            now = perf_counter()
            if now < self._stop:
                if window.rate is None:
                    self._connect_missing()
                else:
                    self._send_due(now, rate=window.rate)
            elif now >= give_up or not self._is_waiting():
                return
            if is_open:
                sleep(_TICK)
            wait = 0 if self._missing or is_open else _LONGEST_WAIT
            for key, events in self._selector.select(wait):
                self._advance(key.data, events)

    def result(self) -> Result:
        """Return what the window saw."""
        counting = self._began + self.window.warm_up_seconds
        answers = [
            Answer(
                number=number,
                status=status,
                latency=came - due,
                ended=came - counting,
                body=read_body(content),
                size=len(content),
            )
            for number, status, due, came, content in self._answers
        ]
        return Result(
            seconds=self.window.seconds,
            answers=answers,
            unanswered=self._unanswered,
            sent=self._sent,
        )

    def close(self) -> None:
        """Close all connections; what was not answered by now never is."""
        for connection in self._connections:
            connection.socket.close()
            if connection.number is not None:
                self._unanswered.append(connection.number)
        self._selector.close()

    def _is_waiting(self) -> bool:
        return bool(self._queue) or len(self._idle) < len(self._connections)

    def _send_due(self, now: float, *, rate: float) -> None:
        while (due := self._began + self._due / rate) <= now:
            self._due += 1
            if self._idle:
                self._send(self._idle.pop(), due=due)
            elif len(self._connections) < _MOST_CONNECTIONS:
                self._send(self._connect(), due=due)
            else:
                self._queue.append(due)

    def _connect_missing(self) -> None:
        missing, self._missing = self._missing, 0
        for _ in range(missing):
            # A connection that is lost at once is missing again.
            self._send(self._connect(), due=perf_counter())

    def _connect(self) -> Connection:
        connection = Connection.to(self.window.port)
        self._connections.add(connection)
        self._selector.register(connection.socket, _READ | _WRITE, connection)
        return connection

    def _send(self, connection: Connection, *, due: float) -> None:
        requests = self.window.requests
        connection.number = self._sent
        connection.due = due
        self._sent += 1
        request = requests[(self.window.first + connection.number) % len(requests)]
        try:
            if not connection.send(request):
                self._selector.modify(connection.socket, _READ | _WRITE, connection)
        except Lost:
            self._lose(connection)

    def _advance(self, connection: Connection, events: int) -> None:
        if connection not in self._connections:
            # Lost by an earlier event of the same look.
            return
        try:
            if events & _WRITE and (not connection.unsent or connection.send(connection.unsent)):
                self._selector.modify(connection.socket, _READ, connection)
            answered = connection.receive() if events & _READ else None
        except Lost:
            self._lose(connection)
            return
        if answered is None:
            return
        came = perf_counter()
        if connection.number is None:
            self._lose(connection)
            return
        self._answers.append((connection.number, answered[0], connection.due, came, answered[1]))
        self._next(connection, came)

    def _next(self, connection: Connection, now: float) -> None:
        connection.number = None
        if self._queue:
            self._send(connection, due=self._queue.popleft())
        elif self.window.rate is None and now < self._stop:
            self._send(connection, due=now)
        else:
            self._idle.append(connection)

    def _lose(self, connection: Connection) -> None:
        """Forget a connection; a closed loop replaces it at its next look."""
        self._lost += 1
        if self._lost > _MOST_LOST:
            raise ConnectionError("the server does not answer any more")
        self._selector.unregister(connection.socket)
        connection.socket.close()
        self._connections.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        if connection.number is not None:
            self._unanswered.append(connection.number)
        self._missing += 1
