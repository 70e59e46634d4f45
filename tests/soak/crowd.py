"""Everybody who calls the service: buyers come and go, an organizer refunds, gates let people in.

Others only look.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from random import Random
from typing import Any, Protocol

import requests
from attrs import field, frozen

from tests.failover.shop import Shop
from tests.integration.chaos.gates import GATES, gates_at
from tests.integration.chaos.people import Buyer, Organizer
from tests.support.audit import Receipts
from tests.support.audit.receipts import merged
from tests.support.server import Answer, access_token

BUYERS = 6
"""At a time. They think a moment before each call, so that two cores also carry the database, the
provider and this program, and latencies are of the service and not of a full machine."""

_PURCHASES = 5
"""Of one buyer, who then leaves: fewer than 20 calls of a route, which may come at once, and fewer
than 20 unpaid places at an event, which one buyer may have."""

_LOOKS_SECONDS = 0.5
"""Between two looks of a page that polls."""
_POLLS = 3

_REMEMBERED = 50
"""The buyers who came last: their tickets are looked at."""


class Stage(Protocol):
    """Where people find what they can reach now."""

    @property
    def site(self) -> Shop:
        """The service, the provider, and the events that are on sale."""
        ...


@frozen(kw_only=True)
class Crowd:
    """Everybody, and the names of who came last."""

    stage: Stage
    _names: "deque[str]" = field(factory=lambda: deque(maxlen=_REMEMBERED), init=False)

    def buy(self, name: str, rng: Random) -> Receipts:
        """Be one buyer after the other."""
        receipts = Receipts()
        number = 0
        while not self.stage.site.over.is_set():
            number += 1
            buyer = Buyer(name=f"{name}.{number}", site=self.stage.site, rng=rng, receipts=receipts)
            self._names.append(buyer.name)
            for purchase in range(_PURCHASES):
                buyer.buy(purchase)
        return receipts

    def look(self, rng: Random) -> Receipts:
        """Look at events and tickets as pages do, one of which polls."""
        receipts = Receipts()
        over = self.stage.site.over
        while not over.wait(_LOOKS_SECONDS):
            self._get("/api/events/", receipts=receipts)
            self._get(f"/api/events/{self.stage.site.hot}/", receipts=receipts)
            if not self._names:
                continue
            token = access_token(rng.choice(self._names))
            answer = self._get("/api/tickets/", token=token, receipts=receipts)
            for ticket in [] if answer is None else answer.body["tickets"][:1]:
                self._poll(ticket, token=token, receipts=receipts)
        return receipts

    def _poll(self, ticket: Any, *, token: str, receipts: Receipts) -> None:
        path = f"/api/tickets/{ticket['ticket_id']}/"
        for _ in range(_POLLS):
            answer = self._get(path, token=token, receipts=receipts)
            if answer is not None and answer.body["status"] == "issued":
                # It may be refunded meanwhile.
                self._get(f"{path}qr.svg", token=token, receipts=receipts, other=400)
                return
            if self.stage.site.over.wait(_LOOKS_SECONDS):
                return

    def _get(
        self, path: str, *, receipts: Receipts, token: str | None = None, other: int = 503
    ) -> Answer | None:
        try:
            answer = self.stage.site.server.get(path, token=token)
        except requests.RequestException:
            return None
        if answer.status not in {200, 503, other}:
            receipts.lies.append(f"{path}: {answer.status} {answer.content!r}")
        return answer if answer.status == 200 else None


@contextmanager
def crowd_at(stage: Stage, *, rng: Random) -> Iterator[Future[Receipts]]:
    """Let everybody come while the context lasts; afterwards the future has what they learned."""
    learned: Future[Receipts] = Future()
    crowd = Crowd(stage=stage)
    with ThreadPoolExecutor(BUYERS + GATES + 2) as pool:
        lives = [
            pool.submit(crowd.buy, f"buyer {number}", _another(rng)) for number in range(BUYERS)
        ]
        lives.append(pool.submit(crowd.look, _another(rng)))
        lives.append(pool.submit(Organizer(site=stage.site, rng=_another(rng)).run))
        lives += [pool.submit(gate.run) for gate in gates_at(stage.site, name="gate ", rng=rng)]
        try:
            yield learned
        finally:
            stage.site.over.set()
        learned.set_result(merged(life.result() for life in lives))


def _another(rng: Random) -> Random:
    return Random(rng.random())  # noqa: S311 - not secret
