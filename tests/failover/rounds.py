"""Rounds: people buy, something fails, all is well again, and the books are audited."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from attrs import define, evolve, field, frozen
from sqlalchemy import Engine

from tests.failover.audit import wrong_in_the_end, wrong_meanwhile
from tests.failover.cluster import Cluster
from tests.failover.faults import Fault
from tests.failover.isolation import FOLDER
from tests.failover.machines import Machine, make_network
from tests.failover.services import FRONT_PORT, Services, provider_on
from tests.failover.shop import Shop, open_shop, selling
from tests.support.audit import Receipts
from tests.support.audit.receipts import merged
from ticketing_adapters.sql import engine_for
from ticketing_service.sandbox import RunningSandbox

_ENOUGH_SALES = 20
"""Before and after what happens: a gap between them would show."""


@frozen(kw_only=True)
class Round:
    """What one round saw; times in seconds.

    Attributes:
        stood_still: The longest time in which no purchase was answered.
        led_after: When another machine was the primary; None if none had to be.
        sold: How many purchases were answered with a ticket.
        problems: What the audit found, each in a sentence.
    """

    title: str
    takes: str
    stood_still: float
    led_after: float | None
    sold: int
    problems: list[str]


@define(kw_only=True)
class Place:
    """All machines, and what all buyers have learned so far."""

    cluster: Cluster
    services: Services
    provider: RunningSandbox
    engine: Engine
    rng: Random
    _receipts: Receipts = field(factory=Receipts, init=False)
    _rounds: int = field(default=0, init=False)
    _began: datetime = field(factory=lambda: datetime.now(UTC) - timedelta(minutes=1), init=False)

    def fail(self, fault: Fault) -> Round:
        """Let a fault happen to a machine while people buy."""
        led_after: list[float | None] = []

        def happen(shop: Shop) -> None:
            leader = self.cluster.leader()
            assert leader is not None
            victim = self.cluster.standby() if fault.at_standby else leader
            began = time.monotonic()
            fault.inflict(self.cluster, victim)
            role = "sync_standby" if fault.at_standby else "leader"
            replaced = self.cluster.wait_until_replaced(victim, role=role)
            led_after.append(None if fault.at_standby else replaced - began)
            self._wait_for_sales(shop)
            # An old primary comes back while the new one sells: this is where both could.
            fault.heal(self.cluster, victim)
            self.cluster.wait_until_whole()

        result = self._sell(happen, title=fault.title, takes=fault.takes)
        return evolve(result, led_after=led_after[0])

    def kill(self, times: int) -> Round:
        """Kill processes of the service again and again while people buy."""

        def happen(shop: Shop) -> None:
            for _ in range(times):
                self.services.kill_one(self.rng)
                shop.wait_for_sales(3)

        return self._sell(
            happen,
            title=f"processes of the service are killed, {times} times",
            takes="the other machine goes on; requests in flight at the killed process are lost",
        )

    def end(self) -> list[str]:
        """Stop the service, settle everything, and return what is wrong to the cent."""
        self.provider.sandbox.wait_for_webhooks(timeout=60)
        self.services.stop()
        shop = self._open_shop()
        return list(wrong_in_the_end(shop, self._receipts, since=self._began, rng=self.rng))

    @property
    def answers(self) -> int:
        """The number of answers that named a ticket, at a gate or elsewhere."""
        return len(self._receipts.shown) + len(self._receipts.told)

    def _sell(self, happen: Callable[[Shop], None], *, title: str, takes: str) -> Round:
        self._rounds += 1
        shop = self._open_shop()
        with selling(shop, name=f"buyer {self._rounds}.", rng=self.rng) as learned:
            shop.wait_for_sales(_ENOUGH_SALES)
            began = time.monotonic()
            happen(shop)
            self._wait_for_sales(shop)
            ended = time.monotonic()
        self._receipts = merged([self._receipts, learned.result()])
        return Round(
            title=title,
            takes=takes,
            stood_still=shop.stood_still(since=began, until=ended),
            led_after=None,
            sold=len(shop.sales),
            problems=list(wrong_meanwhile(self.engine, self._receipts)),
        )

    def _wait_for_sales(self, shop: Shop) -> None:
        # The control loses sales, and a service that notices it stops selling by itself.
        if self.cluster.synchronous:
            shop.wait_for_sales(_ENOUGH_SALES)

    def _open_shop(self) -> Shop:
        front = f"http://{self.services.front.address}:{FRONT_PORT}"
        return open_shop(front=front, provider=self.provider, engine=self.engine)


@contextmanager
def open_place(*, logs: Path, rng: Random, synchronous: bool) -> Iterator[Place]:
    """Make all machines and start what runs on them. Call it in a furnished isolation."""
    make_network()

    def machine(name: str, number: int) -> Machine:
        made = Machine(name=name, address=f"10.77.0.{number}", folder=FOLDER / name, logs=logs)
        made.plug_in()
        return made

    databases = [machine(f"db{number}", 10 + number) for number in (1, 2, 3)]
    apps = [machine(f"app{number}", 20 + number) for number in (1, 2)]
    front, stripe = machine("front", 30), machine("stripe", 40)
    cluster = Cluster(machines=databases, synchronous=synchronous)
    cluster.start()
    engine = engine_for(cluster.url)
    with provider_on(stripe, front=front) as provider:
        services = Services.install(
            front=front, machines=apps, stripe=provider.url, databases=cluster.addresses
        )
        yield Place(cluster=cluster, services=services, provider=provider, engine=engine, rng=rng)
        engine.dispose()
