"""All that runs: two processes of the service over one PostgreSQL, and the payment provider."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random

from attrs import define, evolve

from tests.failover.shop import Shop, add_event
from tests.soak.front import Front
from tests.support.ports import free_ports
from tests.support.postgres import running_postgres
from tests.support.server import SERVE, WEBHOOK_PATH, WEBHOOK_SECRET, Server, running_server
from ticketing_adapters.sql import engine_for
from ticketing_service.sandbox import WebhookEndpoint, running_sandbox

_PRICE, _OTHER_PRICE = 2500, 1999
_FEW, _MANY = 40, 1_000_000
"""Places of an event that sells out within seconds, and of one that never does."""

_RETRY_PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Of webhooks: they reach beyond a restart, and a run does not wait for days."""
_LATE_SECONDS = 2.0


@define(kw_only=True)
class Stage:
    """What people can reach now.

    Attributes:
        front: The service.
        site: The provider, and the events that are on sale now; all share what is in it besides.
    """

    front: Front
    site: Shop

    def renew_events(self) -> None:
        """Put new events on sale in place of those that sell out."""
        engine = self.site.engine
        self.site = evolve(
            self.site,
            hot=add_event(engine, price=_PRICE, capacity=_FEW),
            free=add_event(engine, price=0, capacity=_FEW),
        )


@contextmanager
def open_stage(folder: Path, *, rng: Random, program: Sequence[str] = SERVE) -> Iterator[Stage]:
    """Start everything; at the end all of it is gone.

    Args:
        folder: For the logs of both processes.
        rng: Chooses the process of each call.
        program: Runs in place of `ticketing serve`.
    """
    ports = free_ports(2)
    taking_over = [*program, "--take-over"]
    webhook = WebhookEndpoint(f"http://127.0.0.1:{ports[0]}{WEBHOOK_PATH}", WEBHOOK_SECRET)
    with ExitStack() as ends:
        postgres = ends.enter_context(running_postgres())
        url = postgres.create_database()
        ends.callback(postgres.drop_database, url)
        provider = ends.enter_context(
            running_sandbox(webhook=webhook, retry_pauses=_RETRY_PAUSES, late_seconds=_LATE_SECONDS)
        )
        first = ends.enter_context(
            running_server(
                folder=folder,
                database_url=url,
                port=ports[0],
                program=taking_over,
                STRIPE_API_BASE=provider.url,
                STRIPE_SLOW_METHODS="on",
                HOLD_MINUTES="1",
            )
        )
        other_folder = folder / "other"
        other_folder.mkdir()
        other = Server(
            url=f"http://127.0.0.1:{ports[1]}",
            environment=first.environment,
            folder=other_folder,
            program=taking_over,
        )
        front = Front(serving=[first, other], rng=rng)
        ends.callback(front.stop)
        other.start()
        engine = engine_for(url)
        ends.callback(engine.dispose)
        site = Shop(
            server=front,
            sandbox=provider.sandbox,
            sandbox_url=provider.url,
            engine=engine,
            hot=add_event(engine, price=_PRICE, capacity=_FEW),
            large=add_event(engine, price=_OTHER_PRICE, capacity=_MANY),
            free=add_event(engine, price=0, capacity=_FEW),
        )
        yield Stage(front=front, site=site)
