"""Why an event cannot be created or changed. Stores return some of these facts as values."""

from attrs import frozen

from ticketing_core.errors.root import TicketingError
from ticketing_core.money import Money


@frozen
class IdTaken(TicketingError):
    """Another event has this id.

    Attributes:
        event_id: The id that is taken.
    """

    event_id: int
    _text = "Event {self.event_id} already exists."


@frozen
class CapacityBelowKept(TicketingError):
    """The event cannot have fewer places than its tickets keep (`kept`)."""

    kept: int
    _text = "capacity must be at least {self.kept}: so many places are kept by tickets."


@frozen
class StaleVersion(TicketingError):
    """The event was changed since the caller has read it.

    Attributes:
        version: The present version.
        tickets: The number of tickets that cancelling would refund now; None if the call was not
            about cancelling.
        refund_total: The money that would go back for them; None as above.
    """

    version: int
    tickets: int | None = None
    refund_total: Money | None = None
    _text = "The event has changed meanwhile. Look at it again."
