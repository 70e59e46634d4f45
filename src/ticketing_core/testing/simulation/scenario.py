"""A scenario: what is on sale, what has happened, and who comes to the desk at the same time."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

from attrs import field, frozen

from ticketing_core.event import EventDraft
from ticketing_core.money import Money
from ticketing_core.testing.simulation.desk import Act

PRICE = Money(2500, "usd")
FREE = Money(0, "usd")


def _read_only(actors: Mapping[str, Act]) -> Mapping[str, Act]:
    return MappingProxyType(dict(actors))


@frozen(kw_only=True)
class Scenario:
    """What is played.

    Attributes:
        name: What failures call it.
        capacity: Places of the only event; one place makes everybody want the same.
        price: The price of one place.
        before: What has happened before, one after the other, without any mishap.
        actors: Who acts at the same time, by name.
        time_passes: Spells of time, each of which passes at any moment.
    """

    name: str
    capacity: int = 1
    price: Money = PRICE
    before: Sequence[Act] = ()
    actors: Mapping[str, Act] = field(converter=_read_only)
    time_passes: Sequence[timedelta] = ()

    @property
    def event(self) -> EventDraft:
        """What is put on sale."""
        return EventDraft(name="Concert", price=self.price, capacity=self.capacity)
