"""Calls of the payment provider: counted by what came of them, and its faults are told."""

import logging
from datetime import timedelta

import pytest

from tests.integration.observing.test_requests import counts
from ticketing_core.payment import BUSY, Open, Unknown
from ticketing_core.testing import FakeGateway, InMemoryEvents, InMemoryTickets, ManualClock
from ticketing_core.testing.contracts.examples import draft, held, stored_event
from ticketing_service.observing import gateways
from ticketing_service.observing.counted import CountedWarnings
from ticketing_service.observing.gateways import ObservedGateway
from ticketing_service.observing.metrics import Metrics


class Silent(FakeGateway):
    """Gives no answer to a look."""

    def look_up(self, checkout_id: str) -> Unknown:
        """See `PaymentGateway.look_up`."""
        return Unknown(f"silent on {checkout_id[:2]}")


class Full(FakeGateway):
    """Has no turn for a look."""

    def look_up(self, checkout_id: str) -> Unknown:
        """See `PaymentGateway.look_up`."""
        assert checkout_id
        return BUSY


class Broken(FakeGateway):
    """Has a bug."""

    def look_up(self, checkout_id: str) -> Unknown:
        """See `PaymentGateway.look_up`."""
        raise RuntimeError(checkout_id)


@pytest.fixture(autouse=True)
def _unlogged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the first fault of each test be the first of all."""
    monkeypatch.setattr(gateways, "_faults", CountedWarnings(logging.getLogger("faults"), "faults"))


def test_each_call_is_counted_by_its_outcome(caplog: pytest.LogCaptureFixture) -> None:
    """What the provider answers passes unchanged, and what is no fault is not told."""
    clock, events = ManualClock(), InMemoryEvents()
    metrics = Metrics()
    observed = ObservedGateway(FakeGateway(clock=clock), metrics)
    ticket = held(InMemoryTickets(events), draft(stored_event(events)))
    opened = observed.open(ticket, event_name="X", ends_at=clock.now() + timedelta(hours=1))
    assert isinstance(opened, Open)
    assert observed.look_up(opened.checkout.checkout_id) == opened
    observed.close(opened.checkout.checkout_id)
    assert counts(metrics) == {
        "ticketing_gateway_calls_total['open', 'open']": 1,
        "ticketing_gateway_calls_total['look_up', 'open']": 1,
        "ticketing_gateway_calls_total['close', 'closed']": 1,
    }
    assert caplog.messages == []


def test_a_fault_is_told_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    """One line for many."""
    metrics = Metrics()
    observed = ObservedGateway(Silent(clock=ManualClock()), metrics)
    for _ in range(2):
        observed.look_up("cs_1")
    assert counts(metrics) == {"ticketing_gateway_calls_total['look_up', 'unknown']": 2}
    assert caplog.messages == ["faults: 1, the last one because: look_up unknown: silent on cs"]


def test_a_call_that_was_not_made_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    """The provider has no part in it. The control is the test above: no answer is a fault."""
    metrics = Metrics()
    ObservedGateway(Full(clock=ManualClock()), metrics).look_up("cs_1")
    assert counts(metrics) == {"ticketing_gateway_calls_total['busy', 'look_up']": 1}
    assert caplog.messages == []


def test_a_bug_is_counted_and_passes() -> None:
    """It is an outcome like any other, and nobody swallows it."""
    metrics = Metrics()
    with pytest.raises(RuntimeError):
        ObservedGateway(Broken(clock=ManualClock()), metrics).look_up("cs_1")
    assert counts(metrics) == {"ticketing_gateway_calls_total['error', 'look_up']": 1}
