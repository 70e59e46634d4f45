"""A scenario: what is on sale, what has happened before, and who acts at the same time."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

from attrs import field, frozen

from ticketing_core.event import DEFAULT_MAX_PER_ORDER, EventDraft
from ticketing_core.money import Money
from ticketing_core.testing.contracts.examples import PRICE, event_draft
from ticketing_core.testing.simulation.actions import Action
from ticketing_core.testing.simulation.choices import Bounds


def _read_only(actors: Mapping[str, Action]) -> Mapping[str, Action]:
    return MappingProxyType(dict(actors))


@frozen(kw_only=True)
class Scenario:
    """What a simulation runs.

    Attributes:
        name: The name that failures show.
        capacity: Places of the only event; with one place, all buyers compete for it.
        price: The price of one place.
        max_per_order: The most places of one order, and unpaid places of one buyer (`MOST_UNPAID`).
        before: What has happened before, one action after another, without mishaps.
        actors: Who acts at the same time, by name. Only their calls change the world: runs of equal
            calls are taken to end alike.
        time_passes: Spans of time, each of which passes at any moment.
        notifications: Whether the gateway delivers any; otherwise the jobs have to find everything.
        bounds: Limits the schedules of `explore`. By default every interleaving without a mishap is
            run, and each mishap of each call with at most two forced switches.
    """

    name: str
    capacity: int = 1
    price: Money = PRICE
    max_per_order: int = DEFAULT_MAX_PER_ORDER
    before: Sequence[Action] = ()
    actors: Mapping[str, Action] = field(converter=_read_only)
    time_passes: Sequence[timedelta] = ()
    notifications: bool = True
    bounds: Bounds = field(factory=Bounds)

    @property
    def event(self) -> EventDraft:
        """The event on sale."""
        return event_draft(
            price=self.price, capacity=self.capacity, max_per_order=self.max_per_order
        )
