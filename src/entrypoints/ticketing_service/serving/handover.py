"""Passes the listening sockets of a running `ticketing serve` to a new one on the same machine.

Both accept from the same queues, so no connection is lost while the new one starts. Linux only.
"""

import logging
import os
import re
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import active_children

from attrs import define, field, frozen

log = logging.getLogger(__name__)

PAUSE_SECONDS = 0.5
"""Between two tries to get the address that the process before still has."""

ANSWER_SECONDS = 5.0
"""For the running process to pass its sockets on, which it does at once unless another process is
taking over."""

START_SECONDS = 300.0
"""For a successor to start, which usually takes a few. Until then no other can take over."""

_SERVES = b"!"
_CREDENTIALS = struct.Struct("3i")
"""Process, user and group (unix(7), SO_PEERCRED)."""


MOST_LISTENERS = 250
"""The kernel passes on 253 files at a time (SCM_MAX_FD in unix(7))."""

_LONGEST_NOTE = 100
"""What comes with the sockets: a byte, since files alone cannot be sent, and an address."""


@frozen
class Predecessor:
    """A running `ticketing serve`.

    Attributes:
        listeners: The sockets on which it accepts, one for each worker.
        metrics: The address of its metrics, which becomes free when it ends; empty without one.
    """

    listeners: Sequence[socket.socket]
    metrics: str
    _control: socket.socket

    @classmethod
    def at(cls, host: str, port: int) -> "Predecessor | None":
        """Return the one of this user that serves there, if there is one.

        Raises:
            TimeoutError: It does not answer, since it hands over to another process.
        """
        control = socket.socket(socket.AF_UNIX)
        control.settimeout(ANSWER_SECONDS)
        try:
            control.connect(_address(host, port))
            if _is_ours(control):
                note, descriptors, *_ = socket.recv_fds(control, _LONGEST_NOTE, MOST_LISTENERS)
                listeners = [socket.socket(fileno=each) for each in descriptors]
                return cls(listeners, note[1:].decode(), control)
        except (TimeoutError, BlockingIOError):
            # The second: so many wait for it already that no more can connect.
            control.close()
            raise TimeoutError from None
        except OSError:
            pass
        control.close()
        return None

    def end(self) -> bool:
        """Tell it that its successor serves. It then ends.

        Returns:
            False if it has ended by itself, or does not wait for this successor any more.
        """
        with self._control:
            try:
                self._control.sendall(_SERVES)
            except OSError:
                return False
        return True


@define
class Listeners:
    """The listening sockets of all workers, which a new `ticketing serve` can take over.

    Made before the workers are forked. Each worker has its own, between which the kernel shares out
    connections evenly: from one socket the same worker would accept most of them. A new one listens
    just before its worker serves: what waits there earlier is lost if this process is killed.
    """

    host: str
    port: int
    workers: int
    metrics: str = ""
    predecessor: Predecessor | None = None
    sockets: Sequence[socket.socket] = field(init=False)
    _control: socket.socket = field(init=False)
    _started: tuple[int, int] = field(factory=os.pipe, init=False)

    def __attrs_post_init__(self) -> None:
        """Take the address."""
        self._control = socket.socket(socket.AF_UNIX)
        # A worker that outlives the main process must not keep the address.
        os.register_at_fork(after_in_child=self._control.close)
        given = self.predecessor.listeners if self.predecessor else ()
        missing = self.workers - len(given)
        self.sockets = [*given, *(_bound(self.host, self.port) for _ in range(missing))]

    def pass_on(self, *, idle_seconds: float) -> None:
        """Once all workers serve, tell systemd and end the predecessor; then wait for a successor.

        All of it happens in a thread.

        Args:
            idle_seconds: How long a connection may be idle. A successor that serves lets this
                process end after that.
        """
        # Workers inherit it: one that is just starting would die, and that ends the service.
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        threading.Thread(
            target=self._pass_on, args=(idle_seconds,), name="hand-over", daemon=True
        ).start()

    def started(self, listener: socket.socket, *, leave: Callable[[], object]) -> None:
        """Note that this worker serves.

        Args:
            listener: The socket on which it accepts.
            leave: Called in its main thread when it must not accept any more.
        """

        def stop_accepting(*_: object) -> None:
            _accept_nothing(listener.fileno())
            leave()

        signal.signal(signal.SIGUSR1, stop_accepting)
        os.write(self._started[1], b".")

    def _pass_on(self, idle_seconds: float) -> None:
        missing = self.workers
        while missing > 0:
            missing -= len(os.read(self._started[0], missing))
        is_awaited = self.predecessor is None or self.predecessor.end()
        if is_awaited:
            # Long before the predecessor ends: it closes its connections first.
            _tell_systemd()
        else:
            # If it has just died, the kernel frees its address in a moment.
            time.sleep(PAUSE_SECONDS)
        while not self._has_address():
            # The predecessor has not ended yet.
            if not is_awaited:
                log.error("starting took too long; the process before goes on, and this one ends")
                os.kill(os.getpid(), signal.SIGTERM)
                return
            time.sleep(PAUSE_SECONDS)
        while not self._is_taken():
            pass
        log.info("another process serves here now; this one ends in %d seconds", idle_seconds)
        for worker in active_children():
            # It may have just died.
            with suppress(ProcessLookupError):
                os.kill(worker.pid or 0, signal.SIGUSR1)
        # By then each client was told by an answer to open another connection, or its connection
        # was idle and is closed.
        time.sleep(idle_seconds)
        os.kill(os.getpid(), signal.SIGTERM)

    def _has_address(self) -> bool:
        try:
            self._control.bind(_address(self.host, self.port))
        except OSError:
            return False
        self._control.listen(1)
        return True

    def _is_taken(self) -> bool:
        try:
            with self._control.accept()[0] as successor:
                successor.settimeout(START_SECONDS)
                if not _is_ours(successor):
                    return False
                note = b"." + self.metrics.encode()
                socket.send_fds(successor, [note], [each.fileno() for each in self.sockets])
                # Empty if it could not start.
                return successor.recv(1) == _SERVES
        except OSError:
            # If no file is free, not again at once.
            time.sleep(PAUSE_SECONDS)
            return False


def _bound(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    # The second option lets several sockets, of one user, share out the port's connections.
    for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
        listener.setsockopt(socket.SOL_SOCKET, option, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.bind((host, port))
    return listener


def _accept_nothing(descriptor: int) -> None:
    """Let this process, but no other, accept nothing more from a shared socket.

    The server goes on accepting, from a socket to which nobody connects: a stop would close the
    connections that are idle now, and a request that is on its way on one of them would be lost.
    """
    nobody = socket.socket(socket.AF_UNIX)
    nobody.setblocking(False)
    # An address that the kernel chooses (unix(7), autobind).
    nobody.bind("")
    nobody.listen()
    os.dup2(nobody.fileno(), descriptor)
    nobody.close()


def _tell_systemd() -> None:
    """Say that this process serves, and that it is the main one of its unit (sd_notify(3)).

    It has to be known before the predecessor ends: with its main process the unit would end too.
    """
    address = os.environ.get("NOTIFY_SOCKET")
    if address is None:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices, suppress(OSError):
        # Nobody else needs the notice, so serving goes on if it does not arrive.
        notices.sendto(f"READY=1\nMAINPID={os.getpid()}".encode(), re.sub("^@", "\0", address))


def _address(host: str, port: int) -> str:
    # In the abstract namespace: no file is left behind.
    return f"\0ticketing-serve/{host}/{port}"


def _is_ours(peer: socket.socket) -> bool:
    """Return whether the other side is a process of this user; anybody may use the address."""
    sent = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    user: int = _CREDENTIALS.unpack(sent)[1]
    return user == os.geteuid()
