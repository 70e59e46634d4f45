"""Every request to Stripe asks for its turn, and what happens when there is none."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from attrs import define, field

from tests.integration.adapters.stripe_at_sandbox import OURS
from tests.support.sandbox import SandboxWorld, checked_sandbox
from ticketing_adapters.stripe_checkout import StripeCheckout, pacing
from ticketing_adapters.stripe_checkout.gateway import LONGEST_WAIT
from ticketing_adapters.stripe_checkout.pacing import OPEN, PacedClient, operation_of
from ticketing_adapters.system import SystemClock
from ticketing_core.errors import Overloaded, TotalTooLarge
from ticketing_core.money import Money
from ticketing_core.payment import Closed, Open, Paid, Unknown
from ticketing_core.ticket import Ticket, TicketStatus
from ticketing_service.sandbox import (
    RATE_LIMITED,
    Fault,
    RunningSandbox,
    WebhookEndpoint,
)

SECOND = timedelta(seconds=1)
TOTAL = Money(7500, "usd")
CREATES = "POST /v1/checkout/sessions"
LOOKS = "GET /v1/checkout/sessions/ID"
SECRET = "whsec_pacing"


@define
class Turns:
    """Notes who asks for a turn, and has so many of them."""

    left: int = 1000
    ahead: timedelta = timedelta(0)
    asked: list[str] = field(factory=list)
    longest: list[timedelta] = field(factory=list)

    def wait(self, operation: str, *, at_most: timedelta) -> timedelta | None:
        """See `Pace.wait`."""
        self.longest.append(at_most)
        if self.left == 0:
            return 7 * SECOND
        self.left -= 1
        self.asked.append(operation)
        return None

    def expected(self, operation: str) -> timedelta:
        """See `Pace.expected`."""
        return self.ahead if operation == OPEN else timedelta(0)


@pytest.fixture
def running() -> Iterator[RunningSandbox]:
    """Give a sandbox."""
    # Nobody listens: the events are read from the sandbox.
    with checked_sandbox(webhook=WebhookEndpoint("http://127.0.0.1:9/", SECRET)) as started:
        yield started


@pytest.fixture
def turns() -> Turns:
    """Give turns to all."""
    return Turns()


@pytest.fixture
def gateway(running: RunningSandbox, turns: Turns) -> StripeCheckout:
    """Give a gateway that asks for turns."""
    return StripeCheckout(
        secret_key="sk_test_any",
        frontend_url="http://localhost:5173",
        installation_id=OURS,
        api_base=running.url,
        answer_seconds=0.3,
        pace=turns,
    )


def reserved() -> Ticket:
    """Return a ticket without a checkout."""
    now = SystemClock().now()
    return Ticket(
        ticket_id=1,
        ticket_code=UUID(int=1, version=4),
        event_id=1,
        buyer="42",
        quantity=3,
        total=TOTAL,
        status=TicketStatus.RESERVED,
        created_at=now,
        held_until=now + timedelta(minutes=40),
    )


def opened(gateway: StripeCheckout) -> Open:
    """Open a checkout."""
    outcome = attempt(gateway)
    assert isinstance(outcome, Open)
    return outcome


def attempt(gateway: StripeCheckout) -> object:
    """Try to open a checkout."""
    ticket = reserved()
    assert ticket.held_until
    return gateway.open(ticket, event_name="Concert", ends_at=ticket.held_until)


def unasked(running: RunningSandbox, gateway: StripeCheckout, turns: Turns) -> list[str]:
    """Make every kind of request, some of them more than once; return those without a turn."""
    world = SandboxWorld(running.sandbox)
    running.sandbox.plan_fault(Fault(path="/v1/checkout/sessions", drop=True))
    checkout = opened(gateway).checkout
    world.pay(checkout.url)
    running.sandbox.plan_fault(Fault(path="/v1/checkout/sessions*", drop=True))
    seen = gateway.look_up(checkout.checkout_id)
    assert isinstance(seen, Paid)
    assert gateway.close(checkout.checkout_id) == seen
    world.dispute(checkout.checkout_id, 100)
    gateway.look_up(checkout.checkout_id)
    running.sandbox.plan_fault(Fault(path="/v1/refunds", error=RATE_LIMITED))
    for _ in range(2):
        gateway.refund(seen, key="refund:0")
    gateway.list_checkouts(since=SystemClock().now() - timedelta(hours=1), after=None)
    made = [operation_of(each.method, each.path) for each in running.sandbox.exchanges()]
    for operation in turns.asked:
        made.remove(operation)
    return made


def test_every_request_asks_for_a_turn(
    running: RunningSandbox, gateway: StripeCheckout, turns: Turns
) -> None:
    """Also the SDK's retries, and ours."""
    assert unasked(running, gateway, turns) == []
    assert len(set(turns.asked)) >= 6


def test_asking_once_for_all_tries_is_the_control(
    running: RunningSandbox,
    gateway: StripeCheckout,
    turns: Turns,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The retries would go beyond the limits: the test above would fail."""
    asks = PacedClient.request

    def once(client: PacedClient, *args: Any, **options: Any) -> Any:
        if pacing._call.may_have_acted:  # noqa: SLF001 - a client that knows its retries
            return super(PacedClient, client).request(*args, **options)
        return asks(client, *args, **options)

    monkeypatch.setattr(PacedClient, "request", once)
    assert unasked(running, gateway, turns)


def test_without_a_turn_nothing_is_sent(
    running: RunningSandbox, gateway: StripeCheckout, turns: Turns
) -> None:
    """Buyers who want to open a checkout hear how long to wait; for the rest nothing is known."""
    checkout = opened(gateway).checkout
    paid = Paid(ticket_code=UUID(int=1, version=4), payment_id="pi_1", total=TOTAL)
    turns.left, before = 0, len(running.sandbox.exchanges())
    assert attempt(gateway) == Overloaded(7 * SECOND)
    assert gateway.look_up(checkout.checkout_id) == Unknown("busy")
    assert gateway.close(checkout.checkout_id) == Unknown("busy")
    assert gateway.refund(paid, key="refund:0") == Unknown("busy")
    listed = gateway.list_checkouts(since=SystemClock().now(), after=None)
    assert isinstance(listed, Unknown)
    assert len(running.sandbox.exchanges()) == before
    turns.left = 1
    assert gateway.close(checkout.checkout_id) == Closed()


def test_without_a_turn_for_the_retry_nothing_is_known(
    running: RunningSandbox, gateway: StripeCheckout, turns: Turns
) -> None:
    """The first try may have opened a checkout, so it is not said that nothing was done."""
    turns.left = 1
    fault = Fault(path="/v1/checkout/sessions", drop=True, after_effect=True)
    running.sandbox.plan_fault(fault)
    assert attempt(gateway) == Unknown("no answer, and no time for another try")
    assert len(running.sandbox.sessions()) == 1


def test_without_a_turn_after_a_limit_nothing_was_done(
    running: RunningSandbox, gateway: StripeCheckout, turns: Turns
) -> None:
    """Stripe has refused the first try, so the buyer may simply come back."""
    turns.left = 1
    running.sandbox.plan_fault(Fault(path="/v1/checkout/sessions", error=RATE_LIMITED))
    assert attempt(gateway) == Overloaded(7 * SECOND)
    assert running.sandbox.sessions() == []


def test_a_call_ends_within_its_time(
    running: RunningSandbox, gateway: StripeCheckout, turns: Turns
) -> None:
    """Each try has only what the ones before have left to wait for."""
    running.sandbox.plan_fault(Fault(path="/v1/checkout/sessions", drop=True))
    opened(gateway)
    first, second = turns.longest
    assert timedelta(0) < second < first <= 16 * SECOND


def test_a_long_wait_is_an_objection(gateway: StripeCheckout, turns: Turns) -> None:
    """It is told before places are taken; what lasts is told first."""
    turns.ahead = LONGEST_WAIT
    assert gateway.objection(TOTAL) is None
    turns.ahead = LONGEST_WAIT + SECOND
    assert gateway.objection(TOTAL) == Overloaded(LONGEST_WAIT + SECOND)
    assert isinstance(gateway.objection(Money(10**12, "usd")), TotalTooLarge)


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("post", "/v1/checkout/sessions", CREATES),
        ("get", "/v1/checkout/sessions", "GET /v1/checkout/sessions"),
        ("get", "/v1/checkout/sessions/cs_test_a1?expand[]=x", LOOKS),
        ("post", "/v1/checkout/sessions/cs_live_1/expire", "POST /v1/checkout/sessions/ID/expire"),
        ("post", "/v1/refunds", "POST /v1/refunds"),
        ("get", "/v1/refunds/re_1", "GET /v1/refunds/ID"),
        ("get", "/v1/payment_intents/pi_1", "GET /v1/payment_intents/ID"),
        ("get", "/v1/disputes?payment_intent=pi_1", "GET /v1/disputes"),
        ("get", "/v1/events?limit=100", "GET /v1/events"),
    ],
)
def test_calls_are_counted_by_operation(method: str, path: str, operation: str) -> None:
    """All ids together, as Stripe counts them."""
    assert operation_of(method, f"https://api.stripe.com{path}") == operation
