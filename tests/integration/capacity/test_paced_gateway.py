"""The paced gateway keeps the gateway contract, and never exceeds its calls per second."""

from datetime import datetime, timedelta

from ticketing_core.payment import Missing
from ticketing_core.ports import PaymentGateway
from ticketing_core.testing import FakeGateway, ManualClock, PaymentGatewayContract
from ticketing_core.testing.contracts import GatewayWorld
from ticketing_service.capacity.gateways import PacedGateway


class TestPacedGateway(PaymentGatewayContract):
    """It changes nothing but the timing."""

    def setup_method(self) -> None:
        """Make a clock for each test."""
        self.clock = ManualClock()

    def make_gateway(self) -> tuple[PaymentGateway, GatewayWorld]:
        """See the suite."""
        gateway = FakeGateway(clock=self.clock)
        return PacedGateway(gateway, clock=self.clock, calls_per_second=1000), gateway

    def now(self) -> datetime:
        """See the suite."""
        return self.clock.now()

    def advance(self, duration: timedelta) -> None:
        """See the suite."""
        self.clock.advance(duration)


def test_calls_in_a_row_take_their_time() -> None:
    """The first begins at once, each later one in a slot of its own."""
    clock = ManualClock()
    paced = PacedGateway(FakeGateway(clock=clock), clock=clock, calls_per_second=10)
    began = clock.now()
    for number in range(21):
        assert paced.look_up("co_1") == Missing()
        assert clock.now() - began == number * timedelta(milliseconds=100)


def test_unused_slots_are_lost() -> None:
    """After a pause the pace is the same: there is no burst."""
    clock = ManualClock()
    paced = PacedGateway(FakeGateway(clock=clock), clock=clock, calls_per_second=10)
    paced.look_up("co_1")
    clock.advance(timedelta(hours=1))
    began = clock.now()
    for _ in range(11):
        paced.look_up("co_1")
    assert clock.now() - began == timedelta(seconds=1)


def test_a_clock_that_is_set_back_blocks_no_call() -> None:
    """Calls do not wait for slots from before the change."""
    clock = ManualClock()
    paced = PacedGateway(FakeGateway(clock=clock), clock=clock, calls_per_second=10)
    paced.look_up("co_1")
    clock.advance(-timedelta(hours=1))
    began = clock.now()
    for _ in range(11):
        paced.look_up("co_1")
    assert clock.now() - began == timedelta(seconds=1)
