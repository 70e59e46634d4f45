"""Restarts the service again and again, now and then with another version of it."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click
from attrs import define, evolve, field

from tests.failover.shop import Shop, add_event
from tests.restarts.clients import Clients
from tests.restarts.versions import Version, migrate_to_next, migrate_to_present
from tests.support.ports import free_ports
from tests.support.postgres import running_postgres
from tests.support.server import WEBHOOK_PATH, WEBHOOK_SECRET, Server, running_server
from ticketing_adapters.sql import engine_for
from ticketing_service.sandbox import WebhookEndpoint, running_sandbox

VERSION_CHANGES = 10
"""In a long run: each tenth restart of a hundred brings another version."""

_ANSWERS_BETWEEN = 20
"""From one restart to the next. It takes seconds, in which there are many more."""

_RESTART_SECONDS = 120.0
"""A restart takes a few, and many times as long on a busy machine."""

_PRICE, _OTHER_PRICE = 2500, 1999
_FEW, _MANY = 40, 1_000_000
"""Places of an event that sells out, and of those that never do."""


@define(kw_only=True)
class Service:
    """The service, of which at each moment one process or two serve.

    Attributes:
        site: What people can reach: the service at one address, and the provider.
        clients: All that call the service.
        serving: The newest process.
        version: Which it has.
        migrations: How often the schema was migrated, in either direction.
        seconds: How long each restart took.
        problems: What went wrong with the processes, each in a sentence.
    """

    site: Shop
    clients: Clients
    serving: Server
    version: Version
    ends: ExitStack
    migrations: int = 0
    seconds: list[float] = field(factory=list)
    problems: list[str] = field(factory=list)

    def restart(self, times: int, *, hand_over: bool) -> None:
        """Restart so many times; in the second half with a worker more.

        Args:
            times: How often.
            hand_over: Whether the new process takes over from the old one, or comes after it.
        """
        every = max(1, times // VERSION_CHANGES)
        for number in range(1, times + 1):
            before = self.clients.total
            _wait(lambda before=before: self.clients.total >= before + _ANSWERS_BETWEEN)  # type: ignore[misc]
            workers = 1 if number <= times / 2 else 2
            began = time.monotonic()
            if hand_over and number % every == 0:
                self._change_version(workers)
            elif hand_over:
                self._hand_over(workers)
            else:
                self.serving.stop()
                self.serving.start()
            self.seconds.append(time.monotonic() - began)
            click.echo(f"{number} of {times}: {self.seconds[-1]:.1f} s", err=True)

    def _change_version(self, workers: int) -> None:
        """Update as docs/deploy.md says, or go back: the older version runs on the newer schema."""
        engine, folder = self.site.engine, self.version.folder
        back = self.version.is_next
        if not back:
            migrate_to_next(engine, folder)
        self.version = evolve(self.version, is_next=not back)
        self._hand_over(workers)
        if back:
            # Nobody has to; but this way the next update migrates, too.
            migrate_to_present(engine, folder)
        self.migrations += 1

    def _hand_over(self, workers: int) -> None:
        old = self.serving
        new = evolve(old, workers=workers, program=[*self.version.program, "--take-over"])
        self.ends.callback(new.kill_all)
        self.serving = new
        # The old one answers meanwhile, so this returns early.
        new.start()
        _wait(lambda: old.has_ended() or new.has_ended())
        if new.has_ended():
            self.problems.append(f"a new process has ended by itself: {new.log()[-2000:]}")
            self.serving = old
        elif left := old.processes():
            self.problems.append(f"the processes {left} have outlived their main process")


@contextmanager
def open_service(folder: Path, *, sqlite: bool) -> Iterator[Service]:
    """Start everything; at the end all of it is gone.

    Args:
        folder: For the log, and the migrations of the next version.
        sqlite: Sell from a file in the folder instead of PostgreSQL.
    """
    port, metrics_port = free_ports(2)
    webhook = WebhookEndpoint(f"http://127.0.0.1:{port}{WEBHOOK_PATH}", WEBHOOK_SECRET)
    versions = folder / "versions"
    versions.mkdir(exist_ok=True)
    version = Version(is_next=False, folder=versions)
    with ExitStack() as ends:
        if sqlite:
            url = f"sqlite:///{folder / 'ticketing.db'}"
        else:
            postgres = ends.enter_context(running_postgres())
            url = postgres.create_database()
            ends.callback(postgres.drop_database, url)
        provider = ends.enter_context(running_sandbox(webhook=webhook))
        first = ends.enter_context(
            running_server(
                folder=folder,
                database_url=url,
                port=port,
                program=version.program,
                STRIPE_API_BASE=provider.url,
                STRIPE_SLOW_METHODS="on",
                HOLD_MINUTES="1",
                METRICS_PORT=str(metrics_port),
            )
        )
        engine = engine_for(url)
        ends.callback(engine.dispose)
        clients = Clients(url=first.url, environment={}, folder=folder)
        site = Shop(
            server=clients,
            sandbox=provider.sandbox,
            sandbox_url=provider.url,
            engine=engine,
            hot=add_event(engine, price=_PRICE, capacity=_FEW),
            large=add_event(engine, price=_OTHER_PRICE, capacity=_MANY),
            free=add_event(engine, price=0, capacity=_MANY),
        )
        yield Service(site=site, clients=clients, serving=first, version=version, ends=ends)


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _RESTART_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "a restart does not end"
        time.sleep(0.02)
