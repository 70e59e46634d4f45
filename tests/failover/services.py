"""Two service machines behind HAProxy, and the payment provider, each a machine of its own."""

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from random import Random
from threading import Event

from attrs import frozen

from tests.failover.cluster import OWNER_PASSWORD, START_SECONDS, URL_PASSWORD, render
from tests.failover.machines import Machine, wait_until
from tests.support.server import SECRET, SERVE, TICKETING, WEBHOOK_PATH, WEBHOOK_SECRET, Server
from ticketing_adapters.jws_admission import SigningKey
from ticketing_service.sandbox import RunningSandbox, WebhookEndpoint, running_sandbox

FRONT_PORT = 80
_DATABASE_URL = f"postgresql://ticketing:{URL_PASSWORD}@127.0.0.1:5432/ticketing"
_OWNERS_URL = f"postgresql://ticketing_owner:{OWNER_PASSWORD}@127.0.0.1:5432/ticketing"
_ONLY_PRIMARY = "target_session_attrs=read-write&connect_timeout=2"

_WORKERS = 2
_THREADS = 16
"""Enough for all buyers of a run, on each machine alone."""

_RETRY_PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 10.0)
"""Of webhooks: they reach beyond a failover, and a run does not wait for days."""


@frozen(kw_only=True)
class Services:
    """The service machines, and HAProxy in front of them."""

    front: Machine
    machines: Sequence[Machine]
    servers: Sequence[Server]

    @classmethod
    def install(
        cls,
        *,
        front: Machine,
        machines: Sequence[Machine],
        stripe: str,
        databases: Mapping[str, str],
    ) -> "Services":
        """Start all of it. The database must be there, and empty."""
        key = front.folder / "signing.pem"
        SigningKey.generate().save_new(key)
        environment = _environment(signing_key_file=str(key), stripe=stripe)
        servers = []
        for machine in machines:
            database = render("haproxy-database.cfg", machine.folder / "haproxy.cfg", databases)
            machine.start("haproxy", "-db", "-f", str(database))
            folder = machine.logs / machine.name
            folder.mkdir()
            server = Server(
                url=f"http://{machine.address}:8000",
                environment=environment,
                folder=folder,
                workers=_WORKERS,
                threads=_THREADS,
                program=(*machine.inside, *SERVE, "--host", machine.address),
            )
            servers.append(server)
        for machine in machines:
            wait_until(
                partial(_reaches_primary, machine, standbys=len(databases) - 1),
                seconds=START_SECONDS,
                what=f"the primary, seen from {machine.name}",
            )
        _migrate(machines[0], environment)
        values = {
            "FRONT": front.address,
            "FRONT_PORT": str(FRONT_PORT),
            **{machine.name.upper(): machine.address for machine in machines},
        }
        rendered = render("haproxy-service.cfg", front.folder / "haproxy.cfg", values)
        front.start("haproxy", "-db", "-f", str(rendered))
        services = cls(front=front, machines=machines, servers=servers)
        for server in servers:
            server.start()
        return services

    def kill_one(self, rng: Random) -> None:
        """Kill some process of a service machine, and start again what its init system would."""
        server = rng.choice(self.servers)
        kill: Callable[[], None] = rng.choice(
            [server.kill_worker, server.kill_worker, server.kill_main, server.kill_all]
        )
        kill()
        if kill != server.kill_worker:
            # Workers that lost their main process would end by themselves within a minute.
            server.kill_all()
            server.start()

    def stop(self) -> None:
        """Stop the service as an operator does."""
        for server in self.servers:
            server.stop()


@contextmanager
def provider_on(machine: Machine, *, front: Machine) -> Iterator[RunningSandbox]:
    """Run the sandbox on a machine; it reports to the service at `front`."""
    webhook = WebhookEndpoint(f"http://{front.address}:{FRONT_PORT}{WEBHOOK_PATH}", WEBHOOK_SECRET)

    def live(over: Event, provide: Callable[[RunningSandbox], None]) -> None:
        with running_sandbox(
            host=machine.address, webhook=webhook, retry_pauses=_RETRY_PAUSES, late_seconds=2.0
        ) as running:
            provide(running)
            over.wait()

    with machine.lives_of(live) as running:
        yield running


def _environment(*, signing_key_file: str, stripe: str) -> Mapping[str, str]:
    variables = {
        "DATABASE_URL": _DATABASE_URL,
        "JWT_SECRET": SECRET,
        "SIGNING_KEY_FILE": signing_key_file,
        "STRIPE_SECRET_KEY": "sk_test_any",
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "STRIPE_API_BASE": stripe,
        "STRIPE_SLOW_METHODS": "on",
        "HOLD_MINUTES": "1",
    }
    return {
        "PATH": os.environ["PATH"],
        **{f"TICKETING_{name}": value for name, value in variables.items()},
    }


def _reaches_primary(machine: Machine, *, standbys: int) -> bool:
    """Return whether HAProxy has checked all databases; until then it takes each for the primary.

    It tries them in turn.
    """
    command = [*machine.inside, "psql", "--command", "SELECT", f"{_OWNERS_URL}?{_ONLY_PRIMARY}"]
    asked = (subprocess.run(command, capture_output=True, check=False) for _ in range(standbys + 1))
    return all(each.returncode == 0 for each in asked)


def _migrate(machine: Machine, environment: Mapping[str, str]) -> None:
    migrated = subprocess.run(
        [*machine.inside, *TICKETING, "migrate"],
        env={**environment, "TICKETING_DATABASE_URL": _OWNERS_URL},
        cwd=machine.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert migrated.returncode == 0, migrated.stderr
