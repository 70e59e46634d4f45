"""What can happen to a machine of the database, and how it ends."""

import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from attrs import frozen

from tests.failover.cluster import Cluster
from tests.failover.machines import Machine

_POSTGRES = "postgres"

_NOTHING = bytes(2**16)

_BEHIND_SECONDS = 2.0
"""Some dozens of sales."""


@frozen(kw_only=True)
class Fault:
    """Something that happens to one machine.

    Attributes:
        title: What happens, for the table.
        takes: Where the time goes, for the table.
        inflict: Lets it happen.
        heal: Ends it, as an operator or time would.
        at_standby: Whether it happens to the synchronous standby instead of the primary.
    """

    title: str
    takes: str
    inflict: Callable[[Cluster, Machine], None]
    heal: Callable[[Cluster, Machine], None]
    at_standby: bool = False


def _kill(_: Cluster, machine: Machine) -> None:
    machine.signal(signal.SIGKILL, program=_POSTGRES)


def _freeze(_: Cluster, machine: Machine) -> None:
    machine.signal(signal.SIGSTOP, program=_POSTGRES)


def _freeze_all(_: Cluster, machine: Machine) -> None:
    machine.signal(signal.SIGSTOP)


def _thaw(_: Cluster, machine: Machine) -> None:
    machine.signal(signal.SIGCONT)


def _cut_off(_: Cluster, machine: Machine) -> None:
    machine.cut_off()


def _reconnect(_: Cluster, machine: Machine) -> None:
    machine.reconnect()


def _lose_power(_: Cluster, machine: Machine) -> None:
    machine.lose_power()


def _power_on(cluster: Cluster, machine: Machine) -> None:
    machine.reconnect()
    cluster.boot(machine)


def _fill_disk(_: Cluster, machine: Machine) -> None:
    with _ballast(machine).open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(_NOTHING)


def _empty_disk(_: Cluster, machine: Machine) -> None:
    _ballast(machine).unlink()


def _ballast(machine: Machine) -> Path:
    return machine.folder / "disk" / "ballast"


def _fall_behind(cluster: Cluster, machine: Machine) -> None:
    """Let no standby get what is sold last, then lose the primary for good."""
    for other in cluster.machines:
        if other != machine:
            _replication(machine, other, "add")
    time.sleep(_BEHIND_SECONDS)
    machine.lose_power()


def _catch_up(cluster: Cluster, machine: Machine) -> None:
    for other in cluster.machines:
        if other != machine:
            _replication(machine, other, "del")
    _power_on(cluster, machine)


def _replication(machine: Machine, to: Machine, change: str) -> None:
    blackhole = f"to {to.address} ipproto tcp sport 5432 blackhole"
    subprocess.run(["ip", "-n", machine.name, "rule", change, *blackhole.split()], check=True)


FAULTS: Mapping[str, Fault] = {
    "killed": Fault(
        title="PostgreSQL of the primary is killed",
        takes="Patroni looks every 2 s (loop_wait); promotion; HAProxy asks every second",
        inflict=_kill,
        # Patroni starts it again, as a standby.
        heal=lambda _cluster, _machine: None,
    ),
    "power": Fault(
        title="the primary's machine loses power",
        takes="its lock in etcd ends 8 to 10 s after its last sign (ttl); promotion",
        inflict=_lose_power,
        heal=_power_on,
    ),
    "cut": Fault(
        title="the primary's network is cut",
        takes="as above",
        inflict=_cut_off,
        heal=_reconnect,
    ),
    "frozen": Fault(
        title="PostgreSQL of the primary is frozen",
        takes="Patroni waits for its answer until the lock in etcd ends (ttl)",
        inflict=_freeze,
        heal=_thaw,
    ),
    "frozen-machine": Fault(
        title="the primary's machine is frozen",
        takes="as above; its frozen programs let the others wait for answers",
        inflict=_freeze_all,
        heal=_thaw,
    ),
    "full": Fault(
        title="the primary's disk is full",
        takes="PostgreSQL goes on until it needs a page, and ends at its next checkpoint",
        inflict=_fill_disk,
        heal=_empty_disk,
    ),
    "behind": Fault(
        title="replication stops for 2 s, then the primary loses power",
        takes="nothing is answered in these 2 s; then as at a loss of power",
        inflict=_fall_behind,
        heal=_catch_up,
    ),
    "standby": Fault(
        title="the network of the synchronous standby is cut",
        takes="the primary gives it up after 5 s (wal_sender_timeout) and takes the other",
        inflict=_cut_off,
        heal=_reconnect,
        at_standby=True,
    ),
}
