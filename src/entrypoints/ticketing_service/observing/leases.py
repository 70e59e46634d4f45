"""Leases that record in the metrics when this process held one."""

import time
from datetime import datetime, timedelta

from attrs import frozen

from ticketing_core.ports import Leases
from ticketing_service.observing.metrics import Metrics


@frozen
class ObservedLeases:
    """Acquires leases through ``leases``, and records when it succeeds."""

    leases: Leases
    metrics: Metrics

    def acquire(
        self,
        name: str,
        *,
        holder: str,
        now: datetime,
        lasting: timedelta,
        at_most: timedelta | None = None,
    ) -> bool:
        """See `Leases.acquire`."""
        has = self.leases.acquire(name, holder=holder, now=now, lasting=lasting, at_most=at_most)
        if has:
            # By the machine's clock, like all instants in Prometheus.
            self.metrics.job_led.labels(name).set(time.time())
        return has
