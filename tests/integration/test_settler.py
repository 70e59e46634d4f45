"""The jobs: one of many processes settles what is due, and one compares once a day."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.unit.box_offices import HOLD, World
from ticketing_adapters.jobs.settler import (
    BATCH,
    LEASE,
    READ_AGAIN,
    READ_EVERY,
    RECONCILE_AGAIN,
    Comparer,
    NewsReader,
    Settler,
    settle_all,
)
from ticketing_core import BackOffice, Ticket, TicketStatus
from ticketing_core.changes import Replaced, Stale
from ticketing_core.errors import GatewayUnavailable
from ticketing_core.payment import Missing
from ticketing_core.schedule import FIRST_LEASE
from ticketing_core.testing import Fault, InMemoryLeases, RefundStatus
from ticketing_core.use_cases.reserve import RESERVATION_WINDOW
from ticketing_core.use_cases.settle_due import Tally

DAY = timedelta(days=1)


@pytest.fixture
def world() -> World:
    """Give a seller without events."""
    return World()


def settlers(world: World, count: int) -> list[Settler]:
    """Return the settlers of so many processes, which share one store."""
    leases = InMemoryLeases()
    return [Settler(office=world.office, leases=leases) for _ in range(count)]


def comparers(world: World, count: int) -> list[Comparer]:
    """Return the comparers of so many processes, which share one store."""
    leases = InMemoryLeases()
    return [Comparer(office=world.office, leases=leases) for _ in range(count)]


def test_all_that_is_due_is_settled_batch_by_batch(world: World) -> None:
    """One run settles all of it, however much there is."""
    event = world.event(capacity=2 * BATCH)
    for number in range(BATCH + 1):
        world.office.reserve(event_id=event.event_id, quantity=1, buyer=f"buyer-{number}")
    world.clock.advance(HOLD)
    (settler,) = settlers(world, 1)
    settler.run_once()
    assert world.kept(event) == 0


def test_one_process_of_many_settles(world: World) -> None:
    """Another process settles only after the lease of the first has ended."""
    first, second = settlers(world, 2)
    event = world.event(capacity=100)
    for _ in range(2):
        world.office.reserve(event_id=event.event_id, quantity=1, buyer="42")
        world.clock.advance(timedelta(seconds=1))
    world.clock.advance(RESERVATION_WINDOW - timedelta(seconds=2))
    first.run_once()
    assert world.kept(event) == 1
    world.clock.advance(LEASE - timedelta(seconds=1))
    second.run_once()
    assert world.kept(event) == 1
    world.clock.advance(timedelta(seconds=1))
    second.run_once()
    assert world.kept(event) == 0


def kept_after_a_kill(world: World, *, lease: timedelta) -> int:
    """Let a process be killed while it settles a batch, and another one try when its claims end.

    Returns:
        The places that are still kept then.
    """
    event, leases = world.event(), InMemoryLeases()
    world.office.reserve(event_id=event.event_id, quantity=1, buyer="42")
    world.clock.advance(RESERVATION_WINDOW)
    now = world.clock.now()
    leases.acquire(Settler.name, holder="killed", now=now, lasting=lease)
    assert len(world.office.tickets.claim_due(now=now, limit=BATCH)) == 1
    world.clock.advance(FIRST_LEASE)
    Settler(office=world.office, leases=leases).run_once()
    return world.kept(event)


def test_a_killed_process_delays_settling_by_no_more_than_its_claims(world: World) -> None:
    """Its lease has ended before them."""
    assert kept_after_a_kill(world, lease=LEASE) == 0


def test_a_lease_that_outlives_the_claims_is_the_control(world: World) -> None:
    """Others would wait for the dead: the test above would fail."""
    assert kept_after_a_kill(world, lease=2 * FIRST_LEASE) == 1


class LostLeases(InMemoryLeases):
    """After each success the lease runs out, and another process takes it."""

    def acquire(
        self, name: str, *, holder: str, now: datetime, lasting: timedelta, **rest: Any
    ) -> bool:
        """See `Leases.acquire`."""
        success = super().acquire(name, holder=holder, now=now, lasting=lasting, **rest)
        if success:
            ended = now + lasting
            super().acquire(name, holder="another process", now=ended, lasting=timedelta(seconds=5))
        return success


def left_after_losing_the_lease(world: World, monkeypatch: pytest.MonkeyPatch) -> int:
    """Lose the lease in the first of three batches; return the places that are still kept."""
    monkeypatch.setattr("ticketing_adapters.jobs.settler.BATCH", 1)
    event = world.event()
    for _ in range(3):
        world.office.reserve(event_id=event.event_id, quantity=1, buyer="42")
    world.clock.advance(HOLD)
    Settler(office=world.office, leases=LostLeases()).run_once()
    return world.kept(event)


def test_each_batch_needs_the_lease(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that loses the lease during a batch leaves the other batches to its successor."""
    assert left_after_losing_the_lease(world, monkeypatch) == 2


def test_a_lease_for_the_whole_pass_is_the_control(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one lease for a pass both processes would settle: the test above would fail."""

    def settle_with_one_lease(
        office: BackOffice, *, may_go_on: Callable[[], bool]
    ) -> Iterator[Tally]:
        return settle_all(office) if may_go_on() else iter(())

    monkeypatch.setattr("ticketing_adapters.jobs.settler.settle_all", settle_with_one_lease)
    assert left_after_losing_the_lease(world, monkeypatch) == 0


def test_everything_is_compared_once_a_day(world: World) -> None:
    """Whichever process is first compares, and finds a payment without a notification."""
    first, second = comparers(world, 2)
    first.run_once()
    bought = world.paid(world.event())
    second.run_once()
    assert world.now(bought.ticket).status is TicketStatus.PAYING
    world.clock.advance(DAY)
    second.run_once()
    assert world.now(bought.ticket).status is TicketStatus.ISSUED


def test_a_failed_comparison_is_repeated_soon(world: World) -> None:
    """An outage at that moment does not leave a day of payments uncompared."""
    first, second = comparers(world, 2)
    ticket = world.issued(world.event())
    assert ticket.checkout is not None
    # Settling ignores issued tickets, so only a comparison finds this.
    world.gateway.give_back(ticket.checkout.checkout_id)
    world.gateway.fail_next("list_checkouts", Fault.BEFORE_EFFECT)
    with pytest.raises(GatewayUnavailable):
        first.run_once()
    second.run_once()
    assert world.now(ticket).status is TicketStatus.ISSUED
    world.clock.advance(RECONCILE_AGAIN)
    second.run_once()
    assert world.now(ticket).status is TicketStatus.REFUNDED


# --- reading news, and what the log says --------------------------------------------------------


def readers(world: World, count: int) -> list[NewsReader]:
    """Return the readers of so many processes, which share one store."""
    leases = InMemoryLeases()
    return [NewsReader(office=world.office, leases=leases) for _ in range(count)]


def refunded_by_hand(world: World) -> Ticket:
    """Return a ticket whose money went back at the gateway."""
    ticket = world.issued(world.event())
    assert ticket.checkout is not None
    world.gateway.give_back(ticket.checkout.checkout_id)
    return ticket


def test_news_is_read_once_an_hour(world: World) -> None:
    """By whichever process is first; settling looks at what was found."""
    first, second = readers(world, 2)
    (settler,) = settlers(world, 1)
    first.run_once()
    ticket = refunded_by_hand(world)
    second.run_once()
    settler.run_once()
    assert world.now(ticket).status is TicketStatus.ISSUED
    world.clock.advance(READ_EVERY)
    second.run_once()
    settler.run_once()
    assert world.now(ticket).status is TicketStatus.REFUNDED


def test_a_failed_reading_is_repeated_soon(world: World) -> None:
    """By any process. Nothing was lost."""
    first, second = readers(world, 2)
    ticket = refunded_by_hand(world)
    world.gateway.fail_next("list_news", Fault.BEFORE_EFFECT)
    with pytest.raises(GatewayUnavailable):
        first.run_once()
    world.clock.advance(READ_AGAIN)
    second.run_once()
    settlers(world, 1)[0].run_once()
    assert world.now(ticket).status is TicketStatus.REFUNDED


def test_a_fraud_warning_is_logged_with_what_to_do(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """A person decides."""
    (reader,) = readers(world, 1)
    reader.run_once()
    ticket = world.issued(world.event())
    assert ticket.checkout is not None
    world.gateway.warn_of_fraud(ticket.checkout.checkout_id)
    world.clock.advance(READ_EVERY)
    reader.run_once()
    assert f"`ticketing refund {ticket.ticket_id}` now avoids a dispute" in caplog.text


def test_a_refund_that_waits_for_a_person_is_logged_once_a_day(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """With what to do. One that is refused is only a warning."""
    ticket = world.issued(world.event())
    world.gateway.fail_next("refund", Fault.REFUSED)
    world.office.refund(ticket_id=ticket.ticket_id, by="organizer")
    world.gateway.refund_as(RefundStatus.FAILED)
    levels = []
    for _ in range(72):
        settlers(world, 1)[0].run_once()
        world.clock.advance(timedelta(hours=1))
        levels += [(each.levelname, each.getMessage()) for each in caplog.records]
        caplog.clear()
    told = f"`ticketing refund {ticket.ticket_id} --again`"
    errors = [message for level, message in levels if level == "ERROR"]
    assert {level for level, _ in levels} == {"WARNING", "ERROR"}
    assert len(errors) == 3
    assert all(told in message for message in errors)


def test_a_ticket_that_fails_is_logged_with_its_id(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug with its traceback; the others are settled."""
    event = world.event()
    for _ in range(2):
        world.office.reserve(event_id=event.event_id, quantity=1, buyer="42")
    replace = world.tickets.replace

    def fails(old: Ticket, new: Ticket, **rest: Any) -> Replaced | Stale:
        if old.ticket_id == 1:
            raise ValueError("the payment belongs to another ticket")
        return replace(old, new, **rest)

    monkeypatch.setattr(world.tickets, "replace", fails)
    world.clock.advance(HOLD)
    settlers(world, 1)[0].run_once()
    assert world.kept(event) == 1
    assert "ticket 1 failed" in caplog.text
    assert "Traceback" in caplog.text


def test_settling_notices_another_account(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """For `/readyz`: the hourly reading may be done by another process."""
    world.to_pay(world.event())
    world.clock.advance(DAY)
    (settler,) = settlers(world, 1)
    monkeypatch.setattr(world.gateway, "look_up", lambda _: Missing())
    settler.run_once()
    assert settler.provider.has_another_account
