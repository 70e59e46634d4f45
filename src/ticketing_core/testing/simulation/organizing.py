"""The organizer of a simulation, who changes and cancels the event, and the job that unwinds it."""

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from ticketing_core.errors import StaleVersion
from ticketing_core.event import Event
from ticketing_core.organizer import Organizer
from ticketing_core.testing.simulation.gates import AtTheGates

MOST_PAGES = 10
"""More pages than the tickets of a run can fill, even if each page has only one."""

MOST_LOOKS = 3
"""How often an organizer reads a changed event again before they give up."""


@frozen(kw_only=True)
class AtTheDesk(AtTheGates):
    """The moves of an organizer, who acts on what they have seen a moment ago."""

    _organizer: Organizer

    @property
    def organizer(self) -> Organizer:
        """The use cases, over scheduled ports, in a new process. See `Simulation.office`."""
        self.begin_process()
        return self._organizer

    @property
    def _is_restoring(self) -> bool:
        return self.world.installation.state().restoring_since is not None

    def edit(self, terms: Mapping[str, Any]) -> Event:
        """Change the event."""
        seen = self._seen()
        return self.organizer.change_event(
            seen.event_id, terms, version=seen.version, by="organizer"
        )

    def close_sale(self) -> Event:
        """Close the sale."""
        seen = self._seen()
        return self.organizer.close_sale(seen.event_id, version=seen.version, by="organizer")

    def cancel_event(self) -> Event:
        """Cancel the event, and try again if it or the sum has changed.

        Raises:
            StaleVersion: It has changed each time.
        """
        looks = MOST_LOOKS
        while True:
            seen = self._seen()
            sums = self.world.tickets.to_refund(seen.event_id)
            looks -= 1
            try:
                return self.organizer.cancel_event(
                    seen.event_id,
                    version=seen.version,
                    refund_total_minor=sums.amount_minor,
                    by="organizer",
                )
            except StaleVersion:
                if not looks:
                    raise

    def unwind(self, *, limit: int = 100) -> None:
        """Unwind what was cancelled, page by page, as the job does."""
        if not self._is_restoring:
            organizer = self.organizer
            for _ in range(MOST_PAGES):
                if organizer.unwind(limit=limit, by="settler") < limit:
                    return

    def unwind_if_cancelled(self) -> None:
        """Unwind, without a trace if there is nothing to do."""
        if self._seen().is_unwinding:
            self.unwind()

    def _seen(self) -> Event:
        event = self.world.events.latest(self.facts.event_id)
        if event is None:
            raise LookupError("the event of the run is not stored")
        return event
