"""Why a subscription cannot be added or changed."""

from attrs import frozen

from ticketing_core.errors.root import TicketingError
from ticketing_core.errors.ticket import NotFound


@frozen
class NameTaken(TicketingError):
    """Another subscription has this name.

    Attributes:
        name: The name that is taken.
    """

    name: str
    _text = "There is already a subscription {self.name}."


@frozen
class SubscriptionNotFound(NotFound):
    """No subscription has this name.

    Attributes:
        name: The name that no subscription has.
    """

    name: str
    _text = "There is no subscription {self.name}."
