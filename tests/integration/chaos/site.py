"""The scene of the chaos: a service that is killed and restarted, and its payment provider."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Full, Queue, SimpleQueue
from random import Random
from threading import Event as Flag

import requests
from attrs import field, frozen
from sqlalchemy import Engine

from tests.support.audit import Receipt, Receipts, place_problems, read_events
from tests.support.ports import free_ports
from tests.support.sandbox import checked_sandbox
from tests.support.server import WEBHOOK_PATH, WEBHOOK_SECRET, Answer, Server, running_server
from ticketing_adapters.sql import SqlEvents, engine_for
from ticketing_core import Money
from ticketing_core.testing.contracts.examples import stored_event
from ticketing_service.sandbox import SERVER_ERROR, Delivery, Fault, Sandbox, WebhookEndpoint

WORKERS = 2
MOST_TRIES = 8
MOST_TRIES_OF_BUSY = 2
BACK_AGAIN_SECONDS = 60.0

MOST_AT_THE_GATES = 20
"""Gates are slower than sales, and tickets that were just sold are those to which most happens."""

DELIVERIES = [*Delivery, Delivery.ON_TIME, Delivery.ON_TIME, Delivery.LOST]


@frozen(kw_only=True)
class Shown:
    """A ticket that somebody shows at a gate.

    Attributes:
        qr_code: The picture, in base64.
        is_screenshot: Whether somebody else shows it, too.
    """

    receipt: Receipt
    qr_code: str
    is_screenshot: bool = False


@frozen(kw_only=True)
class Site:
    """All that people can reach.

    Attributes:
        hot: A paid event that sells out.
        large: A paid event that does not.
        free: A free event that sells out.
        doomed: A paid event that is cancelled in the midst; 0 if none is.
        up: Set while the service can be called.
        cancelled: Set when an answer said that it is cancelled.
        over: Set when everybody is to finish.
        issued: Receipts of tickets whose QR code was handed out, for the organizer.
        shown: The same tickets, for the gates.
    """

    server: Server
    sandbox: Sandbox
    sandbox_url: str
    engine: Engine
    hot: int
    large: int
    free: int
    doomed: int = 0
    up: Flag = field(factory=Flag)
    cancelled: Flag = field(factory=Flag)
    over: Flag = field(factory=Flag)
    issued: "SimpleQueue[Receipt]" = field(factory=SimpleQueue)
    shown: "Queue[Shown]" = field(factory=lambda: Queue(MOST_AT_THE_GATES))

    @property
    def events(self) -> Sequence[int]:
        """All that is on sale."""
        return [each for each in (self.hot, self.large, self.free, self.doomed) if each]

    def show(self, shown: Shown) -> None:
        """Show a ticket at the gates. Who finds too many people waiting goes home."""
        with suppress(Full):
            self.shown.put_nowait(shown)

    def call(
        self,
        path: str,
        body: object,
        *,
        token: str,
        receipts: Receipts,
        repeat: bool = True,
        **headers: str,
    ) -> Answer | None:
        """Call the service; return None if no answer comes.

        Args:
            repeat: Whether to try again after a lost connection or a 503.
        """
        busy = 0
        for _ in range(MOST_TRIES if repeat else 1):
            assert self.up.wait(BACK_AGAIN_SECONDS), "the service did not come back"
            try:
                answer = self.server.post(path, body, token=token, **headers)
            except requests.RequestException:
                receipts.uncertain += 1
                continue
            if answer.status not in {200, 400, 503}:
                receipts.lies.append(f"{path} {body}: {answer.status} {answer.content!r}")
            busy += answer.status == 503
            if answer.status != 503 or busy == MOST_TRIES_OF_BUSY:
                return answer
        return None

    def kill_and_restart(self) -> None:
        """Kill every process. The places have to be right while all are dead."""
        self.up.clear()
        self.server.kill_all()
        assert list(place_problems(read_events(self.engine))) == []
        self.server.start()
        self.up.set()


def wreak_havoc(site: Site, *, rng: Random, seconds: float) -> int:
    """Kill processes and disturb the payment provider; return the number of kills."""
    kills = 0
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        disturb(site.sandbox, rng=rng)
        # The pace of the chaos, not a synchronization: a kill may come at any moment.
        time.sleep(rng.uniform(0.2, 2.0))
        kills += 1
        if rng.random() < 0.5:
            site.server.kill_worker()
        else:
            site.kill_and_restart()
        assert list(place_problems(read_events(site.engine))) == []
    site.sandbox.clear_faults()
    return kills


def disturb(sandbox: Sandbox, *, rng: Random) -> None:
    """Slow the provider down, so that kills fall into its calls, and plan up to two faults."""
    sandbox.clear_faults()
    for _ in range(rng.randrange(3)):
        after = rng.random() < 0.5
        # Two in a row are more than the SDK retries.
        times = rng.choice([1, 2, 3])
        if rng.random() < 0.7:
            sandbox.plan_fault(Fault(drop=True, after_effect=after, times=times))
        else:
            sandbox.plan_fault(Fault(error=SERVER_ERROR, after_effect=after, times=times))
    delay = rng.uniform(0.0, 0.15)
    sandbox.plan_fault(Fault(delay=delay, after_effect=rng.random() < 0.5, times=None))


@contextmanager
def open_site(*, folder: Path, database_url: str) -> Iterator[Site]:
    """Start a service of several processes, with four events on sale, and its provider."""
    (port,) = free_ports(1)
    webhook = WebhookEndpoint(f"http://127.0.0.1:{port}{WEBHOOK_PATH}", WEBHOOK_SECRET)
    with (
        checked_sandbox(webhook=webhook) as running,
        running_server(
            folder=folder,
            database_url=database_url,
            port=port,
            STRIPE_API_BASE=running.url,
            STRIPE_SLOW_METHODS="on",
            HOLD_MINUTES="1",
        ) as server,
    ):
        engine = engine_for(database_url)
        try:
            hot, large, free, doomed = _on_sale(
                engine, prices=(2500, 1999, 0, 999), capacities=(40, 5000, 40, 5000)
            )
            site = Site(
                server=server,
                sandbox=running.sandbox,
                sandbox_url=running.url,
                engine=engine,
                hot=hot,
                large=large,
                free=free,
                doomed=doomed,
            )
            server.workers = WORKERS
            site.kill_and_restart()
            yield site
        finally:
            engine.dispose()


def _on_sale(engine: Engine, *, prices: Sequence[int], capacities: Sequence[int]) -> Iterator[int]:
    for price, capacity in zip(prices, capacities, strict=True):
        event = stored_event(SqlEvents(engine), price=Money(price, "usd"), capacity=capacity)
        yield event.event_id
