"""The bounded gateway keeps the gateway contract, and never has more threads inside than room."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Barrier, Event
from uuid import UUID

import pytest
from attrs import define, field

from ticketing_core.errors import Overloaded, TotalTooSmall
from ticketing_core.money import Money
from ticketing_core.payment import (
    CheckoutState,
    Missing,
    Open,
    OpenOutcome,
    Paid,
    Refused,
    Unknown,
)
from ticketing_core.ports import PaymentGateway
from ticketing_core.testing import FakeGateway, ManualClock, PaymentGatewayContract
from ticketing_core.testing.contracts import GatewayWorld
from ticketing_core.ticket import Ticket, TicketStatus
from ticketing_service.capacity.gateways import RETRY_AFTER, BoundedGateway
from ticketing_service.capacity.looks import SharedLooks
from ticketing_service.capacity.rooms import Room

SOON = 10.0
"""Seconds within which anything that is not stuck has happened."""

TOTAL = Money(2500, "usd")


class TestBoundedGateway(PaymentGatewayContract):
    """With room to spare it behaves like the gateway inside."""

    @pytest.fixture(autouse=True)
    def _no_gap(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("ticketing_service.capacity.looks.GAP_SECONDS", 0.0)

    def setup_method(self) -> None:
        """Make a clock for each test."""
        self.clock = ManualClock()

    def make_gateway(self) -> tuple[PaymentGateway, GatewayWorld]:
        """See the suite."""
        gateway = FakeGateway(clock=self.clock)
        return bounding(gateway, opening=Room(1), others=Room(1)), gateway

    def now(self) -> datetime:
        """See the suite."""
        return self.clock.now()

    def advance(self, duration: timedelta) -> None:
        """See the suite."""
        self.clock.advance(duration)


@define
class HangingGateway(FakeGateway):
    """Blocks every call until `go_on` is set."""

    go_on: Event = field(factory=Event)
    inside: Barrier = field(factory=lambda: Barrier(2))

    def __attrs_pre_init__(self) -> None:
        """Initialise the fake, which attrs knows nothing of."""
        super().__init__(clock=ManualClock(), minimum=Money(50, "usd"))

    def open(
        self, ticket: Ticket, *, event_name: str, ends_at: datetime, email: str | None = None
    ) -> OpenOutcome:
        """Block, then open the checkout."""
        self.hang()
        return super().open(ticket, event_name=event_name, ends_at=ends_at, email=email)

    def look_up(self, checkout_id: str) -> CheckoutState:
        """Block, then look up the checkout."""
        self.hang()
        return super().look_up(checkout_id)

    def hang(self) -> None:
        """Report that a call is inside, then block."""
        self.inside.wait(SOON)
        assert self.go_on.wait(SOON)


def bounding(gateway: PaymentGateway, *, opening: Room, others: Room) -> BoundedGateway:
    """Return the gateway with these bounds."""
    looks = SharedLooks(waiting=Room(8))
    return BoundedGateway(gateway, opening=opening, others=others, looks=looks)


def reserved(number: int = 1) -> Ticket:
    """Return a ticket without a checkout."""
    now = ManualClock().now()
    return Ticket(
        ticket_id=number,
        ticket_code=UUID(int=number, version=4),
        event_id=15,
        buyer="42",
        quantity=1,
        total=TOTAL,
        status=TicketStatus.RESERVED,
        created_at=now,
        held_until=now + timedelta(minutes=2),
    )


def opened(gateway: PaymentGateway, number: int = 1) -> OpenOutcome:
    """Open a checkout and return the outcome."""
    ticket = reserved(number)
    return gateway.open(ticket, event_name="Concert", ends_at=ticket.created_at)


@contextmanager
def hanging(
    gateway: HangingGateway, *calls: Callable[[], object]
) -> Iterator[list[Future[object]]]:
    """Keep all calls inside the gateway while the context lasts, then let them finish."""
    with ThreadPoolExecutor(len(calls)) as pool:
        try:
            futures = []
            for call in calls:
                futures.append(pool.submit(call))
                gateway.inside.wait(SOON)
            yield futures
        finally:
            gateway.go_on.set()


def test_a_full_room_is_an_objection_before_places_are_taken() -> None:
    """The objection says when to retry, and ends when there is room again."""
    gateway = HangingGateway()
    bounded = bounding(gateway, opening=Room(2), others=Room(1))
    with hanging(gateway, lambda: opened(bounded, 1)):
        assert bounded.objection(TOTAL) is None
    gateway.go_on.clear()
    with hanging(gateway, lambda: opened(bounded, 2), lambda: opened(bounded, 3)) as futures:
        assert bounded.objection(TOTAL) == Overloaded(RETRY_AFTER)
        assert isinstance(bounded.objection(Money(1, "usd")), TotalTooSmall)
    assert all(isinstance(future.result(), Open) for future in futures)
    assert bounded.objection(TOTAL) is None


def test_no_more_threads_enter_than_there_is_room() -> None:
    """Without room every method returns its busy outcome, and the gateway is not called."""
    gateway = HangingGateway()
    bounded = bounding(gateway, opening=Room(1), others=Room(1))
    with hanging(gateway, lambda: opened(bounded), lambda: bounded.look_up("co_1")):
        assert opened(bounded, 2) == Overloaded(RETRY_AFTER)
        assert bounded.look_up("co_2") == Unknown("busy")
        assert bounded.close("co_1") == Unknown("busy")
        paid = Paid(ticket_code=UUID(int=1), payment_id="pay_co_1", total=TOTAL)
        assert bounded.refund(paid, key="refund:0") == Refused("busy", retryable=True)
        since = ManualClock().now()
        assert bounded.list_checkouts(since=since, after=None) == Unknown("busy")
    assert gateway.payable_for(reserved(2).ticket_code) == []


def test_openings_leave_room_for_looking_up() -> None:
    """And vice versa: neither kind uses the room of the other."""
    gateway = HangingGateway()
    bounded = bounding(gateway, opening=Room(1), others=Room(1))
    with hanging(gateway, lambda: opened(bounded)):
        assert bounded.close("co_none") == Missing()
    gateway.go_on.clear()
    with hanging(gateway, lambda: bounded.look_up("co_none")):
        assert bounded.objection(TOTAL) is None


def test_shared_room_is_the_control() -> None:
    """With one room for both, opening would keep other calls out: the test above would fail."""
    gateway = HangingGateway()
    shared = Room(1)
    bounded = bounding(gateway, opening=shared, others=shared)
    with hanging(gateway, lambda: opened(bounded)):
        assert bounded.close("co_none") == Unknown("busy")


def test_a_call_waits_for_room() -> None:
    """A few threads may wait, and each enters as soon as another has left."""
    gateway = HangingGateway()
    room = Room(8, patience=SOON)
    bounded = bounding(gateway, opening=room, others=Room(1))
    calls = [lambda number=number: opened(bounded, number) for number in range(1, 8)]
    with ThreadPoolExecutor(1) as pool, hanging(gateway, *calls):
        waiting = pool.submit(opened, bounded, 8)
        gateway.go_on.set()
        gateway.inside.wait(SOON)
        assert isinstance(waiting.result(SOON), Open)


def test_waiting_has_an_end() -> None:
    """If the gateway hangs, a waiting call is refused after its time-out."""
    gateway = HangingGateway()
    bounded = bounding(gateway, opening=Room(8, patience=0.01), others=Room(1))
    calls = [lambda number=number: opened(bounded, number) for number in range(1, 8)]
    with hanging(gateway, *calls):
        assert opened(bounded, 8) == Overloaded(RETRY_AFTER)


def test_a_thread_in_the_room_gives_its_slot_to_others() -> None:
    """It lends it while it waits and calls, but not if it is refused at once."""
    gateway = HangingGateway()
    lent: list[str] = []

    @contextmanager
    def lending() -> Iterator[None]:
        lent.append("lent")
        yield
        lent.append("back")

    bounded = bounding(gateway, opening=Room(1, while_inside=lending), others=Room(1))
    with hanging(gateway, lambda: opened(bounded)):
        assert lent == ["lent"]
        assert opened(bounded, 2) == Overloaded(RETRY_AFTER)
        assert lent == ["lent"]
    assert lent == ["lent", "back"]


def test_a_failed_call_leaves_the_room() -> None:
    """A bug in one call does not shrink the room for ever."""

    class Broken(FakeGateway):
        def look_up(self, checkout_id: str) -> CheckoutState:
            """Raise if the id is empty."""
            if not checkout_id:
                raise ValueError(checkout_id)
            return super().look_up(checkout_id)

    bounded = bounding(Broken(clock=ManualClock()), opening=Room(1), others=Room(1))
    for _ in range(3):
        try:
            bounded.look_up("")
        except ValueError:
            continue
    assert bounded.look_up("co_none") == Missing()
