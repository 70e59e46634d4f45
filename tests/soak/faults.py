"""What disturbs the service while people buy, and when."""

import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import cycle
from random import Random
from urllib.parse import urlsplit

from attrs import define, field
from sqlalchemy import text

from tests.integration.chaos.people import CREATE
from tests.integration.chaos.site import disturb
from tests.soak.samples import unpaid_checkouts
from tests.soak.stage import Stage
from ticketing_service.sandbox import Delivery, SlowOutcome

_RESTARTS_END = 1 / 3
"""Part of the run after which no process is restarted any more. Memory is judged in the second
half, and a new process takes a while until everything has been used once. Where the restarts take
longer, as on a busy machine, the run does too."""
_RESTART_PARTS = 6
_RESTART_SECONDS = 60.0
"""Restarts come as often as that, and more often in a short run: there are always both kinds."""

_DISTURBANCE_PARTS = 20
_DISTURBANCE_SECONDS = 10.0
"""The same for everything else."""

_LOCKED_SECONDS = 2.0
"""Longer than any buyer's page would like to wait."""
_STALLED_CLIENTS = 20
"""At each process. They are answered 408 after five seconds."""

_LOCK = text("SELECT event_id FROM events WHERE event_id = :event_id FOR UPDATE")


@define(kw_only=True)
class Faults:
    """Lets things happen.

    Attributes:
        counted: How often each happened.
    """

    stage: Stage
    rng: Random
    counted: "Counter[str]" = field(factory=Counter)
    _stalled: list[socket.socket] = field(factory=list, init=False)

    def happen(self, seconds: float) -> None:
        """Let all of it happen again and again, for so long at least.

        The second half of that time begins when both processes are new and alone.
        """
        gap = min(_DISTURBANCE_SECONDS, seconds / _DISTURBANCE_PARTS)
        restart_gap = min(_RESTART_SECONDS, seconds / _RESTART_PARTS)
        restarts = list(self._restarts(int(seconds * _RESTARTS_END / restart_gap + 0.001)))
        disturbances = cycle([self._trouble_provider, self._lock_event, self._stall])
        restart_at = time.monotonic() + restart_gap
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            # The pace of the faults, not a synchronization: each may come at any moment.
            time.sleep(gap)
            self.stage.renew_events()
            self._let_banks_decide()
            next(disturbances)()
            if restarts and time.monotonic() >= restart_at:
                restart_at += restart_gap
                restarts.pop(0)()
            if restarts or self.stage.front.is_changing:
                end = max(end, time.monotonic() + seconds / 2)
        self.stage.site.sandbox.clear_faults()
        self._hang_up()

    def _restarts(self, count: int) -> Iterator[Callable[[], None]]:
        for number in range(count):
            yield self._kill if number % 2 == 0 else self._hand_over

    def _kill(self) -> None:
        self.stage.front.kill(0)
        self.counted["killed"] += 1

    def _hand_over(self) -> None:
        self.stage.front.hand_over(1)
        self.counted["handed over"] += 1

    def _trouble_provider(self) -> None:
        """Delays, errors and lost answers. Payments lose their webhooks besides."""
        disturb(self.stage.site.sandbox, rng=self.rng)
        self.counted["provider disturbed"] += 1

    def _lock_event(self) -> None:
        site = self.stage.site
        with site.engine.begin() as connection:
            connection.execute(_LOCK, {"event_id": self.rng.choice([site.hot, site.free])})
            time.sleep(_LOCKED_SECONDS)
        self.counted["event locked"] += 1

    def _stall(self) -> None:
        """Begin requests that never end. What an earlier stall has left is hung up."""
        self._hang_up()
        head = f"POST {CREATE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"
        for server in self.stage.front.serving:
            address = urlsplit(server.url)
            assert address.hostname is not None
            assert address.port is not None
            for _ in range(_STALLED_CLIENTS):
                client = socket.create_connection((address.hostname, address.port))
                client.sendall(f"{head}{{".encode())
                self._stalled.append(client)
        self.counted["clients stalled"] += len(self._stalled)

    def _hang_up(self) -> None:
        while self._stalled:
            self._stalled.pop().close()

    def _let_banks_decide(self) -> None:
        """End the bank debits that are under way, half of them without a word."""
        sandbox = self.stage.site.sandbox
        for checkout_id in unpaid_checkouts(self.stage.site.engine):
            charge = sandbox.charge(checkout_id)
            if charge is not None and charge.status == "pending":
                sandbox.end_slow_payment(
                    checkout_id,
                    self.rng.choice([*SlowOutcome]),
                    delivery=self.rng.choice([Delivery.ON_TIME, Delivery.LOST]),
                )
