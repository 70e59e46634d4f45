"""PostgreSQL under Patroni and etcd on three machines, with the files from `deploy/`."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

import requests
from attrs import evolve, field, frozen

from tests.failover.isolation import postgres_programs
from tests.failover.machines import NETWORK, Machine, wait_until
from tests.support.postgres import PostgresUnavailable

DEPLOY = Path(__file__).parents[2] / "deploy"
_GUIDE = Path(__file__).parents[2] / "docs/failover.md"

PASSWORD = "known to the inside of a namespace alone"
URL_PASSWORD = PASSWORD.replace(" ", "%20")

OWNER_PASSWORD = "of-who-migrates"

_USER = "postgres"
"""The account that Debian's package makes. PostgreSQL refuses to run as root."""

DISK_MEGABYTES = 512
"""Of each database machine: room for the data, and for the log files of a run."""

START_SECONDS = 90.0
"""An initdb and two copies of the database, on a busy machine."""
_ASK_SECONDS = 1.0


def render(name: str, to: Path, values: Mapping[str, str]) -> Path:
    """Write a file of `deploy/` with its placeholders replaced, as `envsubst` does."""
    to.write_text(Template((DEPLOY / name).read_text()).substitute(values))
    return to


def _documented_roles() -> str:
    """Return what docs/failover.md says to make in the database."""
    [sql] = re.findall(r"```sql\n(.*?)```", _GUIDE.read_text(), re.DOTALL)
    return Template(sql).substitute(OWNER_PASSWORD=OWNER_PASSWORD, SERVICE_PASSWORD=PASSWORD)


@frozen(kw_only=True)
class Cluster:
    """The database.

    Attributes:
        synchronous: Whether a commit waits for a standby; False is the control.
        addresses: The placeholders of the machines' addresses.
    """

    machines: Sequence[Machine]
    synchronous: bool = True
    addresses: Mapping[str, str] = field(init=False)

    @addresses.default
    def _addresses_of(self) -> Mapping[str, str]:
        return {machine.name.upper(): machine.address for machine in self.machines}

    @property
    def url(self) -> str:
        """The database as an operator reaches it, without HAProxy: at whichever is the primary."""
        hosts = "&".join(f"host={machine.address}:5432" for machine in self.machines)
        return f"postgresql://ticketing:{URL_PASSWORD}@/ticketing?{hosts}"

    def start(self) -> None:
        """Start it for the first time, with an empty database for the service."""
        for machine in self.machines:
            self._install(machine)
            self.boot(machine)
        self.wait_until_whole()
        leader = self.leader()
        assert leader is not None
        subprocess.run(
            ["psql", "--quiet", "--host", leader.address, "--username", "postgres"],
            input="\\set ON_ERROR_STOP on\n" + _documented_roles(),
            env={**os.environ, "PGPASSWORD": PASSWORD},
            text=True,
            check=True,
        )

    def boot(self, machine: Machine) -> None:
        """Start what runs on a machine, as its init system does."""
        machine.start("etcd", "--config-file", str(machine.folder / "etcd.yml"))
        # The machine's own Python runs it, and knows nothing of this virtual environment.
        machine.start("/usr/bin/patroni", str(machine.folder / "patroni.yml"), user=_USER)

    def members(self) -> Sequence[Mapping[str, Any]]:
        """Return the members as one of the machines sees them; empty if none answers."""
        for machine in self.machines:
            try:
                answer = requests.get(
                    f"http://{machine.address}:8008/cluster", timeout=_ASK_SECONDS
                )
                members: Sequence[Mapping[str, Any]] = answer.json()["members"]
            except (requests.RequestException, KeyError):
                continue
            return members
        return []

    def leader(self) -> Machine | None:
        """Return the machine that says it is the primary, if any does."""
        for machine in self.machines:
            try:
                answer = requests.get(
                    f"http://{machine.address}:8008/primary", timeout=_ASK_SECONDS
                )
            except requests.RequestException:
                continue
            if answer.ok:
                return machine
        return None

    def standby(self) -> Machine:
        """Return the standby for which commits wait; without one, any of the standbys."""
        roles = {member["role"]: member["name"] for member in self.members()}
        name = roles.get("sync_standby") or roles["replica"]
        return next(machine for machine in self.machines if machine.name == name)

    def wait_until_whole(self) -> None:
        """Wait until all three machines do their part.

        Raises:
            TimeoutError: Some machine does not.
        """
        wait_until(self._is_whole, seconds=START_SECONDS, what="the whole cluster")

    def wait_until_replaced(self, machine: Machine, *, role: str) -> float:
        """Wait until the others see another machine in this role, and return when that was.

        Raises:
            TimeoutError: No other machine takes it.
        """
        others = [each for each in self.machines if each != machine]
        seen_by = evolve(self, machines=others)

        def is_replaced() -> bool:
            members = seen_by.members()
            return any(
                member["role"] == role and member["name"] != machine.name for member in members
            )

        wait_until(is_replaced, seconds=START_SECONDS, what=f"another {role} than {machine.name}")
        return time.monotonic()

    def _is_whole(self) -> bool:
        members = self.members()
        roles = sorted(member["role"] for member in members)
        standbys = ["replica", "sync_standby"] if self.synchronous else ["replica", "replica"]
        states = {member["state"] for member in members}
        behind = [member.get("lag") for member in members if member["role"] != "leader"]
        return (
            roles == ["leader", *standbys]
            and states <= {"running", "streaming"}
            and behind == [0, 0]
            and self.leader() is not None
        )

    def _install(self, machine: Machine) -> None:
        programs = postgres_programs()
        if programs is None:
            raise PostgresUnavailable("no PostgreSQL of Debian is installed")
        folder = machine.folder
        disk = folder / "disk"
        disk.mkdir()
        size = f"size={DISK_MEGABYTES}m"
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(disk)], check=True)
        values = {
            **self.addresses,
            "NAME": machine.name,
            "ADDRESS": machine.address,
            "NETWORK": NETWORK,
            "ETCD_DATA": str(folder / "etcd"),
            "PG_BIN": str(programs),
            "PG_DATA": str(disk / "data"),
            "PG_SOCKETS": str(folder),
            "PG_PASSFILE": str(folder / "pgpass"),
            "SUPERUSER_PASSWORD": PASSWORD,
            "REPLICATION_PASSWORD": PASSWORD,
            "REWIND_PASSWORD": PASSWORD,
        }
        render("etcd.yml", folder / "etcd.yml", values)
        written = render("patroni.yml", folder / "patroni.yml", values)
        if not self.synchronous:
            asynchronous = written.read_text().replace("synchronous_mode: true", _NOT_SYNCHRONOUS)
            assert _NOT_SYNCHRONOUS in asynchronous
            written.write_text(asynchronous)
        for path in (folder, disk, written):
            shutil.chown(path, _USER, _USER)


_NOT_SYNCHRONOUS = "synchronous_mode: false"
