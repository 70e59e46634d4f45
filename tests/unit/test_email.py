"""Controls: gateways and box offices that deal wrongly with the buyer's email address."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tests.unit.box_offices import BUYER, World
from ticketing_core import ToPay
from ticketing_core.errors import PaymentRefused
from ticketing_core.payment import OpenOutcome
from ticketing_core.ports import PaymentGateway
from ticketing_core.testing import FakeGateway, ManualClock, PaymentGatewayContract
from ticketing_core.testing.contracts import GatewayWorld
from ticketing_core.ticket import Ticket

EMAIL = "anna@example.com"


def test_the_email_reaches_the_page(world: World) -> None:
    """A retry with the same key returns the first purchase, whatever address it has."""
    event = world.event()
    for email in (EMAIL, "other@example.com", None):
        bought = world.office.purchase(
            event_id=event.event_id, quantity=1, buyer=BUYER, key="k", email=email
        )
        assert isinstance(bought, ToPay)
        assert world.gateway.email_on(bought.checkout_url) == EMAIL
    assert world.kept(event) == 1


class Forgets(FakeGateway):
    """Does not pass the address on."""

    def open(
        self, ticket: Ticket, *, event_name: str, ends_at: datetime, email: str | None = None
    ) -> OpenOutcome:
        """See `PaymentGateway.open`."""
        del email
        return super().open(ticket, event_name=event_name, ends_at=ends_at)


class Refuses(FakeGateway):
    """Lets an odd address stop the purchase."""

    def open(
        self, ticket: Ticket, *, event_name: str, ends_at: datetime, email: str | None = None
    ) -> OpenOutcome:
        """See `PaymentGateway.open`."""
        if email is not None and "@" not in email:
            return PaymentRefused("email_invalid", retryable=False)
        return super().open(ticket, event_name=event_name, ends_at=ends_at, email=email)


class OpensAnother(FakeGateway):
    """Takes the second of two equal calls for a new one."""

    def open(
        self, ticket: Ticket, *, event_name: str, ends_at: datetime, email: str | None = None
    ) -> OpenOutcome:
        """See `PaymentGateway.open`."""
        if email is not None:
            self._opened_with.clear()
        return super().open(ticket, event_name=event_name, ends_at=ends_at, email=email)


class Suite(PaymentGatewayContract):
    """The contract over one of the gateways."""

    def __init__(self, gateway: type[FakeGateway]) -> None:
        self.clock, self.gateway = ManualClock(), gateway

    def make_gateway(self) -> tuple[PaymentGateway, GatewayWorld]:
        """See the suite."""
        gateway = self.gateway(clock=self.clock)
        return gateway, gateway

    def now(self) -> datetime:
        """See the suite."""
        return self.clock.now()

    def advance(self, duration: timedelta) -> None:
        """See the suite."""
        self.clock.advance(duration)


FILLED_IN = PaymentGatewayContract.test_the_page_has_the_buyers_email_filled_in
ODD = PaymentGatewayContract.test_no_email_stops_a_checkout


@pytest.mark.parametrize(
    ("broken", "test"),
    [(Forgets, FILLED_IN), (Refuses, ODD), (OpensAnother, FILLED_IN), (OpensAnother, ODD)],
)
def test_control_a_broken_gateway_is_caught(
    broken: type[FakeGateway], test: Callable[[Suite], None]
) -> None:
    """The test passes for the whole gateway, and fails for the broken one."""
    test(Suite(FakeGateway))
    with pytest.raises(AssertionError):
        test(Suite(broken))


def test_control_a_forgotten_email_is_seen() -> None:
    """The first test above can fail."""
    with pytest.raises(AssertionError):
        test_the_email_reaches_the_page(World(gateway_class=Forgets))
