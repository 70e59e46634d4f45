"""The figures of the database as metrics, cached and read when Prometheus asks."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from ticketing_core.errors import StoreUnavailable

if TYPE_CHECKING:
    from prometheus_client import Metric

log = logging.getLogger(__name__)

MAX_AGE_SECONDS = 5.0
"""Prometheus asks every 15 seconds or less often. Faster scrapes do not reach the database."""

PATIENCE_SECONDS = 3.0
"""Prometheus gives up after 10 seconds (`scrape_timeout`). It needs the other metrics most of all
when the database does not answer."""

FIGURES: Mapping[str, str] = MappingProxyType(
    {
        "unpaid_tickets": "Tickets that keep places and are not paid, 10,000 at most.",
        "late_tickets": "Those of them whose hold is over, and which wait to be settled.",
        "looks_due": "Payments of which news has come, and which wait to be looked at.",
        "oldest_paid_unissued_seconds": "How long an order that may be paid waits to be settled.",
        "refunds_owed": "Tickets whose refund is owed, 10,000 at most.",
        "oldest_refund_owed_seconds": "How long the oldest of them is owed.",
        "refunds_waiting_for_person": "Those of them that nobody makes until a person decides.",
        "strays": "Checkouts without a ticket that a person has to settle.",
        "event_places": "Places of an event that is selling.",
        "event_places_kept": "Those of them that tickets keep.",
        "event_places_sold": "Those of them that are kept by tickets which are paid or free.",
        "news_age_seconds": "How long ago the provider's news was read.",
        "restoring": "1 while a restore is not finished, so that nothing is sold or settled.",
        "lease_seconds_left": "How long a process still has the lease of a job; 0 if none has it.",
        "pace_ahead_seconds": "How far ahead the next free slot for a call of the provider is.",
        "oldest_undelivered_message_seconds": "How long the oldest message waits for a subscriber.",
        "abandoned_messages": "Messages that subscribers refused for too long, of seven days.",
    }
)
"""The names of the figures, and their help texts."""

_UP = "ticketing_database_up"


class Figure(Protocol):
    """A number with its name and labels."""

    @property
    def name(self) -> str:
        """One of `FIGURES`."""

    @property
    def value(self) -> float:
        """The number."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels."""


class FigureCollector:
    """Collects the figures for a registry of `prometheus_client`.

    Args:
        read: Returns the figures. It may wait for the database.
        patience: How many seconds a scrape waits for them.
    """

    def __init__(
        self, read: Callable[[], Sequence[Figure]], *, patience: float = PATIENCE_SECONDS
    ) -> None:
        self._read = read
        self._patience = patience
        self._lock = threading.Lock()
        self._reading: threading.Thread | None = None
        self._found: Sequence[Figure] | None = None
        self._found_at = float("-inf")

    def collect(self) -> Iterable["Metric"]:
        """Yield whether the database is up, and the figures if it is."""
        from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 - see `metrics`

        found = self._figures()
        up = float(found is not None)
        yield GaugeMetricFamily(_UP, "Whether the database has answered this scrape.", up)
        families: dict[str, GaugeMetricFamily] = {}
        for figure in found or ():
            family = families.setdefault(
                figure.name,
                GaugeMetricFamily(
                    f"ticketing_{figure.name}", FIGURES[figure.name], labels=[*figure.labels]
                ),
            )
            family.add_metric([*figure.labels.values()], figure.value)
        yield from families.values()

    def describe(self) -> Iterator["Metric"]:
        """Yield nothing: registering the collector must not read the database."""
        yield from ()

    def _figures(self) -> Sequence[Figure] | None:
        with self._lock:
            if time.monotonic() - self._found_at < MAX_AGE_SECONDS:
                return self._found
            # If a thread still reads, wait for it again, so that there is never more than one.
            if self._reading is None or not self._reading.is_alive():
                self._reading = threading.Thread(
                    target=self._read_once, name="figures", daemon=True
                )
                self._reading.start()
            self._reading.join(self._patience)
            return self._found if time.monotonic() - self._found_at < MAX_AGE_SECONDS else None

    def _read_once(self) -> None:
        try:
            found = self._read()
        except StoreUnavailable as error:
            log.warning("the figures of the database cannot be read: %s", error.reason)
        else:
            self._found, self._found_at = found, time.monotonic()
