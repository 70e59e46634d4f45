"""Changes of a ticket: how storing one ends, and what is kept of each."""

from datetime import datetime

from attrs import frozen

from ticketing_core.ticket import Ticket, TicketStatus


@frozen
class Replaced:
    """The new version is stored, by this call or by an earlier one with the same arguments."""

    ticket: Ticket


@frozen
class Stale:
    """The ticket was changed by somebody else first; nothing was written.

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
