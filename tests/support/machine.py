"""A Hypothesis state machine that sells, pays, cancels, refunds and loses answers over any store.

After each step it checks the promises that hold at every instant; at the end it lets settling
run until quiet and checks what has to hold then. It records each transition a ticket has made.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from itertools import pairwise
from typing import Any, ClassVar

from attrs import frozen
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)

from ticketing_core import TRANSITIONS, BoxOffice, EventDraft, Money, Ticket, TicketStatus, ToPay
from ticketing_core.errors import TicketingError
from ticketing_core.event import Added
from ticketing_core.ports import EventRepository, TicketRepository
from ticketing_core.testing import (
    CannotPay,
    FakeGateway,
    Fault,
    ManualClock,
    PlainQrEncoder,
    PlainSigner,
    SequentialCodes,
)

ALL_TRANSITIONS = frozenset((a, b) for a, following in TRANSITIONS.items() for b in following)

BUYERS = st.sampled_from(["ann", "bob"])
QUANTITIES = st.integers(1, 3)
MINUTES = st.sampled_from([1, 3, 36])
# Most calls succeed: a run in which everything fails goes nowhere.
FAULTS = st.sampled_from([None] * 2 * len(Fault) + [*Fault])

S = TicketStatus
GIVEN_UP = (S.CANCELLED, S.EXPIRED)
MONEY = Money(2500, "usd")


@frozen
class Store:
    """A store to run over.

    Attributes:
        lose_commit: Puts a PAYING ticket back to the reservation it was, as a store does that
            comes back from an older copy.
    """

    events: EventRepository
    tickets: TicketRepository
    lose_commit: Callable[[Ticket], None]


class BoxOfficeMachine(RuleBasedStateMachine):
    """Inherit, and say how to make an empty store."""

    taken: ClassVar[set[tuple[TicketStatus, TicketStatus]]]
    """Transitions seen over all runs of a subclass; the subclass sets it to an empty set."""

    gateway_class: type[FakeGateway] = FakeGateway

    bought = Bundle("bought")

    def make_store(self) -> Store:
        """An empty store."""
        raise NotImplementedError  # pragma: no cover - a subclass that forgets it fails at once

    def __init__(self) -> None:
        super().__init__()
        store = self.make_store()
        self.clock = ManualClock()
        self.gateway = self.gateway_class(clock=self.clock)
        self.lose = store.lose_commit
        self.tickets = store.tickets
        self.events = store.events
        self.event_ids: list[int] = []
        # What the model knows of money that moved outside of the rules.
        self.lost: set[int] = set()
        # The versions of which the history was read.
        self.told: dict[int, Ticket] = {}
        self.disputed: set[int] = set()
        self.moved_by_hand: set[int] = set()
        self.office = BoxOffice(
            events=store.events,
            tickets=store.tickets,
            gateway=self.gateway,
            signer=PlainSigner(),
            qr_encoder=PlainQrEncoder(),
            clock=self.clock,
            codes=SequentialCodes(),
            hold=timedelta(minutes=5),
        )

    # --- what people do -----------------------------------------------------------------------

    @initialize(capacity=st.integers(3, 9), limit=st.sampled_from([None, 4]))
    def put_on_sale(self, capacity: int, limit: int | None) -> None:
        """A paid event and a free one."""
        for price in (MONEY, Money(0, "usd")):
            outcome = self.events.add(
                EventDraft(name="Concert", price=price, capacity=capacity, max_per_buyer=limit)
            )
            assert isinstance(outcome, Added)
            self.event_ids.append(outcome.event.event_id)

    @rule(
        target=bought,
        buyer=BUYERS,
        quantity=QUANTITIES,
        key=st.sampled_from([None, "k"]),
        fault=FAULTS,
    )
    def buy(self, buyer: str, quantity: int, key: str | None, fault: Fault | None) -> Any:
        """Buy a paid ticket."""
        with self._fault("open", fault):
            return self._buy(self.event_ids[0], buyer=buyer, quantity=quantity, key=key)

    @rule(target=bought, buyer=BUYERS, quantity=QUANTITIES)
    def buy_free(self, buyer: str, quantity: int) -> Any:
        """Take a free one."""
        return self._buy(self.event_ids[1], buyer=buyer, quantity=quantity, key=None)

    def _buy(self, event_id: int, *, buyer: str, quantity: int, key: str | None) -> Any:
        try:
            purchase = self.office.purchase(
                event_id=event_id, quantity=quantity, buyer=buyer, key=key
            )
        except TicketingError:
            return multiple()
        return purchase

    @rule(target=bought, buyer=BUYERS, quantity=QUANTITIES)
    def buy_and_pay(self, buyer: str, quantity: int) -> Any:
        """What most do: buy, pay, come back."""
        purchase = self._buy(self.event_ids[0], buyer=buyer, quantity=quantity, key=None)
        if isinstance(purchase, ToPay):
            self.pay(purchase)
            self.verify(purchase)
        return purchase

    @rule(buyer=BUYERS)
    def crash_after_reserving(self, buyer: str) -> None:
        """The process dies between the hold and the checkout."""
        with suppress(TicketingError):
            self.office.reserve(event_id=self.event_ids[0], quantity=1, buyer=buyer)

    @rule(purchase=bought)
    def pay(self, purchase: Any) -> None:
        """Pay with the address that was given out."""
        with suppress(CannotPay):
            if isinstance(purchase, ToPay):
                self.gateway.pay(purchase.checkout_url)

    @rule(target=bought, buyer=BUYERS)
    def buy_and_pay_something_else(self, buyer: str) -> Any:
        """A coupon or a currency conversion that nobody asked for."""
        purchase = self._buy(self.event_ids[0], buyer=buyer, quantity=1, key=None)
        if isinstance(purchase, ToPay):
            self.gateway.pay(purchase.checkout_url, amount=Money(1, "usd"))
            self.news(purchase)
        return purchase

    @rule(purchase=bought, paid=st.none() | st.booleans())
    def pay_slowly(self, purchase: Any, paid: bool | None) -> None:  # noqa: FBT001 - drawn
        """A bank debit that is decided now, or stays open until the end."""
        with suppress(CannotPay):
            if isinstance(purchase, ToPay):
                self.gateway.pay_slowly(purchase.checkout_url)
                if paid is not None:
                    self.gateway.decide(purchase.checkout_id, paid=paid)

    @rule(purchase=bought, fault=FAULTS)
    def verify(self, purchase: Any, fault: Fault | None = None) -> None:
        """Come back from the checkout."""
        if isinstance(purchase, ToPay):
            with suppress(TicketingError), self._fault("look_up", fault):
                self.office.verify(
                    ticket_id=purchase.ticket.ticket_id,
                    checkout_id=purchase.checkout_id,
                    buyer=purchase.ticket.buyer,
                )

    @rule(purchase=bought, fault=FAULTS)
    def cancel(self, purchase: Any, fault: Fault | None = None) -> None:
        """Give it up."""
        with suppress(TicketingError), self._fault("close", fault):
            self.office.cancel(ticket_id=purchase.ticket.ticket_id, buyer=purchase.ticket.buyer)

    @rule(target=bought, buyer=BUYERS, fault=FAULTS)
    def buy_and_cancel(self, buyer: str, fault: Fault | None) -> Any:
        """Think better of it on the payment page."""
        purchase = self._buy(self.event_ids[0], buyer=buyer, quantity=1, key=None)
        if isinstance(purchase, ToPay):
            self.cancel(purchase, fault)
        return purchase

    @rule(purchase=bought, fault=FAULTS)
    def refund(self, purchase: Any, fault: Fault | None = None) -> None:
        """The organizer gives the money back."""
        with suppress(TicketingError), self._fault("refund", fault):
            self.office.refund(ticket_id=purchase.ticket.ticket_id, by="organizer")

    # --- what happens behind our back ---------------------------------------------------------

    @rule(purchase=bought, part=st.sampled_from([None, 100]))
    def refund_by_hand(self, purchase: Any, part: int | None) -> None:
        """Somebody uses the gateway's own pages."""
        if isinstance(purchase, ToPay) and self._paid(purchase):
            self.moved_by_hand.add(purchase.ticket.ticket_id)
            self.gateway.give_back(purchase.checkout_id, part)
            self.news(purchase)

    @rule(purchase=bought)
    def refund_and_send_it_back(self, purchase: Any) -> None:
        """The organizer gives the money back, and the buyer's bank does not take it."""
        self.refund(purchase)
        if isinstance(purchase, ToPay) and self._paid(purchase):
            self.moved_by_hand.add(purchase.ticket.ticket_id)
            self.gateway.send_back(purchase.checkout_id)
            self.news(purchase)

    @rule(purchase=bought)
    def dispute(self, purchase: Any) -> None:
        """The buyer tells his bank that it was not him."""
        if isinstance(purchase, ToPay) and self._paid(purchase):
            self.disputed.add(purchase.ticket.ticket_id)
            self.gateway.dispute(purchase.checkout_id)

    @rule(buyer=BUYERS, meanwhile=st.sampled_from(["cancel", "expire", "nothing"]))
    def lose_a_commit(self, buyer: str, meanwhile: str) -> None:
        """The store comes back from an older copy; the buyer, who has the address, pays."""
        purchase = self._buy(self.event_ids[0], buyer=buyer, quantity=1, key=None)
        if isinstance(purchase, ToPay):
            self.lose(purchase.ticket)
            self.lost.add(purchase.ticket.ticket_id)
            if meanwhile == "cancel":
                self.cancel(purchase)
            elif meanwhile == "expire":
                self.clock.advance(timedelta(minutes=3))
                self.settle_all_due()
            self.pay(purchase)
            self.news(purchase)

    @rule(purchase=bought)
    def news(self, purchase: Any) -> None:
        """The gateway says that something happened; the news may be old, or come twice."""
        if isinstance(purchase, ToPay):
            self.office.settle_checkout(purchase.checkout_id, by="webhook")

    @rule()
    def land_late_effects(self) -> None:
        """What was under way arrives."""
        self.gateway.land_late_effects()

    @rule(minutes=MINUTES)
    def let_time_pass(self, minutes: int) -> None:
        """Reservations, holds and checkouts run out."""
        self.clock.advance(timedelta(minutes=minutes))

    @rule(call=st.sampled_from(["look_up", "close", "refund"]), fault=FAULTS)
    def settle_all_due(self, call: str = "close", fault: Fault | None = None) -> None:
        """One pass, of which one call may go wrong."""
        with self._fault(call, fault):
            self._settle_all_due()

    def _settle_all_due(self) -> None:
        for ticket in self.tickets.claim_due(now=self.clock.now(), limit=100):
            self.office.settle(ticket, by="settler")

    # --- what holds at every instant ----------------------------------------------------------

    @invariant()
    def the_promises_hold(self) -> None:
        """Read everything once, and check each promise on it."""
        tickets = list(self._all())
        self._never_oversold(tickets)
        self._no_ticket_without_money(tickets)
        self._places_are_freed_only_when_nobody_can_pay(tickets)
        self._history_tells_every_step(tickets)

    def _never_oversold(self, tickets: Sequence[Ticket]) -> None:
        """Places kept add up to what the event says, and never pass its capacity."""
        kept = Counter(dict.fromkeys(self.event_ids, 0))
        for ticket in tickets:
            kept[ticket.event_id] += ticket.places
        for event_id in self.event_ids:
            event = self.events.by_id(event_id)
            assert event is not None
            assert event.kept == kept[event_id]
            assert 0 <= event.kept <= event.capacity

    def _no_ticket_without_money(self, tickets: Sequence[Ticket]) -> None:
        """An issued ticket was free, or paid to the cent."""
        for ticket in tickets:
            if ticket.status is S.ISSUED:
                assert self.gateway.taken_for(ticket.ticket_code) == ticket.total.amount_minor

    def _places_are_freed_only_when_nobody_can_pay(self, tickets: Sequence[Ticket]) -> None:
        """A ticket that gave its places up has no payable checkout and holds no money."""
        for ticket in tickets:
            payable = self.gateway.payable_for(ticket.ticket_code)
            assert len(payable) <= 1
            if ticket.status in GIVEN_UP and ticket.ticket_id not in self.lost:
                handed_out = ticket.checkout is not None
                assert not (payable and handed_out)
                assert self.gateway.captured_for(ticket.ticket_code) == 0

    def _history_tells_every_step(self, tickets: Sequence[Ticket]) -> None:
        """Versions have no gap, each step is in the table, and the last is what is stored."""
        for ticket in tickets:
            if self.told.get(ticket.ticket_id) == ticket:
                continue
            self.told[ticket.ticket_id] = ticket
            entries = list(self.tickets.history(ticket.ticket_id))
            assert [entry.version for entry in entries] == list(range(1, ticket.version + 1))
            assert entries[-1].status is ticket.status
            steps = {(a.status, b.status) for a, b in pairwise(entries) if a.status != b.status}
            assert steps <= ALL_TRANSITIONS
            self.taken.update(steps)

    # --- what holds once everything is quiet --------------------------------------------------

    def teardown(self) -> None:
        """Let settling finish all that is left, then compare with the gateway to the cent."""
        self.gateway.land_late_effects()
        for _ in range(4):
            self.clock.advance(timedelta(hours=2))
            self.settle_all_due()
        for ticket in self._all():
            self._check_quiet(ticket)
        self.the_promises_hold()

    def _check_quiet(self, ticket: Ticket) -> None:
        captured = self.gateway.captured_for(ticket.ticket_code)
        unheard = {*self.lost, *self.moved_by_hand, *self.disputed}
        if ticket.ticket_id in unheard:
            return
        match ticket.status:
            case S.ISSUED:
                assert captured == ticket.total.amount_minor
            case S.PAYING:
                # A bank that never decides: the places stay kept, and nothing is captured.
                assert captured == 0
                assert not self.gateway.payable_for(ticket.ticket_code)
            case S.CANCELLED | S.EXPIRED | S.REFUNDED:
                assert captured == 0
            case S.RESERVED | S.REFUNDING:
                raise AssertionError(f"{ticket.status} is never the end")

    @contextmanager
    def _fault(self, call: str, fault: Fault | None) -> Iterator[None]:
        if fault is not None:
            self.gateway.fail_next(call, fault)
        try:
            yield
        finally:
            self.gateway.heal()

    def _all(self) -> Iterable[Ticket]:
        for buyer in ("ann", "bob"):
            yield from self.tickets.of_buyer(buyer, before=None, limit=1000)

    def _paid(self, purchase: Any) -> bool:
        return self.gateway.taken_for(purchase.ticket.ticket_code) > 0
