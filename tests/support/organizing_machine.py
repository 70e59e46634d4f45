"""An organizer in the state machine: changes, closes and cancels events while all else happens."""

from contextlib import suppress
from typing import Any, ClassVar

from attrs import evolve
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from tests.support.machine import BUYER, BoxOfficeMachine
from ticketing_core import Event, Organizer, ToPay
from ticketing_core.errors import CapacityBelowKept
from ticketing_core.event import Edited, EditedMeanwhile
from ticketing_core.money import Money
from ticketing_core.payment import Processing
from ticketing_core.testing import CannotPay, FakeGateway
from ticketing_core.testing.contracts.examples import FREE, PRICE
from ticketing_core.ticket import KEEPS_ALL_PLACES

DEARER = Money(2 * PRICE.amount_minor, PRICE.currency)
BY = "organizer"
EVENT = st.sampled_from([0, 1])


class OrganizingMachine(BoxOfficeMachine):
    """Inherit, and implement `make_store`."""

    ends: ClassVar[set[str]]
    """How events have ended over all runs of a subclass; the subclass sets it to an empty set."""
    organizer_class: ClassVar[type[Organizer]] = Organizer

    def __init__(self) -> None:
        super().__init__()
        self.organizer = self.organizer_class(
            events=self.events, tickets=self.tickets, gateway=self.gateway, clock=self.clock
        )
        # What the organizer was answered last, by event.
        self.known: dict[int, Event] = {}
        # What each ticket cost when it was ordered, and the last id before a cancellation.
        self.totals: dict[int, Money] = {}
        self.last_ids: dict[int, int] = {}
        self.is_ending = False

    # --- what the organizer does --------------------------------------------------------------

    @rule(
        which=EVENT,
        terms=st.fixed_dictionaries(
            {},
            optional={
                "capacity": st.integers(1, 12),
                "price": st.sampled_from([PRICE, DEARER, FREE]),
                "max_per_order": st.integers(1, 4),
                "name": st.sampled_from(["Concert", "Ball"]),
            },
        ),
    )
    def edit(self, which: int, terms: dict[str, Any]) -> None:
        """Change an event. The capacity may be refused, and nothing else."""
        seen = self._event(which)
        with suppress(CapacityBelowKept):
            self._keep(
                self.organizer.change_event(seen.event_id, terms, version=seen.version, by=BY)
            )

    @rule(which=EVENT, buyer=BUYER, capacity=st.integers(1, 6), other=st.booleans())
    def edit_what_has_changed(
        self,
        which: int,
        buyer: str,
        capacity: int,
        other: bool,  # noqa: FBT001 - drawn
    ) -> None:
        """Somebody buys, and perhaps another organizer changes it, after the event was read."""
        seen = self._event(which)
        self._buy(seen.event_id, buyer=buyer, quantity=1, key=None)
        if other:
            self.edit(which, {"name": seen.name + "!"})
        new = seen.edited(capacity=capacity)
        outcome = self.events.replace(seen, new, at=self.clock.now(), why="test", by=BY)
        current = self._stored(seen.event_id)
        match outcome:
            case Edited(stored):
                assert stored == current
                assert current.version == seen.version + 1
                self._keep(stored)
            case EditedMeanwhile(stored):
                assert stored == current
            case CapacityBelowKept(kept):
                assert kept == current.kept > capacity

    @rule(which=EVENT, later=st.booleans())
    def close_or_open(self, which: int, later: bool) -> None:  # noqa: FBT001 - drawn
        """Close the sale, or open it again."""
        seen = self._event(which)
        asked: Any = {"version": seen.version, "by": BY}
        if later:
            self._keep(self.organizer.change_event(seen.event_id, {"closes_at": None}, **asked))
        else:
            closed = self._keep(self.organizer.close_sale(seen.event_id, **asked))
            assert closed.closes_at is not None
            assert closed.closes_at <= self.clock.now()

    # Not at once, since little can happen to the event afterwards.
    @precondition(lambda self: len(self.totals) > 2)
    @rule(which=EVENT)
    def cancel_event(self, which: int) -> None:
        """Cancel an event, with the sum that the preview shows."""
        seen = self._event(which)
        preview = self.organizer.preview_cancellation(seen.event_id)
        self._keep(
            self.organizer.cancel_event(
                seen.event_id,
                version=preview.event.version,
                refund_total_minor=preview.refund_total.amount_minor,
                by=BY,
            )
        )
        known = [ticket.ticket_id for ticket in self._all()]
        self.last_ids.setdefault(seen.event_id, max(known, default=0))

    @rule(buyer=BUYER, paid=st.none() | st.booleans(), pages=st.integers(0, 3))
    @precondition(lambda self: len(self.totals) > 2)
    def cancel_event_during_a_slow_payment(
        self,
        buyer: str,
        paid: bool | None,  # noqa: FBT001 - drawn
        pages: int,
    ) -> None:
        """A bank decides while the event is unwound, or never."""
        purchase = self._buy(self.event_ids[0], buyer=buyer, quantity=1, key=None)
        self.pay_slowly(purchase, None)
        self.cancel_event(0)
        for _ in range(pages):
            self.unwind(1)
        if isinstance(purchase, ToPay) and paid is not None:
            with suppress(CannotPay):
                self.gateway.decide(purchase.checkout_id, paid=paid)

    @rule(limit=st.integers(1, 3))
    def unwind(self, limit: int) -> None:
        """Do one page."""
        assert self.organizer.unwind(limit=limit, by="settler") <= limit

    # --- after each step ----------------------------------------------------------------------

    @invariant()
    def events_are_as_they_were_left(self) -> None:
        """No change is lost, and nobody pays another price than the one of their order."""
        events = {event_id: self._stored(event_id) for event_id in self.event_ids}
        for event_id, event in events.items():
            known = self.known.get(event_id)
            if known is not None and event.unwound_at is None:
                assert evolve(known, kept=event.kept) == event
        for ticket in self._all():
            total = self.totals.setdefault(ticket.ticket_id, ticket.total)
            assert ticket.total == total
            event = events[ticket.event_id]
            assert ticket.ticket_id <= self.last_ids.get(event.event_id, ticket.ticket_id)
            if event.unwound_at is not None:
                assert ticket.status not in KEEPS_ALL_PLACES

    # --- once everything is settled -----------------------------------------------------------

    def settle_everything_due(self) -> None:
        """Settle once all that is due. In the end, unwind what is cancelled, too."""
        super().settle_everything_due()
        if self.is_ending:
            self.organizer.unwind(limit=100, by="settler")

    def teardown(self) -> None:
        """Also of a cancelled event nothing is left, unless a bank never decides."""
        self.is_ending = True
        super().teardown()
        waiting: set[int] = set()
        for ticket in self._all():
            if ticket.status in KEEPS_ALL_PLACES and self._stored(ticket.event_id).cancelled_at:
                assert ticket.checkout is not None
                seen = FakeGateway.look_up(self.gateway, ticket.checkout.checkout_id)
                assert isinstance(seen, Processing)
                waiting.add(ticket.event_id)
        for event_id in self.event_ids:
            event = self._stored(event_id)
            assert (event.unwound_at is None) is (event.cancelled_at is None or event_id in waiting)
            self.ends.add(_end(event))

    def _event(self, which: int) -> Event:
        return self._stored(self.event_ids[which])

    def _stored(self, event_id: int) -> Event:
        event = self.events.latest(event_id)
        assert event is not None
        return event

    def _keep(self, event: Event) -> Event:
        known = self.known.get(event.event_id)
        if known is not None:
            assert known.cancelled_at in (None, event.cancelled_at)
        self.known[event.event_id] = event
        return event


def _end(event: Event) -> str:
    if event.unwound_at is not None:
        return "unwound"
    return "unwinding" if event.cancelled_at is not None else "on sale"
