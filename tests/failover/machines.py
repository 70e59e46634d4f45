"""Machines on one network: each is a network namespace and the processes in it."""

import ctypes
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import TypeVar

from attrs import frozen

T = TypeVar("T")

NETWORK = "10.77.0.0/24"
_HERE = "10.77.0.1/24"
_BRIDGE = "switch"

_CLONE_NEWNET = 0x40000000
"""<linux/sched.h>"""

_GONE_SECONDS = 10.0


def make_network() -> None:
    """Make the switch that all machines are plugged into; the buyers are right beside it."""
    _ip("link", "add", _BRIDGE, "type", "bridge")
    _ip("addr", "add", _HERE, "dev", _BRIDGE)
    _ip("link", "set", _BRIDGE, "up")


@frozen(kw_only=True)
class Machine:
    """A machine.

    Attributes:
        folder: For what its processes write.
        logs: For their logs.
    """

    name: str
    address: str
    folder: Path
    logs: Path

    @property
    def inside(self) -> tuple[str, ...]:
        """The beginning of a command that runs on it."""
        return ("nsenter", f"--net=/run/netns/{self.name}", "--")

    def plug_in(self) -> None:
        """Make it, and connect it to the network."""
        _ip("netns", "add", self.name)
        _ip("link", "add", self._port, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        _ip("link", "set", self._port, "master", _BRIDGE, "up")
        _ip("-n", self.name, "addr", "add", f"{self.address}/24", "dev", "eth0")
        for interface in ("lo", "eth0"):
            _ip("-n", self.name, "link", "set", interface, "up")
        self.folder.mkdir()

    def start(
        self, *command: str, user: str = "root", environment: Mapping[str, str] | None = None
    ) -> None:
        """Start a program on it, which logs to a file of its name."""
        account = pwd.getpwnam(user)
        basics = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8"}
        # `nsenter` needs root, so it changes the user itself.
        become = ("setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}")
        with (self.logs / f"{self.name}-{Path(command[0]).name}.log").open("ab") as log:
            subprocess.Popen(
                [*self.inside, *become, "--clear-groups", "--", *command],
                env=basics | dict(environment or {}),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def processes(self, program: str | None = None) -> Sequence[int]:
        """Return the ids of its living processes, or of those that run this program."""
        listed = subprocess.run(
            ["ip", "netns", "pids", self.name], capture_output=True, text=True, check=True
        )
        ids = [int(line) for line in listed.stdout.split()]
        return sorted(pid for pid in ids if program is None or _program(pid) == program)

    def signal(self, number: signal.Signals, *, program: str | None = None) -> None:
        """Send a signal to all of its processes, or to those that run this program."""
        for pid in self.processes(program):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue

    def cut_off(self) -> None:
        """Pull its network cable: packets get lost without an error."""
        _ip("link", "set", self._port, "down")

    def reconnect(self) -> None:
        """Plug the cable in again."""
        _ip("link", "set", self._port, "up")

    def lose_power(self) -> None:
        """End all of its processes at once, without a word to those they are connected with."""
        self.cut_off()
        wait_until(self._is_dead, seconds=_GONE_SECONDS, what=f"{self.name} to be dead")

    def _is_dead(self) -> bool:
        self.signal(signal.SIGKILL)
        return not [pid for pid in self.processes() if not _is_zombie(pid)]

    @property
    def _port(self) -> str:
        return f"to-{self.name}"

    @contextmanager
    def lives_of(self, run: Callable[[Event, Callable[[T], None]], None]) -> Iterator[T]:
        """Run a function in a thread on this machine while the context lasts.

        The sockets and threads that it makes belong to the machine.

        Args:
            run: Gets an event that tells it to end, and a function for what it provides.
        """
        over, ready = Event(), Event()
        provided: list[T] = []

        def provide(value: T) -> None:
            provided.append(value)
            ready.set()

        def live() -> None:
            try:
                with Path(f"/run/netns/{self.name}").open() as namespace:
                    # Python has it as `os.setns` since 3.12. It moves this thread alone.
                    if ctypes.CDLL(None).setns(namespace.fileno(), _CLONE_NEWNET):
                        return
                run(over, provide)
            finally:
                ready.set()

        thread = Thread(target=live, name=self.name, daemon=True)
        thread.start()
        ready.wait()
        assert provided, f"nothing could be started on {self.name}"
        try:
            yield provided[0]
        finally:
            over.set()
            thread.join()


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Wait until something is so that can only be asked for.

    Raises:
        TimeoutError: It was not so in time.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited for {seconds:.0f} seconds for {what}")
        time.sleep(0.1)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def _program(pid: int) -> str | None:
    try:
        return Path(f"/proc/{pid}/exe").readlink().name
    except OSError:
        return None


def _is_zombie(pid: int) -> bool:
    # A zombie runs no program any more.
    return _program(pid) is None
