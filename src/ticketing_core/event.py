"""The event: what is sold, at which price, to how many people, when, and where it takes place."""

from datetime import UTC, datetime, tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from attrs import Attribute, asdict, evolve, field, fields_dict, frozen
from attrs import validators as v

from ticketing_core.money import LARGEST_AMOUNT_MINOR, Money
from ticketing_core.validators import aware, one_line, positive, storable_text

DEFAULT_MAX_PER_ORDER = 10

LONGEST_NAME = 200
"""Characters of an event's name: short enough for a payment page and a table."""
LONGEST_VENUE = 200
"""Characters of a place's name and address on one line."""

ADDED = "added"
"""The reason of the first version in the history of an event."""


LARGEST_OWN_ID = 2**52
"""The largest id that an event can be given by its organizer: as many are left for those that get
the next free one."""

_NO_PLACES = frozenset({"Factory", "localtime"})
"""Of no place, or of another one on each machine. Browsers do not know them."""


@cache
def _time_zones() -> frozenset[str]:
    # Reading the list takes milliseconds. It changes only with the machine's packages. One without
    # any list knows UTC, too.
    return frozenset(available_timezones()) - _NO_PLACES | {"UTC"}


def zone_of(name: str) -> tzinfo:
    """Return a time zone by the name that an event has for it."""
    # A machine without a list of zones knows no `ZoneInfo("UTC")`.
    return UTC if name == "UTC" else ZoneInfo(name)


def _time_zone(_: object, attribute: "Attribute[str]", value: str) -> None:
    if value not in _time_zones():
        raise ValueError(
            f"{attribute.name} must be a time zone of the IANA database, such as Europe/Berlin"
        )


def _own_id(_: object, attribute: "Attribute[Any]", value: Any) -> None:
    if not isinstance(value, int) or not 1 <= value <= LARGEST_OWN_ID:
        raise ValueError(f"{attribute.name} must be a whole number from 1 to {LARGEST_OWN_ID}")


@frozen(kw_only=True)
class EventDraft:
    """An event before it is stored: what an organizer decides. All instants have a time zone.

    A name, a price and a number of places are enough::

        EventDraft(name="Concert", price=Money(2500, "usd"), capacity=500)

    Attributes:
        event_id: The id to store it with, at most `LARGEST_OWN_ID`; None for the next free one.
        name: What buyers read: one line in any script, at most 200 characters.
        price: The price of one place; zero makes the event free.
        capacity: How many places there are.
        opens_at: When the sale begins; None if it has begun.
        closes_at: The first instant at which nothing is sold any more; None for never.
        max_per_order: The most places on one ticket.
        max_per_buyer: The most places one buyer may keep at a time; None for no limit.
        starts_at: When it begins.
        ends_at: When it is over.
        doors_at: When people are let in. Gates show it and do not enforce it.
        venue: Where it is: one line, at most 200 characters.
        time_zone: In which its times are shown.

    Raises:
        ValueError: A value is outside the bounds above, or the times are in another order.
    """

    event_id: int | None = field(default=None, validator=v.optional(_own_id))
    name: str = field(validator=v.and_(storable_text, one_line, v.max_len(LONGEST_NAME)))
    price: Money = field(validator=v.instance_of(Money))
    capacity: int = field(validator=positive)
    opens_at: datetime | None = field(default=None, validator=aware)
    closes_at: datetime | None = field(default=None, validator=aware)
    max_per_order: int = field(default=DEFAULT_MAX_PER_ORDER, validator=positive)
    max_per_buyer: int | None = field(default=None, validator=v.optional(positive))
    starts_at: datetime | None = field(default=None, validator=aware)
    ends_at: datetime | None = field(default=None, validator=aware)
    doors_at: datetime | None = field(default=None, validator=aware)
    venue: str | None = field(
        default=None,
        validator=v.optional(v.and_(storable_text, one_line, v.max_len(LONGEST_VENUE))),
    )
    time_zone: str = field(default="UTC", validator=_time_zone)

    @price.validator
    def _chargeable(self, _: "Attribute[Money]", value: Money) -> None:
        if value.amount_minor > LARGEST_AMOUNT_MINOR:
            raise ValueError(f"price must be at most {LARGEST_AMOUNT_MINOR} minor units")
        if value.amount_minor % value.smallest_step:
            raise ValueError(f"price must be a multiple of {value.smallest_step} minor units")

    def __attrs_post_init__(self) -> None:
        for earlier, later, may_be_equal in _ORDER:
            first, second = getattr(self, earlier), getattr(self, later)
            if first is None or second is None or first < second:
                continue
            if first > second or not may_be_equal:
                than = "not be earlier" if may_be_equal else "be later"
                raise ValueError(f"{later} must {than} than {earlier}")
        zone = zone_of(self.time_zone)
        for name in _TIMES:
            _shown(name, getattr(self, name), zone)

    def event(self, event_id: int) -> "Event":
        """Return the event that this becomes."""
        terms = asdict(self, recurse=False) | {"event_id": event_id}
        return Event(version=1, kept=0, **terms)


_ORDER = (
    # Equal when a sale is closed that has never begun.
    ("opens_at", "closes_at", True),
    ("doors_at", "starts_at", True),
    ("starts_at", "ends_at", False),
    ("doors_at", "ends_at", False),
)

_TIMES = ("opens_at", "closes_at", "doors_at", "starts_at", "ends_at")


def _shown(name: str, instant: datetime | None, zone: tzinfo) -> None:
    """Check that the clocks of the zone can show an instant."""
    try:
        if instant is not None:
            instant.astimezone(zone)
    except OverflowError:
        raise ValueError(f"{name} must be in the years 1 to 9999 in {zone}") from None


TERMS = frozenset(fields_dict(EventDraft)) - {"event_id"}
"""What an organizer may change, except for the currency."""


@frozen(kw_only=True)
class Event:
    """A stored event. It is never deleted; only its sale ends.

    Attributes:
        event_id: The number that frontends use.
        version: Rises by one with each change by an organizer; 1 at first.
        kept: Places that tickets keep now; 0 <= kept <= capacity at every instant.
        cancelled_at: When it was cancelled for good; no place is held from then on.
        unwound_at: When all of its tickets had been voided or given up after that.

    The other attributes are those of `EventDraft`.
    """

    event_id: int
    version: int
    name: str
    price: Money
    capacity: int
    kept: int
    opens_at: datetime | None
    closes_at: datetime | None
    max_per_order: int
    max_per_buyer: int | None
    starts_at: datetime | None
    ends_at: datetime | None
    doors_at: datetime | None
    venue: str | None
    time_zone: str
    cancelled_at: datetime | None = None
    unwound_at: datetime | None = None

    @property
    def is_cancelled(self) -> bool:
        """Whether it does not take place."""
        return self.cancelled_at is not None

    @property
    def is_unwinding(self) -> bool:
        """Whether it was cancelled, and some of its tickets may still be valid."""
        return self.is_cancelled and self.unwound_at is None

    @property
    def places_left(self) -> int:
        """Places that no ticket kept when the event was read. Only `hold` decides."""
        return self.capacity - self.kept

    @property
    def is_free(self) -> bool:
        """Whether tickets are issued without a payment."""
        return self.price.is_zero

    @property
    def terms(self) -> dict[str, Any]:
        """What an organizer decides, by the names of the attributes of `EventDraft`."""
        return {name: getattr(self, name) for name in TERMS}

    def edited(self, **terms: Any) -> "Event":
        """Return the next version, with other terms.

        Raises:
            ValueError: A value is out of bounds, as in `EventDraft`, the currency is another, or a
                name is not one of `TERMS`.
        """
        for name in terms.keys() - TERMS:
            raise ValueError(f"{name} is nothing that can be changed")
        draft = EventDraft(**self.terms | terms)
        if draft.price.currency != self.price.currency:
            raise ValueError(f"price must stay in {self.price.currency}: sums are kept in it")
        return self._next(**terms)

    def closed(self, *, at: datetime) -> "Event":
        """Return the next version, of which nothing is sold from ``at`` on."""
        # Whatever the other terms are: an older program, or a machine with other time zones, may
        # have taken what would be refused here.
        return self._next(closes_at=max(at, self.opens_at or at))

    def cancelled(self, *, at: datetime) -> "Event":
        """Return the next version, cancelled."""
        return self._next(cancelled_at=at)

    def unwound(self, *, at: datetime) -> "Event":
        """Return the next version, in which all tickets are voided or given up."""
        return self._next(unwound_at=at)

    def _next(self, **changes: Any) -> "Event":
        return evolve(self, version=self.version + 1, **changes)


@frozen
class Edited:
    """The new version is stored, by this call or by an earlier one with the same arguments."""

    event: Event


@frozen
class EditedMeanwhile:
    """Another call changed the event first; nothing was written.

    Attributes:
        current: The event as it is now.
    """

    current: Event


@frozen(kw_only=True)
class EventHistoryEntry:
    """One change of an event, written in the same step as the change.

    Attributes:
        version: The event's version after it; 1 is its creation.
        at: When, by the clock of the process that changed it.
        why: What was changed, such as ``capacity 500 to 400``.
        by: Who changed it.
    """

    version: int
    at: datetime
    why: str
    by: str


@frozen
class Added:
    """The event is stored."""

    event: Event
