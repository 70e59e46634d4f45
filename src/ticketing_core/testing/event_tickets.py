"""What organizers read about tickets in memory: a part of `InMemoryTickets`."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence

from ticketing_core.changes import HistoryEntry
from ticketing_core.query import TicketQuery
from ticketing_core.sums import SpansPage, spans_page
from ticketing_core.ticket import Ticket, TicketStatus

_ALL = 2**31


class InMemoryEventTickets(ABC):
    """Reads tickets of one event."""

    @abstractmethod
    def find(self, query: TicketQuery, *, before: int | None, limit: int) -> Sequence[Ticket]:
        """See `TicketRepository.find`."""

    @abstractmethod
    def history(self, ticket_id: int) -> Sequence[HistoryEntry]:
        """See `TicketRepository.history`."""

    def of_buyers(
        self,
        event_id: int,
        *,
        prefix: str,
        status: TicketStatus | None,
        after: tuple[str, int] | None,
        limit: int,
    ) -> Sequence[Ticket]:
        """See `EventTickets.of_buyers`."""
        query = TicketQuery(event_id=event_id, buyer_prefix=prefix, status=status)
        found = {(each.buyer, each.ticket_id): each for each in self._found(query)}
        return [found[key] for key in sorted(found) if after is None or key > after][:limit]

    def owing_of(self, event_id: int, *, after: int, limit: int) -> Sequence[Ticket]:
        """See `EventTickets.owing_of`."""
        query = TicketQuery(event_id=event_id, status=TicketStatus.REFUNDING)
        return self._found(query, after=after)[:limit]

    def disputed(self, event_id: int, *, after: int, limit: int) -> Sequence[Ticket]:
        """See `EventTickets.disputed`."""
        found = self._found(TicketQuery(event_id=event_id), after=after)
        return [each for each in found if each.disputed][:limit]

    def histories(self, ticket_ids: Collection[int]) -> Mapping[int, Sequence[HistoryEntry]]:
        """See `EventTickets.histories`."""
        found = {each: self.history(each) for each in ticket_ids}
        return {each: changes for each, changes in found.items() if changes}

    def sums_of(self, event_id: int, *, after: int, limit: int) -> SpansPage:
        """See `EventTickets.sums_of`."""
        return spans_page(self._found(TicketQuery(event_id=event_id), after=after), limit=limit)

    def _found(self, query: TicketQuery, *, after: int = 0) -> Sequence[Ticket]:
        """Return the tickets that meet the query, sorted by id."""
        found = self.find(query, before=None, limit=_ALL)[::-1]
        return [each for each in found if each.ticket_id > after]
