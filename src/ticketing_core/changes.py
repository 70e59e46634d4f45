"""Changes of a ticket: the outcomes of storing one, and its entry in the history."""

from datetime import datetime

from attrs import frozen

from ticketing_core.ticket import Ticket, TicketStatus


@frozen
class Replaced:
    """The new version is stored, by this call or by an earlier one with the same arguments."""

    ticket: Ticket


@frozen
class Stale:
    """Another call changed the ticket first; nothing was written.

    Attributes:
        current: The ticket as it is now, to decide on again.
    """

    current: Ticket


@frozen(kw_only=True)
class HistoryEntry:
    """One change of a ticket, written in the same step as the change.

    Attributes:
        version: The ticket's version after the change; 1 is the hold.
        status: Its status after the change.
        at: When it changed, by the clock of the process that changed it.
        why: What led to the change, such as ``payment seen``.
        by: Who made it, such as ``buyer`` or ``settler``.
    """

    version: int
    status: TicketStatus
    at: datetime
    why: str
    by: str
