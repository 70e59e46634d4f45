"""The gate list: what a gate has to know of an event's tickets to decide offline."""

from collections.abc import Iterable, Sequence

from attrs import frozen

from ticketing_core.ticket import KEEPS_ALL_PLACES, Ticket


@frozen(kw_only=True)
class GateList:
    """The tickets of an event that are void, and the people who are inside.

    A ticket that it does not name is good if its signature is. So one that was sold after the list
    was made gets in.

    Attributes:
        event_id: The event.
        void: The ids of tickets that let nobody in, in ascending order.
        inside: Ids and how many people are inside on them, where there are any, in the same order.
    """

    event_id: int
    void: Sequence[int]
    inside: Sequence[tuple[int, int]]

    @classmethod
    def of(cls, event_id: int, tickets: Iterable[Ticket]) -> "GateList":
        """Return the list of an event's tickets, which come in ascending order of their ids."""
        all_tickets = list(tickets)
        return cls(
            event_id=event_id,
            void=[each.ticket_id for each in all_tickets if each.status not in KEEPS_ALL_PLACES],
            inside=[(each.ticket_id, each.inside) for each in all_tickets if each.inside],
        )
