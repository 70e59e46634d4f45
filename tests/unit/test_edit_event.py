"""Organizers create events, change them, close their sale, and cancel them."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from tests.unit.box_offices import BUYER, World
from ticketing_core import Event, Money, Organizer, TicketStatus
from ticketing_core.errors import (
    CapacityBelowKept,
    EventCancelled,
    EventNotFound,
    IdTaken,
    NotYourEvent,
    SaleClosed,
    StaleVersion,
    TotalTooLarge,
    TotalTooSmall,
)
from ticketing_core.event import LARGEST_OWN_ID
from ticketing_core.testing.contracts.examples import event_draft
from ticketing_core.validators import LARGEST_ID

BY = "organizer 7"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def world() -> World:
    """Return a box office without events."""
    return World()


@pytest.fixture
def organizer(world: World) -> Organizer:
    """Return the organizer of the same store."""
    return Organizer(
        events=world.events, tickets=world.tickets, gateway=world.gateway, clock=world.clock
    )


def cancelled(organizer: Organizer, event: Event) -> Event:
    """Cancel an event as the board does: close the sale, look, confirm."""
    closed = organizer.close_sale(event.event_id, version=event.version, by=BY)
    preview = organizer.preview_cancellation(event.event_id)
    return organizer.cancel_event(
        event.event_id,
        version=closed.version,
        refund_total_minor=preview.refund_total.amount_minor,
        by=BY,
    )


def whys(organizer: Organizer, event: Event) -> list[str]:
    """Return the reasons in the history of an event, the oldest first."""
    return [entry.why for entry in reversed(organizer.history(event.event_id, limit=99))]


class TestCreating:
    """A draft becomes an event that is on sale."""

    def test_it_is_stored(self, world: World, organizer: Organizer) -> None:
        """With its history."""
        event = organizer.create_event(event_draft(name="New"), by=BY)
        assert world.events.by_id(event.event_id) == event
        (entry,) = organizer.history(event.event_id, limit=99)
        assert (entry.version, entry.why, entry.by) == (1, "added", BY)
        assert world.to_pay(event).ticket.status is TicketStatus.PAYING

    def test_an_id_is_given_once(self, organizer: Organizer) -> None:
        """Nothing happens to the event that has it."""
        organizer.create_event(event_draft(event_id=7), by=BY)
        with pytest.raises(IdTaken, match="Event 7 already exists"):
            organizer.create_event(event_draft(event_id=7), by=BY)

    def test_the_largest_id_of_ones_own_leaves_others(self, organizer: Organizer) -> None:
        """The next free id is one that every client can read."""
        organizer.create_event(event_draft(event_id=LARGEST_OWN_ID), by=BY)
        following = organizer.create_event(event_draft(), by=BY).event_id
        assert LARGEST_OWN_ID < following <= LARGEST_ID

    def test_a_currency_of_no_card_is_refused(self, organizer: Organizer) -> None:
        """Also of a free event, which could never have a price. The error names the field."""
        for price in (0, 2500):
            with pytest.raises(ValueError, match=r"^price .*zzz"):
                organizer.create_event(event_draft(price=Money(price, "zzz")), by=BY)

    def test_it_takes_somebody_who_may_act_on_all_events(self, organizer: Organizer) -> None:
        """Nobody gives themselves an event."""
        with pytest.raises(NotYourEvent):
            organizer.create_event(event_draft(), by=BY, scope=[1])


class TestChanging:
    """What an organizer decides may change at any time."""

    def change(self, organizer: Organizer, event: Event, **terms: Any) -> Event:
        """Change an event as it was seen."""
        return organizer.change_event(event.event_id, terms, version=event.version, by=BY)

    def test_it_is_stored_and_the_history_says_what_changed(
        self, world: World, organizer: Organizer
    ) -> None:
        """Only what differs."""
        event = world.event(capacity=500)
        new = self.change(
            organizer, event, capacity=400, venue="Hall B", name=event.name, price=Money(900, "usd")
        )
        assert (new.version, new.capacity, new.venue) == (2, 400, "Hall B")
        assert world.events.by_id(event.event_id) == new
        assert whys(organizer, event)[1:] == [
            "capacity 500 to 400, price 25.00 USD to 9.00 USD, venue none to Hall B"
        ]

    def test_a_repeat_changes_nothing(self, world: World, organizer: Organizer) -> None:
        """The answer to the first call may have been lost."""
        event = world.event()
        first = self.change(organizer, event, name="New")
        assert self.change(organizer, event, name="New") == first
        assert len(whys(organizer, event)) == 2

    def test_nobody_overwrites_what_they_have_not_read(
        self, world: World, organizer: Organizer
    ) -> None:
        """They are told the present version."""
        event = world.event()
        self.change(organizer, event, name="First")
        with pytest.raises(StaleVersion) as stale:
            self.change(organizer, event, capacity=99)
        assert stale.value.version == 2
        with pytest.raises(StaleVersion):
            organizer.change_event(event.event_id, {"capacity": 99}, version=99, by=BY)

    def test_the_capacity_stays_above_what_is_kept(
        self, world: World, organizer: Organizer
    ) -> None:
        """The error says how many places are kept."""
        event = world.event(capacity=10)
        world.to_pay(event, quantity=3)
        with pytest.raises(CapacityBelowKept, match="at least 3") as below:
            self.change(organizer, event, capacity=2)
        assert below.value.kept == 3
        assert self.change(organizer, event, capacity=3).places_left == 0

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("capacity", 0),
            ("name", ""),
            ("time_zone", "Mars"),
            ("price", Money(2500, "eur")),
            ("event_id", 2),
            ("kept", 0),
        ],
    )
    def test_a_wrong_value_is_refused(
        self, world: World, organizer: Organizer, field: str, value: Any
    ) -> None:
        """The error names the field. An id stays, and a currency, so that sums stay sums."""
        event = world.event()
        with pytest.raises(ValueError, match=field):
            self.change(organizer, event, **{field: value})
        assert world.events.by_id(event.event_id) == event

    @pytest.mark.parametrize(
        ("price", "error"), [(49, TotalTooSmall), (100_000_000, TotalTooLarge)]
    )
    def test_a_price_that_nobody_can_pay_is_refused(
        self, world: World, organizer: Organizer, price: int, error: type[Exception]
    ) -> None:
        """Of a new event, too. An event may become free, and dearer again."""
        event = world.event()
        with pytest.raises(error):
            self.change(organizer, event, price=Money(price, "usd"))
        with pytest.raises(error):
            organizer.create_event(event_draft(price=Money(price, "usd")), by=BY)
        free = self.change(organizer, event, price=Money(0, "usd"))
        assert self.change(organizer, free, price=Money(50, "usd")).version == 3

    def test_who_is_paying_pays_what_they_saw(self, world: World, organizer: Organizer) -> None:
        """A new price is for new orders."""
        event = world.event(price=2500)
        bought = world.paid(event)
        dearer = self.change(organizer, event, price=Money(9900, "usd"))
        assert world.verify(bought).total == Money(5000, "usd")
        assert world.to_pay(dearer, quantity=1).ticket.total == Money(9900, "usd")

    def test_it_takes_somebody_who_may_act_on_the_event(
        self, world: World, organizer: Organizer
    ) -> None:
        """An unknown event is unknown to everybody."""
        event = world.event()
        with pytest.raises(NotYourEvent):
            organizer.change_event(event.event_id, {}, version=1, by=BY, scope=[99])
        with pytest.raises(EventNotFound):
            organizer.change_event(99, {}, version=1, by=BY, scope=[99])


class TestClosing:
    """Nothing is sold from then on; the sale may be opened again."""

    def test_it_ends_the_sale(self, world: World, organizer: Organizer) -> None:
        """At once, and a repeat changes nothing."""
        event = world.event()
        closed = organizer.close_sale(event.event_id, version=1, by=BY)
        assert closed.closes_at == world.clock.now()
        with pytest.raises(SaleClosed):
            world.to_pay(event)
        world.clock.sleep(MINUTE)
        assert organizer.close_sale(event.event_id, version=1, by=BY) == closed
        again = organizer.change_event(event.event_id, {"closes_at": None}, version=2, by=BY)
        assert world.to_pay(again).ticket.status is TicketStatus.PAYING

    def test_a_sale_that_has_not_begun_never_begins(
        self, world: World, organizer: Organizer
    ) -> None:
        """It closes at the instant at which it would open; a repeat changes nothing."""
        opening = world.clock.now() + MINUTE
        event = world.event(opens_at=opening)
        closed = organizer.close_sale(event.event_id, version=1, by=BY)
        assert closed.closes_at == opening
        assert organizer.close_sale(event.event_id, version=1, by=BY) == closed
        world.clock.sleep(MINUTE)
        with pytest.raises(SaleClosed):
            world.to_pay(event)


class TestCancelling:
    """It is confirmed with the sum that goes back."""

    def test_the_preview_says_what_goes_back(self, world: World, organizer: Organizer) -> None:
        """Of issued tickets alone."""
        event = world.event()
        world.issued(event)
        world.to_pay(event)
        preview = organizer.preview_cancellation(event.event_id)
        assert (preview.tickets, preview.refund_total) == (1, Money(5000, "usd"))

    def test_nothing_is_sold_afterwards(self, world: World, organizer: Organizer) -> None:
        """Not even under the key of an order that is still to be paid."""
        event = world.event()
        world.to_pay(event, key="once")
        done = cancelled(organizer, event)
        assert done.cancelled_at == world.clock.now()
        with pytest.raises(EventCancelled):
            world.to_pay(event, key="once")
        with pytest.raises(EventCancelled):
            world.office.purchase(event_id=event.event_id, quantity=1, buyer=f"not {BUYER}")
        assert whys(organizer, event)[1:] == ["sale closed", "cancelled"]

    def test_another_sum_or_version_needs_another_confirmation(
        self, world: World, organizer: Organizer
    ) -> None:
        """The error has the new preview."""
        event = world.event()
        world.issued(event)
        cancel = partial(organizer.cancel_event, event.event_id, by=BY)
        for version, total in ((1, 0), (9, 5000)):
            with pytest.raises(StaleVersion) as stale:
                cancel(version=version, refund_total_minor=total)
            assert (stale.value.version, stale.value.tickets) == (1, 1)
            assert stale.value.refund_total == Money(5000, "usd")
        assert world.events.unwinding() == []

    def test_it_is_done_once(self, world: World, organizer: Organizer) -> None:
        """A repeat returns the cancelled event, whatever it confirms."""
        event = world.event()
        done = cancelled(organizer, event)
        world.clock.sleep(MINUTE)
        again = organizer.cancel_event(event.event_id, version=1, refund_total_minor=9, by=BY)
        assert again == done


class TestAtOnce:
    """Two calls of the same, at the same time: a double click."""

    @pytest.mark.parametrize("method", ["close_sale", "cancel_event"])
    def test_both_answer_the_same(
        self, world: World, organizer: Organizer, method: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The second one has read the event before the first one was done."""
        event = world.event()
        sums = {"refund_total_minor": 0} if method == "cancel_event" else {}
        call = partial(getattr(organizer, method), event.event_id, version=1, by=BY, **sums)
        first = call()
        world.clock.sleep(MINUTE)
        monkeypatch.setattr(world.events, "latest", lambda _: event)
        assert call() == first

    def test_another_change_meanwhile_is_refused(
        self, world: World, organizer: Organizer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What was confirmed was another version."""
        event = world.event()
        organizer.change_event(event.event_id, {"name": "New"}, version=1, by=BY)
        monkeypatch.setattr(world.events, "latest", lambda _: event)
        with pytest.raises(StaleVersion):
            organizer.cancel_event(event.event_id, version=1, refund_total_minor=0, by=BY)
