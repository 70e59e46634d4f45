"""A buyer is erased: their tickets stay, under one random name, and no history names them."""

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from itertools import count
from typing import Any

import pytest

from tests.unit.box_offices import BUYER, World
from ticketing_core import Ticket, TicketStatus
from ticketing_core.errors import BuyerHasOpenOrders, NotYourTicket
from ticketing_core.privacy_office import PrivacyOffice
from ticketing_core.testing import InMemoryAdmissions, InMemoryAuthors
from ticketing_core.testing.contracts.door import scan_of
from ticketing_core.testing.contracts.examples import NOON
from ticketing_core.use_cases.erase_buyer import Erased

BY = "operator"
MODULE = import_module("ticketing_core.use_cases.erase_buyer")
"""The package has the function under this name."""


class Crash(Exception):
    """The process ends here."""


class Crashing:
    """A port that works until so many calls of it were made, and crashes before or after one."""

    def __init__(self, port: Any, calls_left: list[int], *, after_effect: bool) -> None:
        self._port, self._calls_left, self._after_effect = port, calls_left, after_effect

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self._calls_left[0] -= 1
            is_last = self._calls_left[0] == 0
            if is_last and not self._after_effect:
                raise Crash
            result = getattr(self._port, name)(*args, **kwargs)
            if is_last:
                raise Crash
            return result

        return call


class Erasing:
    """A store with tickets of the buyer and of somebody else."""

    def __init__(self) -> None:
        self.world = World()
        self.event = self.world.event(capacity=100, max_per_buyer=10)
        self.admissions = InMemoryAdmissions(self.world.events, self.world.tickets)
        self.authors = InMemoryAuthors(self.world.events, self.world.tickets, self.admissions)
        self.other = self.world.office.reserve(
            event_id=self.event.event_id, quantity=1, buyer="other"
        )

    def buy(self, number: int) -> list[Ticket]:
        """Return so many issued tickets of the buyer."""
        return [self.world.issued(self.event) for _ in range(number)]

    def erase(self, buyer: str = BUYER, **changes: Any) -> Erased:
        """Erase the buyer."""
        ports: Any = {"tickets": self.world.tickets, "authors": self.authors}
        return PrivacyOffice(clock=self.world.clock, **ports | changes).erase_buyer(buyer, by=BY)

    def crash(self, at_call: int, *, after_effect: bool) -> bool:
        """Erase the buyer, and crash at a call of the store. Return False if there were fewer."""
        left = [at_call]
        try:
            self.erase(
                tickets=Crashing(self.world.tickets, left, after_effect=after_effect),
                authors=Crashing(self.authors, left, after_effect=after_effect),
            )
        except Crash:
            return True
        return False


@pytest.fixture
def erasing() -> Erasing:
    """Return a store in which the buyer has bought nothing yet."""
    return Erasing()


def test_all_tickets_get_one_name_and_stay_as_they_are(erasing: Erasing) -> None:
    """Nothing but the buyer and the key changes, in one more version with a line of history."""
    world = erasing.world
    bought = world.to_pay(erasing.event, key="my key")
    world.gateway.pay(bought.checkout_url)
    tickets = [world.verify(bought), *erasing.buy(2)]
    erased = erasing.erase()
    assert erased.name is not None
    assert (erased.name[:7], erased.tickets, BUYER in erased.name) == ("erased:", 3, False)
    for ticket in tickets:
        assert world.now(ticket) == ticket.marked(buyer=erased.name, key=None)
        last = world.tickets.history(ticket.ticket_id)[-1]
        assert (last.version, last.why, last.by) == (ticket.version + 1, "buyer erased", BY)
    assert world.tickets.of_buyer(BUYER, before=None, limit=9) == []
    assert world.now(erasing.other) == erasing.other


def test_the_buyer_is_a_stranger_from_then_on(erasing: Erasing) -> None:
    """Their tickets are not theirs any more, limits start anew, and an old key buys again."""
    world = erasing.world
    bought = [world.to_pay(erasing.event, quantity=5, key=key) for key in ("a", "b")]
    for each in bought:
        world.gateway.pay(each.checkout_url)
        world.verify(each)
    erasing.erase()
    with pytest.raises(NotYourTicket):
        world.office.ticket(bought[0].ticket.ticket_id, buyer=BUYER)
    again = world.to_pay(erasing.event, quantity=10, key="a")
    assert again.ticket.ticket_id > bought[1].ticket.ticket_id


def test_open_orders_are_refused(erasing: Erasing) -> None:
    """They are named, and nothing is changed; what was given up is no obstacle."""
    world = erasing.world
    given_up = world.office.reserve(event_id=erasing.event.event_id, quantity=1, buyer=BUYER)
    world.office.cancel(ticket_id=given_up.ticket_id, buyer=BUYER)
    ticket = world.issued(erasing.event)
    reserved = world.office.reserve(event_id=erasing.event.event_id, quantity=1, buyer=BUYER)
    paying = world.to_pay(erasing.event).ticket
    owed = world.issued(erasing.event)
    refunding = owed.refunding(at=world.clock.now())
    world.tickets.replace(owed, refunding, at=NOON, why="test", by="test")
    with pytest.raises(BuyerHasOpenOrders) as refused:
        erasing.erase()
    open_orders = [owed.ticket_id, paying.ticket_id, reserved.ticket_id]
    assert list(refused.value.ticket_ids) == open_orders
    assert str(refused.value).endswith(f"{', '.join(map(str, open_orders))}.")
    assert world.now(ticket) == ticket
    world.settle_due()
    world.office.cancel(ticket_id=reserved.ticket_id, buyer=BUYER)
    world.office.cancel(ticket_id=paying.ticket_id, buyer=BUYER)
    assert erasing.erase().tickets == 5


def test_what_names_them_as_staff_goes_too(erasing: Erasing) -> None:
    """In histories and scans, also of the tickets of others; nobody else's name changes."""
    world, at = erasing.world, erasing.world.clock.now()
    issued = world.issued(erasing.event)
    for by in (BUYER, "4", "421"):
        erasing.admissions.admit(scan_of(issued, by=by))
        now = world.now(erasing.other)
        marked = now.marked(refund_problem=by)
        world.tickets.replace(now, marked, at=at, why="test", by=f"organizer {by}")
        event = world.events.latest(erasing.event.event_id)
        assert event is not None
        edited = event.edited(name=f"Concert {by}")
        world.events.replace(event, edited, at=at, why="test", by=f"organizer {by}")
    erasing.erase()
    changes = world.tickets.history(erasing.other.ticket_id)[-3:]
    organizers = ["organizer erased", "organizer 4", "organizer 421"]
    assert [each.by for each in changes] == organizers
    edits = world.events.history(erasing.event.event_id, before=None, limit=3)
    assert [each.by for each in reversed(edits)] == organizers
    assert [each.by for each in erasing.admissions.stored] == ["erased", "4", "421"]
    scans = [each.by for each in world.tickets.history(issued.ticket_id)]
    assert [by for by in scans if by.startswith("gate")] == ["gate erased", "gate 4"]


def repeated_after_each_crash(*, after_effect: bool) -> int:
    """Crash at each call of the store, one after the other, repeat, and judge. Return how often."""
    for at_call in count(1):
        erasing = Erasing()
        tickets = erasing.buy(3)
        crashed = erasing.crash(at_call, after_effect=after_effect)
        erasing.erase()
        now = [erasing.world.now(each) for each in tickets]
        assert len({each.buyer for each in now}) == 1
        assert {each.version for each in now} == {tickets[0].version + 1}
        assert erasing.erase() == Erased(name=None, tickets=0)
        if not crashed:
            return at_call - 1
    raise AssertionError


@pytest.mark.parametrize("after_effect", [False, True])
def test_a_repeat_after_a_crash_ends_with_one_name(*, after_effect: bool) -> None:
    """Wherever the crash was; and a third time changes nothing."""
    assert repeated_after_each_crash(after_effect=after_effect) > 8


def test_control_a_name_of_its_own_for_each_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: a name that is not made from the oldest ticket is another one in the repeat."""
    names = count()
    monkeypatch.setattr(MODULE, "uuid5", lambda *_: next(names))
    with pytest.raises(AssertionError):
        repeated_after_each_crash(after_effect=True)


class Meanwhile:
    """A store in which something happens right before a call of a method."""

    def __init__(
        self,
        tickets: Any,
        happens: Callable[[Ticket], object],
        *,
        before: str = "replace",
        calls: int = 1,
    ) -> None:
        self._tickets, self._happens = tickets, happens
        self._method, self._calls_left = before, calls

    def __getattr__(self, name: str) -> Any:
        if name == self._method:
            self._calls_left -= 1
            if self._calls_left == 0:
                return self._after_it_happened
        return getattr(self._tickets, name)

    def _after_it_happened(self, first: Any, *others: Any, **named: Any) -> Any:
        self._happens(first)
        return getattr(self._tickets, self._method)(first, *others, **named)


def test_what_changes_meanwhile_is_not_lost(erasing: Erasing) -> None:
    """People go in while the buyer is erased: both are stored."""
    (ticket,) = erasing.buy(1)
    scan = scan_of(ticket, 2)
    tickets = Meanwhile(erasing.world.tickets, lambda _: erasing.admissions.admit(scan))
    erasing.erase(tickets=tickets)
    now = erasing.world.now(ticket)
    assert (now.admitted, now.buyer[:7], now.version) == (2, "erased:", ticket.version + 2)


def test_a_refund_that_begins_meanwhile_is_told(erasing: Erasing) -> None:
    """The rest is erased by a repeat, under the same name."""
    oldest, newest = erasing.buy(2)

    def refund(ticket: Ticket) -> None:
        refunding = ticket.refunding(at=NOON)
        erasing.world.tickets.replace(ticket, refunding, at=NOON, why="test", by="test")

    with pytest.raises(BuyerHasOpenOrders) as refused:
        erasing.erase(tickets=Meanwhile(erasing.world.tickets, refund))
    assert list(refused.value.ticket_ids) == [newest.ticket_id]
    erasing.world.clock.sleep(timedelta(days=1))
    erasing.world.settle_due()
    assert erasing.world.now(newest).status is TicketStatus.REFUNDED
    erasing.erase()
    assert erasing.world.now(newest).buyer == erasing.world.now(oldest).buyer


def erased_while_they_buy(erasing: Erasing) -> Ticket:
    """Erase the buyer of one ticket, who buys another one meanwhile; return that."""
    (ticket,) = erasing.buy(1)
    bought: list[Ticket] = []
    # After all tickets were listed, in one page and an empty one.
    tickets = Meanwhile(
        erasing.world.tickets,
        lambda _: bought.extend(erasing.buy(1)),
        before="of_buyer",
        calls=3,
    )
    assert erasing.erase(tickets=tickets).tickets == 1
    assert erasing.world.now(ticket).buyer != BUYER
    return erasing.world.now(bought[0])


def test_what_they_buy_meanwhile_is_theirs(erasing: Erasing) -> None:
    """It is a new purchase of somebody new."""
    assert erased_while_they_buy(erasing).buyer == BUYER


def test_control_all_that_is_theirs_by_now(
    erasing: Erasing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: without the bound on ids, the new purchase loses its buyer."""
    pages = MODULE.tickets_of_buyer
    monkeypatch.setattr(
        MODULE, "tickets_of_buyer", lambda buyer, *, tickets, **_: pages(buyer, tickets=tickets)
    )
    with pytest.raises(AssertionError):
        erased_while_they_buy(erasing)


def test_two_at_once_agree_on_the_name(erasing: Erasing) -> None:
    """The other one is faster; both end well."""
    bought = erasing.buy(3)
    tickets = Meanwhile(erasing.world.tickets, lambda _: erasing.erase())
    erasing.erase(tickets=tickets)
    now = [erasing.world.now(each) for each in bought]
    assert len({each.buyer for each in now}) == 1
    assert {each.version for each in now} == {bought[0].version + 1}


def test_nobody_is_erased(erasing: Erasing) -> None:
    """A buyer without tickets is not an error: they may have been staff. Nor is an erased one."""
    assert erasing.erase() == Erased(name=None, tickets=0)
    erasing.buy(1)
    name = erasing.erase().name
    assert name is not None
    assert erasing.erase(name) == Erased(name=name, tickets=0)
