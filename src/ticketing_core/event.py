"""The event: what is sold, at which price, to how many, and when."""

from datetime import datetime

from attrs import Attribute, field, frozen
from attrs import validators as v

from ticketing_core.money import LARGEST_AMOUNT_MINOR, Money
from ticketing_core.validators import aware, one_line, positive, storable_text, valid_id

DEFAULT_MAX_PER_ORDER = 10

LONGEST_NAME = 200
"""Characters of an event's name: short enough for a payment page and a table."""


@frozen(kw_only=True)
class EventDraft:
    """An event before it is stored.

    Attributes:
        event_id: The id to store it with, or None for the next free one.
        name: What buyers read: one line in any script, at most 200 characters.
        price: The price of one place; zero makes the event free.
        capacity: How many places there are.
        opens_at: When the sale begins; None if it has begun.
        closes_at: The first instant at which nothing is sold any more; None for never.
        max_per_order: The most places on one ticket.
        max_per_buyer: The most places one buyer may keep at a time; None for no limit.

    Raises:
        ValueError: A value is outside the bounds above.
    """

    event_id: int | None = field(default=None, validator=v.optional(valid_id))
    name: str = field(validator=v.and_(storable_text, one_line, v.max_len(LONGEST_NAME)))
    price: Money = field(validator=v.instance_of(Money))
    capacity: int = field(validator=positive)
    opens_at: datetime | None = field(default=None, validator=aware)
    closes_at: datetime | None = field(default=None, validator=aware)
    max_per_order: int = field(default=DEFAULT_MAX_PER_ORDER, validator=positive)
    max_per_buyer: int | None = field(default=None, validator=v.optional(positive))

    @price.validator
    def _chargeable(self, _: "Attribute[Money]", value: Money) -> None:
        if value.amount_minor > LARGEST_AMOUNT_MINOR:
            raise ValueError(f"price must be at most {LARGEST_AMOUNT_MINOR} minor units")

    @closes_at.validator
    def _after_opening(self, _: "Attribute[datetime]", value: datetime | None) -> None:
        if value is not None and self.opens_at is not None and value <= self.opens_at:
            raise ValueError("closes_at must be later than opens_at")


@frozen(kw_only=True)
class Event:
    """A stored event. It is never deleted; only its sale ends.

    Attributes:
        event_id: The number that frontends use.
        kept: Places that tickets keep now; 0 <= kept <= capacity at every instant.

    The other attributes are those of `EventDraft`.
    """

    event_id: int
    name: str
    price: Money
    capacity: int
    kept: int
    opens_at: datetime | None
    closes_at: datetime | None
    max_per_order: int
    max_per_buyer: int | None

    @property
    def places_left(self) -> int:
        """Places that no ticket kept when the event was read. Only `hold` decides."""
        return self.capacity - self.kept

    @property
    def is_free(self) -> bool:
        """Whether tickets are issued without a payment."""
        return self.price.is_zero


@frozen
class Added:
    """The event is stored."""

    event: Event


@frozen
class IdTaken:
    """Another event has this id."""

    event_id: int
