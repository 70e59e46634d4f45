"""Broken variants that lose late money, mistake the time, or lose what a restore should keep."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from attrs import frozen

from tests.unit.broken_news import changed
from ticketing_core import BoxOffice, Ticket
from ticketing_core.testing import InMemoryTickets
from ticketing_core.use_cases.news import NewsRead


@frozen(kw_only=True)
class ReadsNoNews(BoxOffice):
    """Finds only what is due."""

    def read_news(self, *, checkouts_since: datetime) -> NewsRead:
        """See `BackOffice.read_news`."""
        del checkouts_since
        return NewsRead(pages=0, noted=0, strays=0, used_lists=False)


@frozen(kw_only=True)
class ComparesByAge(ReadsNoNews):
    """Compares all checkouts of a month in place of reading news."""

    def read_news(self, *, checkouts_since: datetime) -> NewsRead:
        """See `BackOffice.read_news`."""
        for _ in self.reconcile(since=self.clock.now() - timedelta(days=32)):
            pass
        return super().read_news(checkouts_since=checkouts_since)


@frozen(kw_only=True)
class TakesOurClock(BoxOffice):
    """Stores as the position when it has read the news, by its own clock."""

    def read_news(self, *, checkouts_since: datetime) -> NewsRead:
        """See `BackOffice.read_news`."""
        read = super().read_news(checkouts_since=checkouts_since)
        self.installation.move_news_position(self.clock.now())
        return read


def forgets_strays(**ports: Any) -> BoxOffice:
    """Return a box office that takes money without a ticket for somebody else's."""
    return changed(BoxOffice(**ports), "strays", "put", lambda *_: None)


class BelievesAnyLease(InMemoryTickets):
    """Waits for the end of a claim that a wrong clock has made, whenever that may be."""

    def claim_due(self, *, now: datetime, limit: int) -> Sequence[Ticket]:
        """See `TicketRepository.claim_due`."""
        later = {key: at for key, at in self._next_try_at.items() if at > now}
        for ticket_id in later:
            del self._next_try_at[ticket_id]
        claimed = super().claim_due(now=now, limit=limit)
        self._next_try_at.update(later)
        return claimed
