"""The gate list: what a gate needs to know about tickets to decide offline."""

from collections.abc import Iterable, Sequence

from attrs import frozen

from ticketing_core.ticket import KEEPS_ALL_PLACES, Ticket


@frozen(kw_only=True)
class GateList:
    """The void tickets of an event, and the people who are inside.

    A ticket that is not in the list is good if its signature is genuine. So a ticket that was sold
    after the list was made gets in.

    Attributes:
        event_id: The event.
        void: The ids of the tickets that let nobody in, in ascending order.
        inside: The id and the number of people inside of each ticket that has any, by ascending id.
    """

    event_id: int
    void: Sequence[int]
    inside: Sequence[tuple[int, int]]

    @classmethod
    def of(cls, event_id: int, tickets: Iterable[Ticket]) -> "GateList":
        """Return the list for an event's tickets, which must be sorted by id."""
        all_tickets = list(tickets)
        return cls(
            event_id=event_id,
            void=[each.ticket_id for each in all_tickets if each.status not in KEEPS_ALL_PLACES],
            inside=[(each.ticket_id, each.inside) for each in all_tickets if each.inside],
        )
