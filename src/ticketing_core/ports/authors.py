"""The port to the authors of stored records. Its method is one atomic step, as in `repository`."""

from collections.abc import Mapping
from typing import Protocol

from ticketing_core.authored import Authored


class Authors(Protocol):
    """Stores who made each change of a ticket or an event, and each scan."""

    def rename(
        self, names: Mapping[str, str], *, of: Authored, after: int, limit: int
    ) -> int | None:
        """Rename authors in one page of records of one kind. Nothing else changes.

        Args:
            names: The new name of each author, by the whole text that is stored.
            of: The kind of record.
            after: What the previous call returned; 0 for the first page.
            limit: The number of records of a page, roughly.

        Returns:
            ``after`` for the next page; None at the end. Records that are written during the calls
            may be skipped.
        """
