"""The bounded gateway: the contract of any gateway, and never more threads in it than its room."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Barrier, Event
from uuid import UUID

from attrs import define, field

from ticketing_core.errors import Overloaded, TotalTooSmall
from ticketing_core.money import Money
from ticketing_core.payment import (
    CheckoutState,
    Hint,
    Missing,
    Notification,
    Open,
    OpenOutcome,
    Refused,
    Unknown,
)
from ticketing_core.ports import PaymentGateway
from ticketing_core.testing import FakeGateway, ManualClock, PaymentGatewayContract
from ticketing_core.testing.contracts import GatewayWorld
from ticketing_core.ticket import Ticket, TicketStatus
from ticketing_service.capacity.gateways import (
    RETRY_AFTER,
    BoundedGateway,
    BoundedNotificationReader,
    Room,
)

SOON = 10.0
"""Seconds in which whatever is not stuck has happened."""

TOTAL = Money(2500, "usd")


class TestBoundedGateway(PaymentGatewayContract):
    """With room it changes nothing."""

    def setup_method(self) -> None:
        """A clock for each test."""
        self.clock = ManualClock()

    def make_gateway(self) -> tuple[PaymentGateway, GatewayWorld]:
        """See the suite."""
        gateway = FakeGateway(clock=self.clock)
        return BoundedGateway(gateway, opening=Room(1), others=Room(1)), gateway

    def now(self) -> datetime:
        """See the suite."""
        return self.clock.now()

    def advance(self, duration: timedelta) -> None:
        """See the suite."""
        self.clock.advance(duration)


@define
class HangingGateway(FakeGateway):
    """Answers nothing until it is told to go on."""

    go_on: Event = field(factory=Event)
    inside: Barrier = field(factory=lambda: Barrier(2))

    def __attrs_pre_init__(self) -> None:
        """A gateway as any other."""
        super().__init__(clock=ManualClock(), minimum=Money(50, "usd"))

    def open(self, ticket: Ticket, *, event_name: str, ends_at: datetime) -> OpenOutcome:
        """Come in, hang, and open it in the end."""
        self.hang()
        return super().open(ticket, event_name=event_name, ends_at=ends_at)

    def look_up(self, checkout_id: str) -> CheckoutState:
        """Come in, hang, and look it up in the end."""
        self.hang()
        return super().look_up(checkout_id)

    def read(self, body: bytes, headers: Mapping[str, str]) -> Notification:
        """Find out whom some news is about, as slowly."""
        del headers
        self.hang()
        return Hint(body.decode())

    def hang(self) -> None:
        """Say that a call has come in, and wait."""
        self.inside.wait(SOON)
        assert self.go_on.wait(SOON)


def reserved(number: int = 1) -> Ticket:
    """A ticket that waits for its checkout."""
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
    """What comes of opening a checkout."""
    ticket = reserved(number)
    return gateway.open(ticket, event_name="Concert", ends_at=ticket.created_at)


@contextmanager
def hanging(
    gateway: HangingGateway, *calls: Callable[[], object]
) -> Iterator[list[Future[object]]]:
    """All calls are inside of the gateway while the context lasts; then they come to their end."""
    with ThreadPoolExecutor(len(calls)) as pool:
        try:
            futures = []
            for call in calls:
                futures.append(pool.submit(call))
                gateway.inside.wait(SOON)
            yield futures
        finally:
            gateway.go_on.set()


def test_a_gateway_full_of_openings_objects_before_anything_is_taken() -> None:
    """It says when to come back; with room again it has no objection."""
    gateway = HangingGateway()
    bounded = BoundedGateway(gateway, opening=Room(2), others=Room(1))
    with hanging(gateway, lambda: opened(bounded, 1)):
        assert bounded.objection(TOTAL) is None
    gateway.go_on.clear()
    with hanging(gateway, lambda: opened(bounded, 2), lambda: opened(bounded, 3)) as futures:
        assert bounded.objection(TOTAL) == Overloaded(RETRY_AFTER)
        assert isinstance(bounded.objection(Money(1, "usd")), TotalTooSmall)
    assert all(isinstance(future.result(), Open) for future in futures)
    assert bounded.objection(TOTAL) is None


def test_no_more_threads_come_in_than_there_is_room() -> None:
    """The next opening comes back later, the next look-up unknown; nothing was asked."""
    gateway = HangingGateway()
    bounded = BoundedGateway(gateway, opening=Room(1), others=Room(1))
    with hanging(gateway, lambda: opened(bounded), lambda: bounded.look_up("co_1")):
        assert opened(bounded, 2) == Overloaded(RETRY_AFTER)
        assert bounded.look_up("co_1") == Unknown("busy")
        assert bounded.close("co_1") == Unknown("busy")
        assert bounded.refund(reserved()) == Refused("busy", retryable=True)
        stray = bounded.refund_stray("co_1", ticket_code=UUID(int=1))
        assert stray == Refused("busy", retryable=True)
        since = ManualClock().now()
        assert bounded.list_checkouts(since=since, after=None) == Unknown("busy")
    assert gateway.payable_for(reserved(2).ticket_code) == []


def test_openings_leave_room_for_looking_up() -> None:
    """And the other way round: neither kind takes the room of the other."""
    gateway = HangingGateway()
    bounded = BoundedGateway(gateway, opening=Room(1), others=Room(1))
    with hanging(gateway, lambda: opened(bounded)):
        assert bounded.close("co_none") == Missing()
    gateway.go_on.clear()
    with hanging(gateway, lambda: bounded.look_up("co_none")):
        assert bounded.objection(TOTAL) is None


def test_shared_room_is_the_control() -> None:
    """With one room for both, openings keep everybody else out: the test above would see it."""
    gateway = HangingGateway()
    shared = Room(1)
    bounded = BoundedGateway(gateway, opening=shared, others=shared)
    with hanging(gateway, lambda: opened(bounded)):
        assert bounded.close("co_none") == Unknown("busy")


def test_one_that_finds_no_room_waits_for_its_turn() -> None:
    """A few threads may wait, and are answered as soon as somebody has left."""
    gateway = HangingGateway()
    room = Room(8, patience=SOON)
    bounded = BoundedGateway(gateway, opening=room, others=Room(1))
    calls = [lambda number=number: opened(bounded, number) for number in range(1, 8)]
    with ThreadPoolExecutor(1) as pool, hanging(gateway, *calls):
        waiting = pool.submit(opened, bounded, 8)
        gateway.go_on.set()
        gateway.inside.wait(SOON)
        assert isinstance(waiting.result(SOON), Open)


def test_waiting_has_an_end() -> None:
    """Whoever waits for a gateway that hangs is refused when his patience is over."""
    gateway = HangingGateway()
    bounded = BoundedGateway(gateway, opening=Room(8, patience=0.01), others=Room(1))
    calls = [lambda number=number: opened(bounded, number) for number in range(1, 8)]
    with hanging(gateway, *calls):
        assert opened(bounded, 8) == Overloaded(RETRY_AFTER)


def test_whoever_is_in_the_room_stands_aside() -> None:
    """While he waits and while he calls; not if he is refused at the door."""
    gateway = HangingGateway()
    aside: list[str] = []

    @contextmanager
    def told() -> Iterator[None]:
        aside.append("goes")
        yield
        aside.append("comes")

    bounded = BoundedGateway(gateway, opening=Room(1, aside=told), others=Room(1))
    with hanging(gateway, lambda: opened(bounded)):
        assert aside == ["goes"]
        assert opened(bounded, 2) == Overloaded(RETRY_AFTER)
        assert aside == ["goes"]
    assert aside == ["goes", "comes"]


def test_a_call_that_fails_gives_its_room_back() -> None:
    """A bug in one call does not make the room smaller for ever."""

    class Broken(FakeGateway):
        def look_up(self, checkout_id: str) -> CheckoutState:
            """Fail at what is not a checkout."""
            if not checkout_id:
                raise ValueError(checkout_id)
            return super().look_up(checkout_id)

    bounded = BoundedGateway(Broken(clock=ManualClock()), opening=Room(1), others=Room(1))
    for _ in range(3):
        try:
            bounded.look_up("")
        except ValueError:
            continue
    assert bounded.look_up("co_none") == Missing()


def test_news_without_room_is_sent_again() -> None:
    """Reading some kinds asks the provider, so it shares the room of the other calls."""
    gateway = HangingGateway()
    room = Room(1)
    reader = BoundedNotificationReader(gateway, others=room)
    with hanging(gateway, lambda: reader.read(b"co_1", {})) as (first,):
        assert reader.read(b"co_2", {}) == Unknown("busy")
    assert first.result() == Hint("co_1")
    assert room.is_free()
