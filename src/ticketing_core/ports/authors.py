"""The port to the store of who did what. Its method is one atomic step, as in `repository`."""

from collections.abc import Mapping
from typing import Protocol

from ticketing_core.authored import Authored


class Authors(Protocol):
    """Knows who made each change of a ticket or an event, and each scan."""

    def rename(
        self, names: Mapping[str, str], *, of: Authored, after: int, limit: int
    ) -> int | None:
        """Give authors other names, in a page of one kind of record. Nothing else changes.

        Args:
            names: The new name of each author, by the whole text that is stored.
            of: Which records.
            after: What the call before returned; 0 for the first page.
            limit: About how many records a page has.

        Returns:
            Where to go on; None at the end. Records that are written meanwhile may be left out.
        """
