"""The authors of stored records in memory, for tests and demonstrations."""

from collections.abc import Callable, Mapping

from ticketing_core.authored import Authored
from ticketing_core.testing.admissions import InMemoryAdmissions
from ticketing_core.testing.events import InMemoryEvents
from ticketing_core.testing.store import InMemoryTickets


class InMemoryAuthors:
    """Renames the authors in the three other stores. All records are one page."""

    def __init__(
        self, events: InMemoryEvents, tickets: InMemoryTickets, admissions: InMemoryAdmissions
    ) -> None:
        self._lock = events.lock
        self._rename: Mapping[Authored, Callable[[Mapping[str, str]], None]] = {
            Authored.TICKET_CHANGES: tickets.rename_authors,
            Authored.EVENT_CHANGES: events.rename_authors,
            Authored.SCANS: admissions.rename_authors,
        }

    def rename(
        self, names: Mapping[str, str], *, of: Authored, after: int, limit: int
    ) -> int | None:
        """See `Authors.rename`."""
        del after, limit
        with self._lock:
            self._rename[of](names)
        return None
