"""Two processes of the service as a balancer shows them, and how long each answer took."""

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

from attrs import define, field, frozen

from tests.support.server import Answer, Server

_NUMBER = re.compile(r"/\d+/")
_NO_ENVIRONMENT: Mapping[str, str] = {}

_HANDED_OVER_SECONDS = 60.0
"""A process that has handed over ends eleven seconds later, or more on a busy machine."""


@frozen(kw_only=True)
class Call:
    """An answered call. `at` is when it began, by `time.monotonic`."""

    at: float
    route: str
    seconds: float


@define(kw_only=True)
class Front(Server):
    """Leads each call to one of the processes that are up.

    Attributes:
        serving: Both processes; another one takes the place of one that has handed over.
        calls: All calls that were answered.
        restarts: When a process was killed or replaced, by `time.monotonic`.
    """

    url: str = ""
    environment: Mapping[str, str] = _NO_ENVIRONMENT
    folder: Path = Path()
    serving: list[Server]
    rng: Random
    calls: list[Call] = field(factory=list)
    restarts: list[float] = field(factory=list)
    _down: list[Server] = field(factory=list, init=False)
    _retired: list[Server] = field(factory=list, init=False)

    def get(self, path: str, *, token: str | None = None, **headers: str) -> Answer:
        """See `Server.get`."""
        return self._timed("GET", path, lambda server: server.get(path, token=token, **headers))

    def post(self, path: str, body: object, *, token: str | None = None, **headers: str) -> Answer:
        """See `Server.post`."""
        return self._timed(
            "POST", path, lambda server: server.post(path, body, token=token, **headers)
        )

    def kill(self, number: int) -> None:
        """Kill a process with its workers, and start it again."""
        server = self.serving[number]
        self.restarts.append(time.monotonic())
        server.kill_all()
        # As a balancer that has noticed. What was in flight, or came before this line, is lost.
        self._down.append(server)
        server.start()
        self._down.remove(server)

    def hand_over(self, number: int) -> None:
        """Let a new process take over from this one, which ends by itself later."""
        old = self.serving[number]
        self.restarts.append(time.monotonic())
        new = Server(
            url=old.url,
            environment=old.environment,
            folder=old.folder,
            threads=old.threads,
            program=old.program,
        )
        self._retired.append(old)
        self.serving[number] = new
        # The old one answers meanwhile, so this returns early.
        new.start()

    @property
    def is_changing(self) -> bool:
        """Whether a process that has handed over still runs, for as long as it may."""
        may_run = time.monotonic() < max(self.restarts, default=0) + _HANDED_OVER_SECONDS
        return may_run and any(each.processes() for each in self._retired)

    def end(self) -> list[str]:
        """Stop all processes; return what did not go as it should."""
        while self.is_changing:
            time.sleep(0.1)
        problems = [
            f"the process at {each.url} has not ended after it handed over"
            for each in self._retired
            if each.processes()
        ]
        problems += [
            f"the process at {each.url} has ended by itself"
            for each in self.serving
            if each.has_ended()
        ]
        self.stop()
        return problems

    def stop(self) -> None:
        """Stop all processes, whatever they do."""
        for each in [*self._retired, *self.serving]:
            each.stop()

    def _timed(self, method: str, path: str, call: Callable[[Server], Answer]) -> Answer:
        up = [server for server in self.serving if server not in self._down]
        began = time.monotonic()
        answer = call(self.rng.choice(up))
        took = time.monotonic() - began
        route = f"{method} {_NUMBER.sub('/{id}/', path)}"
        self.calls.append(Call(at=began, route=route, seconds=took))
        return answer
