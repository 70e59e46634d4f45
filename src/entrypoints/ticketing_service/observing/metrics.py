"""The metrics of a process, with their names in Prometheus.

In the multiprocess mode of `prometheus_client` each process keeps its numbers in files of one
folder, and any of them can answer for all. Files of ended processes stay, so that no sum falls.
"""

import os
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from attrs import define, field

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which `prometheus_client` gets the folder; it is read at the first import."""

FAST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Buckets in seconds: from a cached answer to longer than any buyer waits."""
SLOW = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Buckets in seconds: a call of the provider takes 30 at most."""
SIZES = (1, 2, 5, 10, 20, 50, 100, 200)


@define(eq=False)
class Metrics:
    """Counters, and gauges that are read now and then. Safe to use from several threads.

    Counters and histograms are cached functions of their labels, because looking a label up costs
    as much as counting. Labels have few values: never a buyer, a ticket or an arbitrary path.
    """

    requests: Callable[..., "Counter"] = field(init=False)
    request_seconds: Callable[..., "Histogram"] = field(init=False)
    purchases: Callable[..., "Counter"] = field(init=False)
    refusals: Callable[..., "Counter"] = field(init=False)
    ticket_changes: Callable[..., "Counter"] = field(init=False)
    check_ins: Callable[..., "Counter"] = field(init=False)
    excess_people: Callable[..., "Counter"] = field(init=False)
    batch_size: Callable[..., "Histogram"] = field(init=False)
    gateway_calls: Callable[..., "Counter"] = field(init=False)
    gateway_seconds: Callable[..., "Histogram"] = field(init=False)
    job_led: "Gauge" = field(init=False)
    registry: "CollectorRegistry" = field(init=False)
    _now: "Gauge" = field(init=False)
    _watched: list[tuple["Gauge", Callable[[], float]]] = field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        # Imported only now, after the folder is set.
        from prometheus_client import (  # noqa: PLC0415 - as above
            CollectorRegistry,
            Counter,
            Gauge,
            Histogram,
        )

        if is_shared():
            from ticketing_service.observing.count_files import (  # noqa: PLC0415 - as above
                use_count_files,
            )

            use_count_files()
        # A registry of its own, because an application may be made twice in one process.
        ours = self.registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> Callable[..., Counter]:
            return cache(Counter(f"ticketing_{name}", text, labels, registry=ours).labels)

        def histogram(
            name: str, text: str, label: str, buckets: tuple[float, ...]
        ) -> Callable[..., Histogram]:
            made = Histogram(f"ticketing_{name}", text, [label], buckets=buckets, registry=ours)
            return cache(made.labels)

        self.requests = counter("requests", "Answered requests.", "route", "status")
        self.request_seconds = histogram(
            "request_seconds", "Time from a request to its answer.", "route", FAST
        )
        self.purchases = counter("purchases", "Calls that buy, by what came of them.", "outcome")
        self.refusals = counter("refusals", "Answers with a problem, by its code.", "code")
        self.ticket_changes = counter(
            "ticket_changes", "Tickets that got another status.", "status", "was"
        )
        self.check_ins = counter(
            "check_ins", "Scans, undos and synced entries at gates.", "act", "outcome"
        )
        self.excess_people = counter(
            "excess_people", "People inside without a right to a place.", "why"
        )
        self.batch_size = histogram(
            "batch_size", "Steps that share one transaction.", "step", SIZES
        )
        self.gateway_calls = counter(
            "gateway_calls", "Calls of the payment provider.", "operation", "outcome"
        )
        self.gateway_seconds = histogram(
            "gateway_seconds",
            "Time of such a call with its wait for a slot.",
            "operation",
            SLOW,
        )
        self.job_led = Gauge(
            "ticketing_job_led_timestamp_seconds",
            "When a process of this server last had the lease of a job.",
            # Not "job", which is Prometheus' own label.
            ["lease"],
            multiprocess_mode="max",
            registry=ours,
        )
        self._now = Gauge(
            "ticketing_now",
            "What a process has in use now, or has at most.",
            ["what"],
            multiprocess_mode="livesum",
            registry=ours,
        )

    def watch(self, what: str, read: Callable[[], float]) -> None:
        """Register a number that `sample` reads every few seconds."""
        self._watched.append((self._now.labels(what), read))

    def sample(self) -> None:
        """Read all watched numbers now."""
        for gauge, read in self._watched:
            gauge.set(read())


def is_shared() -> bool:
    """Return whether all processes of the server count together."""
    return bool(os.environ.get(FOLDER))
