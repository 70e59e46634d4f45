"""The job that unwinds cancelled events: their tickets become void, and settling refunds them."""

import logging
import os
from datetime import timedelta
from typing import ClassVar
from uuid import uuid4

from attrs import define, field

from ticketing_adapters.jobs.job import Job
from ticketing_core import Organizer

log = logging.getLogger(__name__)

PAGE = 200
"""Tickets changed at a time: two seconds of work at most, between which buyers get their turn."""

LEASE = timedelta(seconds=30)
"""Taken anew for each page. Two that unwind at once are safe, and only do the work twice."""


@define(kw_only=True, eq=False)
class Unwinder(Job):
    """Unwinds cancelled events. Each process looks for them; the one with the lease unwinds them.

    Attributes:
        organizer: Unwinds the events.
    """

    name: ClassVar = "unwind"
    pause: ClassVar = timedelta(seconds=1)
    longest_lease: ClassVar = LEASE

    organizer: Organizer
    _holder: str = field(factory=lambda: str(uuid4()), init=False)

    def run_once(self) -> None:
        """See `Job.run_once`. Each page needs the lease."""
        if not self.organizer.events.unwinding():
            return
        # A forked process has the same `_holder`.
        while self.acquire(f"{self._holder}/{os.getpid()}", lasting=LEASE):
            changed = self.organizer.unwind(limit=PAGE, by="settler")
            if changed:
                log.info("unwind: %d tickets of cancelled events are void or given up", changed)
            if changed < PAGE:
                return
